//! Authentication by a secret (RFC 6749 §2.3.1): the encoded reading of Basic alone, and no other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_proto::form::{Form, decode};

use super::refused::Refused;
use crate::Received;
use crate::issuer::client::{Client, Transport};
use crate::issuer::state::State;

pub(super) fn by_basic(state: &State, line: &str) -> Result<Client, Refused> {
    let (id, secret) = basic(line).ok_or_else(Refused::client)?;
    check(state, &id, &secret, Transport::Basic)
}

pub(super) fn by_body(state: &State, received: &Received, form: &Form<'_>) -> Result<Client, Refused> {
    let transport =
        if received.media_type() == "application/json" { Transport::Json } else { Transport::Post };
    let (id, secret) = form.get("client_id").zip(form.get("client_secret")).ok_or_else(Refused::client)?;
    check(state, id, secret, transport)
}

fn check(state: &State, id: &str, secret: &str, transport: Transport) -> Result<Client, Refused> {
    let client = state.client(id).ok_or_else(Refused::client)?;
    let known = client.secrets.iter().any(|(known, by)| known == secret && *by == transport);
    known.then_some(client).ok_or_else(Refused::client)
}

/// Both halves, form-decoded; `None` when either is not form-encoded, as a reader by the letter has it.
fn basic(line: &str) -> Option<(String, String)> {
    let (scheme, encoded) = line.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(encoded).ok()?;
    let colon = pair.iter().position(|&byte| byte == b':')?;
    let (id, secret) = pair.split_at(colon);
    Some((half(id)?, half(secret.get(1..)?)?))
}

fn half(encoded: &[u8]) -> Option<String> {
    let is_encoded = |byte: &u8| byte.is_ascii_alphanumeric() || b"*-._~+%".contains(byte);
    let decoded = encoded.iter().all(is_encoded).then(|| decode(encoded).ok())??;
    Some(decoded.into_owned())
}
