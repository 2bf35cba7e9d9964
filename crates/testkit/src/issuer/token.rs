//! The token endpoint of an issuer (RFC 6749 §3.2, §4.4), as strict as an authorization server may be: what it takes
//! from a client, the strictest of other people's servers takes too.

mod assertion;
mod authn;
mod certificate;
mod grant;
mod mint;
mod proof;
pub(super) mod refused;
mod says;
mod secret;

use std::borrow::Cow;

use countersign_proto::form::Form;
use countersign_proto::jose::json::{self, Limits};
use serde_json::Value;

use super::Reply;
use super::client::Transport;
use super::state::State;
use crate::Received;
pub(super) use authn::authenticate;
use refused::Refused;
pub(super) use says::Says;

pub(super) fn answer(state: &State, received: &Received) -> Reply {
    let reply = issue(state, received).unwrap_or_else(|refused| refused.reply(received));
    reply.header("cache-control", "no-store").header("pragma", "no-cache")
}

fn issue(state: &State, received: &Received) -> Result<Reply, Refused> {
    if received.query() != state.place.token_query.as_deref() {
        return Err(Refused::request("the query is not that of the token endpoint"));
    }
    let form = parameters(state, received)?;
    let client = authenticate(state, received, &form)?;
    let granted = grant::decide(&client, &form)?;
    let jkt = proof::check(state, received, &client)?;
    let x5t = certificate::binding(received, &client)?;
    Ok(mint::reply(state, &mint::Granted { jkt, x5t, ..granted }))
}

/// The parameters of a request: a form, or a JSON object where the client is registered for that.
pub(super) fn parameters<'r>(state: &State, received: &'r Received) -> Result<Form<'r>, Refused> {
    let form = match &*received.media_type() {
        "application/x-www-form-urlencoded" => {
            Form::parse(&received.body).map_err(|error| Refused::request(&error.to_string()))?
        }
        "application/json" => {
            let form = members(&received.body)?;
            let known = form.get("client_id").is_some_and(|id| state.takes(id, Transport::Json));
            known.then_some(form).ok_or(Refused::request("this client does not send JSON"))?
        }
        _ => return Err(Refused::request("the body is no form")),
    };
    match form.repeated() {
        Some(name) => Err(Refused::request(&format!("{name} stands more than once"))),
        None => Ok(form),
    }
}

/// The members of a JSON object, each a string, as parameters.
fn members(body: &[u8]) -> Result<Form<'static>, Refused> {
    let members = json::object(body, LIMITS).map_err(|error| Refused::request(&error.to_string()))?;
    let mut pairs = Vec::new();
    for (name, value) in members {
        let Value::String(value) = value else { return Err(Refused::request("a member is no string")) };
        pairs.push((Cow::Owned(name), Cow::Owned(value)));
    }
    Form::from_pairs(pairs).map_err(|error| Refused::request(&error.to_string()))
}

const LIMITS: Limits = Limits { bytes: 16 << 10, depth: 8 };
