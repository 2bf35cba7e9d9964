//! Whom a client believes: the platform's authorities, and those of one more file; and what it shows of itself.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::Verifier;
use zeroize::Zeroizing;

/// TLS 1.3 and 1.2, verified against the platform's authorities and those in `ca_file`.
///
/// # Errors
/// [`TrustError`], when the file cannot be read or holds no certificate.
pub fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, TrustError> {
    tls_showing(ca_file, None)
}

/// As [`tls`], with a certificate for servers that ask for one.
pub(crate) fn tls_showing(
    ca_file: Option<&Path>,
    shown: Option<&ClientCertificate>,
) -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = ca_file.map(authorities).transpose()?.unwrap_or_default();
    let verifier = Arc::new(Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous() // so is called what takes a verifier; this one is the platform's own
        .with_custom_certificate_verifier(verifier);
    match shown {
        None => Ok(config.with_no_client_auth()),
        Some(files) => {
            let (chain, key) = files.read()?;
            let config = config.with_client_auth_cert(chain, key);
            config.map_err(|error| {
                ClientCertificate::wrong(&files.key, format!("does not fit to the certificate: {error}"))
            })
        }
    }
}

/// A client's certificate by its PEM files, each of at most 64 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain, the client's own certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1, unencrypted.
    pub key: PathBuf,
}

impl ClientCertificate {
    fn read(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TrustError> {
        let pem = Self::pem(&self.certificate)?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| Self::wrong(&self.certificate, "holds no PEM certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&Self::pem(&self.key)?);
        let key =
            key.map_err(|_| Self::wrong(&self.key, "holds no private key in PEM that is not encrypted"))?;
        Ok((chain, key))
    }

    fn pem(path: &Path) -> Result<Zeroizing<Vec<u8>>, TrustError> {
        let mut pem = Zeroizing::new(Vec::new());
        let read = File::open(path).and_then(|file| file.take(MAX_SHOWN).read_to_end(&mut pem));
        read.map_err(|error| Self::wrong(path, format!("cannot be read: {error}")))?;
        Ok(pem)
    }

    fn wrong(path: &Path, why: impl Into<String>) -> TrustError {
        TrustError::Certificate { path: path.to_owned(), why: why.into() }
    }
}

/// TLS that trusts nobody: for what calls plain HTTP alone, and is of one type with what does not.
///
/// # Errors
/// [`TrustError::Tls`], never in practice.
pub fn without_tls() -> Result<ClientConfig, TrustError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Why TLS cannot be set up; the text names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file of authorities cannot be read.
    #[error("cannot read the file of authorities {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no PEM certificate: it needs those of the authorities to trust", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The client's own certificate or its key cannot be used.
    #[error("the client certificate: {} {why}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The TLS library refused.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

impl TrustError {
    /// The setting that is to be changed.
    pub(crate) const fn setting(&self) -> &'static str {
        match self {
            Self::Certificate { .. } => "client_certificate",
            Self::Read { .. } | Self::Empty { .. } | Self::Tls(_) => "ca_file",
        }
    }
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let read = || {
        let mut pem = Vec::new();
        File::open(path)?.take(MAX_FILE).read_to_end(&mut pem)?;
        Ok(pem)
    };
    let pem = read().map_err(|source| TrustError::Read { path: path.to_owned(), source })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(roots) if !roots.is_empty() => Ok(roots),
        _ => Err(TrustError::Empty { path: path.to_owned() }),
    }
}

/// All authorities of a system's bundle fit.
const MAX_FILE: u64 = 4 << 20;
const MAX_SHOWN: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(matches!(tls(Some(&path)), Err(TrustError::Read { .. })));
        std::fs::write(&path, "nothing").unwrap();
        let text = tls(Some(&path)).unwrap_err().to_string();
        assert!(text.contains("ca.pem"), "{text}");
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").unwrap();
        assert!(matches!(tls(Some(&path)), Err(TrustError::Empty { .. })));
    }
}
