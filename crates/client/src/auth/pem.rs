//! Private keys in PEM: unencrypted PKCS#8 is read, and of what else there is, the error says how to convert it.

use std::path::Path;

use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

/// The PKCS#8 key in a PEM file (RFC 5958, RFC 7468 §10).
///
/// # Errors
/// What is there instead, and the command that converts it.
pub(super) fn pkcs8(pem: &str, path: &Path) -> Result<PrivatePkcs8KeyDer<'static>, String> {
    let labels =
        || pem.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----"));
    match labels().find(|label| label.ends_with("PRIVATE KEY")) {
        Some("PRIVATE KEY") => PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| "is no PEM: the key in it is cut or changed".to_owned()),
        Some("OPENSSH PRIVATE KEY") => Err(format!(
            "holds a key in OpenSSH's form; convert a copy of it: ssh-keygen -p -m PKCS8 -N '' -f {}",
            path.display()
        )),
        Some(label) => {
            let kind = match label {
                "ENCRYPTED PRIVATE KEY" => "an encrypted key",
                "RSA PRIVATE KEY" => "a key in PKCS#1",
                "EC PRIVATE KEY" => "a key in SEC1",
                _ => "a key in another form than PKCS#8",
            };
            Err(format!("holds {kind}; convert it: openssl pkey -in {0} -out {0}.pkcs8", path.display()))
        }
        None => Err("holds no private key in PEM (-----BEGIN PRIVATE KEY-----)".to_owned()),
    }
}
