//! DPoP at the token endpoint (RFC 9449 §5, §8): the key that a token is to be bound to, and the nonce.

use countersign_proto::jose::dpop::{Expected, Htu, verify_proof};

use super::refused::Refused;
use crate::Received;
use crate::issuer::Document;
use crate::issuer::client::Client;
use crate::issuer::state::State;

/// The thumbprint of the key of the request's proof, where there is one.
pub(super) fn check(state: &State, received: &Received, client: &Client) -> Result<Option<String>, Refused> {
    let refused = |why: &str| Err(Refused::new("invalid_dpop_proof", why));
    let proof = match *received.lines("dpop") {
        [] if client.must_use_dpop => return refused("this client must send a DPoP proof"),
        [] => return Ok(None),
        [proof] => proof,
        _ => return refused("more than one DPoP header"),
    };
    // The door decides: a proof for the one is not good at the other (T-9449-02).
    let target = if received.path() == state.mtls_path() {
        state.mtls_url().unwrap_or_default()
    } else {
        state.url(Document::Token)
    };
    let targets = [Htu::parse(&target).expect("our own URL")];
    let expected = Expected::at_token_endpoint("POST", &targets, state.now().0);
    let proof = match verify_proof(proof, &expected) {
        Ok(proof) => proof,
        Err(error) => return refused(&error.to_string()),
    };
    if !state.nonces.accept(proof.nonce()) {
        return Err(Refused::nonce(state.nonces.hand_out()));
    }
    let jkt = proof.thumbprint().to_string();
    if !state.is_first_use(&jkt, proof.jti()) {
        return refused("the proof was used before");
    }
    Ok(Some(jkt))
}
