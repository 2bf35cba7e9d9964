//! Certificate and key as PEM files: read, checked, and recognised when they change.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Where a certificate chain and its private key lie, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The server's certificate first, then what signed it, without the root (RFC 8446 section 4.4.2).
    pub cert: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// Why TLS cannot be served; the text names the file and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}; check the path and that this user may read it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}; check that its folder exists and that this user may write there", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No certificate or key is that large.
    #[error("{} is larger than 1 MiB: this is no PEM file of a certificate or key", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// No certificate in the file of the certificate.
    #[error(
        "no certificate found in {}: it must hold `-----BEGIN CERTIFICATE-----`; a DER file is converted \
         by `openssl x509 -inform der`",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key in the file of the key.
    #[error(
        "no private key found in {}: it must hold `-----BEGIN PRIVATE KEY-----` (or RSA or EC PRIVATE KEY)",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The private key needs a passphrase, and nobody is there to type it.
    #[error("the private key in {} is encrypted: store it without a passphrase, by `openssl pkey`, mode 0600", path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The two files are each good, but not of one another.
    #[error("the private key in {} does not belong to the certificate in {}: replace both together", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The files hold something that TLS cannot use.
    #[error("cannot use the certificate in {} with the key in {}: {source}", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What TLS said.
        source: rustls::Error,
    },
    /// A name that a certificate cannot carry.
    #[error("`{0}` is neither a DNS name nor an IP address")]
    Name(String),
    /// A certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The cryptographic library refused.
    #[error("cannot set up TLS: {0}")]
    Provider(rustls::Error),
}

/// What the file system tells about both files without reading them; equal as long as nobody replaced them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([Option<Mark>; 2]);

#[derive(Debug, PartialEq, Eq)]
struct Mark {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Files {
    pub(super) fn read(&self, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
        let chain = self.chain()?;
        let key = self.private_key()?;
        CertifiedKey::from_der(chain, key, provider).map_err(|source| {
            let (cert, key) = (self.cert.clone(), self.key.clone());
            match source {
                rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { cert, key },
                source => TlsError::Unusable { cert, key, source },
            }
        })
    }

    pub(super) fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let none = || TlsError::NoCertificate { path: self.cert.clone() };
        let pem = read_capped(&self.cert)?;
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| none())?;
        if chain.is_empty() { Err(none()) } else { Ok(chain) }
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = self.key.clone();
        let pem = read_capped(&self.key)?;
        if contains(&pem, b"ENCRYPTED") {
            return Err(TlsError::EncryptedKey { path });
        }
        PrivateKeyDer::from_pem_slice(&pem).map_err(|_| TlsError::NoKey { path })
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint([mark(&self.cert), mark(&self.key)])
    }
}

/// Reads a file, but never more of it than any PEM file needs.
pub(super) fn read_capped(path: &Path) -> Result<Vec<u8>, TlsError> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(TlsError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Follows symbolic links, so that a mount which swaps a link (as Kubernetes does) shows as a change.
fn mark(path: &Path) -> Option<Mark> {
    let meta = fs::metadata(path).ok()?;
    Some(Mark { modified: meta.modified().ok(), length: meta.len(), inode: inode(&meta) })
}

#[cfg(unix)]
fn inode(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

const MAX_FILE: u64 = 1 << 20;
