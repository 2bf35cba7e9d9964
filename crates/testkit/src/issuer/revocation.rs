//! The revocation endpoint of an issuer (RFC 7009): clients authenticate as at the token endpoint, and a revoked token
//! is not active when it is introspected.

use super::Reply;
use super::state::State;
use super::token::{authenticate, parameters, refused::Refused};
use crate::Received;

pub(super) fn answer(state: &State, received: &Received) -> Reply {
    match revoke(state, received) {
        Ok(()) => Reply::status(200),
        Err(refused) => refused.reply(received),
    }
}

fn revoke(state: &State, received: &Received) -> Result<(), Refused> {
    let form = parameters(state, received)?;
    authenticate(state, received, &form)?;
    let token = form.get("token").ok_or(Refused::request("token is missing"))?;
    state.active.lock().expect("no test panicked here").remove(token.as_ref());
    Ok(())
}
