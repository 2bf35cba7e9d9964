//! A self-signed certificate around an RSA key: what Keycloak's and Auth0's JWKS carry as `x5c`.
//!
//! It says nothing that the key does not say; it is there for verifiers that read their key out of it.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256};

/// The certificate in DER, or `None` when the library cannot make it.
pub(super) fn self_signed(pkcs8: &[u8], name: &str) -> Option<Vec<u8>> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).ok()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Some(params.self_signed(&key).ok()?.der().to_vec())
}
