//! The client credentials grant (RFC 6749 §4.4): the client asks on its own behalf; there is never a refresh token.

use countersign_proto::token::{CLIENT_CREDENTIALS, TokenRequest};

use crate::authn::AuthenticatedClient;
use crate::policy::{Decision, Rules, decide as by_policy};
use crate::refusal::Refusal;

/// Its name on the wire.
pub(crate) const GRANT_TYPE: &str = CLIENT_CREDENTIALS;

/// Decides what the client gets.
pub(crate) fn decide(
    client: AuthenticatedClient,
    request: &TokenRequest<'_>,
    rules: Rules,
) -> Result<Decision, Refusal> {
    by_policy(client, request, rules)
}
