//! Certificates at the token endpoint: as authentication (RFC 8705 §2), and to bind a token to (§3).

use countersign_proto::form::Form;
use countersign_proto::jose::CertificateThumbprint;

use super::refused::Refused;
use crate::Received;
use crate::issuer::client::{Certificate, Client};
use crate::issuer::state::State;

/// Authenticates who shows nothing but a `client_id` and the certificate of this connection.
pub(super) fn check(state: &State, received: &Received, form: &Form<'_>) -> Result<Client, Refused> {
    let client = form.get("client_id").and_then(|id| state.client(id)).ok_or_else(Refused::client)?;
    let leaf = received.certificate().ok_or_else(Refused::client)?;
    let fits = |registered: &Certificate| match registered {
        Certificate::Exactly(der) => der == leaf,
        Certificate::Of(authority, name) => authority.vouches(&received.chain, name, state.now()),
    };
    if client.certificates.iter().any(fits) { Ok(client) } else { Err(Refused::client()) }
}

/// The thumbprint of the certificate that a token is to be bound to: whoever shows one gets a bound token.
pub(super) fn binding(received: &Received, client: &Client) -> Result<Option<String>, Refused> {
    match received.certificate() {
        None if client.must_use_mtls => Err(Refused::request("this client must show a certificate")),
        shown => Ok(shown.map(|der| CertificateThumbprint::of_der(der).to_string())),
    }
}
