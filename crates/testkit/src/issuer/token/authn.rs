//! Who asks: exactly one way of authentication, and one that is registered (RFC 6749 §2.3).

use countersign_proto::form::Form;

use super::refused::Refused;
use super::{assertion, certificate, secret};
use crate::Received;
use crate::issuer::client::Client;
use crate::issuer::state::State;

pub(in crate::issuer) fn authenticate(
    state: &State,
    received: &Received,
    form: &Form<'_>,
) -> Result<Client, Refused> {
    let authorization = received.lines("authorization");
    let has = |name: &str| form.get(name).is_some();
    let (secret, assertion) = (has("client_secret"), has("client_assertion") || has("client_assertion_type"));
    let client = match (&*authorization, secret, assertion) {
        ([line], false, false) => secret::by_basic(state, line)?,
        ([], true, false) => secret::by_body(state, received, form)?,
        ([], false, true) => assertion::check(state, form)?,
        ([], false, false) => certificate::check(state, received, form)?,
        _ => return Err(Refused::request("more than one way of client authentication")),
    };
    match form.get("client_id") {
        Some(id) if *id != client.id => Err(Refused::request("client_id is another client's")),
        _ => Ok(client),
    }
}
