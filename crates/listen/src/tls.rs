//! TLS for a listener: 1.3 and 1.2 with forward secrecy and authenticated ciphers only, a certificate that may change
//! while we serve, and for development a certificate that needs no authority.

mod ask;
pub mod dev;
mod files;
mod offer;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

pub use files::{Files, TlsError};
pub use offer::provider;

use files::Fingerprint;

/// A certificate with its key, ready to serve; clones share it.
#[derive(Clone, Debug)]
pub struct Tls {
    pair: Arc<Pair>,
    config: Arc<ServerConfig>,
}

/// What looking at the files again brought.
#[derive(Debug)]
pub enum Reload {
    /// The files are as they were when they were last looked at.
    Unchanged,
    /// New handshakes get the new certificate.
    Reloaded,
    /// The new files cannot be used; the certificate from before stays. Told once for each state of the files.
    Refused(TlsError),
}

/// The files, and what of them is in use.
#[derive(Debug)]
struct Pair {
    files: Files,
    current: Arc<Current>,
    seen: Mutex<Fingerprint>,
}

/// The certificate that a handshake gets.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl Tls {
    /// Loads certificate and key, and checks that they belong together.
    ///
    /// Does not check: whether the certificate has expired, is trusted by anyone, or names this host.
    ///
    /// # Errors
    /// A [`TlsError`] that names the file and says what to do.
    pub fn load(files: Files) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        // before reading, so that a change while we read shows as one afterwards
        let seen = files.fingerprint();
        let current = Arc::new(Current(ArcSwap::from_pointee(files.read(&provider)?)));
        let config = Arc::new(offer::config(provider, Arc::clone(&current) as _)?);
        let pair = Arc::new(Pair { files, current, seen: Mutex::new(seen) });
        Ok(Self { pair, config })
    }

    /// The same, but callers are asked for a certificate and let in without one; who sends one must prove that it
    /// holds the key. A request's extensions then hold a [`PeerCertificate`](crate::PeerCertificate). Sessions are
    /// not resumed, so that this proof is made anew on every connection (RFC 8705 section 3).
    ///
    /// Does not check: who signed the certificate, its validity, revocation or usage; a bound token needs none of
    /// them, and who takes a certificate as authentication must do so itself (RFC 8705 section 2).
    ///
    /// # Errors
    /// [`TlsError::Provider`].
    pub fn asking_for_client_certificates(self) -> Result<Self, TlsError> {
        let provider = Arc::clone(self.config.crypto_provider());
        let config = Arc::new(offer::asking(provider, Arc::clone(&self.pair.current) as _)?);
        Ok(Self { config, ..self })
    }

    /// Looks at the files and takes up a new pair; a pair that cannot be used leaves the old one in place. A serving
    /// listener does this each second. Blocks on the file system.
    pub fn reload_if_changed(&self) -> Reload {
        let Pair { files, current, seen } = &*self.pair;
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = files.fingerprint();
        if now == *seen {
            return Reload::Unchanged;
        }
        // remembered even when it is refused: the same broken pair is not worth a second word
        *seen = now;
        match files.read(self.config.crypto_provider()) {
            Ok(pair) => {
                current.0.store(Arc::new(pair));
                tracing::info!(cert = %files.cert.display(), "certificate reloaded");
                Reload::Reloaded
            }
            Err(error) => {
                tracing::error!(error = %error, "certificate not reloaded; the one from before stays in use");
                Reload::Refused(error)
            }
        }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pair() -> (String, String) {
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    fn written(folder: &std::path::Path, cert: &str, key: &str) -> Files {
        let files = Files { cert: folder.join("cert.pem"), key: folder.join("key.pem") };
        fs::write(&files.cert, cert).unwrap();
        fs::write(&files.key, key).unwrap();
        files
    }

    fn leaf(tls: &Tls) -> Vec<u8> {
        tls.pair.current.0.load().cert[0].to_vec()
    }

    /// Replaces a file as a careful operator does, so that it is another inode.
    fn replace(path: &std::path::Path, text: &str) {
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(beside, path).unwrap();
    }

    #[test]
    fn a_changed_pair_is_taken_up_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = pair();
        let files = written(folder.path(), &cert, &key);
        let tls = Tls::load(files.clone()).unwrap();
        let first = leaf(&tls);
        assert!(matches!(tls.reload_if_changed(), Reload::Unchanged));

        // half of a new pair: the certificate is there, its key not yet
        let (new_cert, new_key) = pair();
        replace(&files.cert, &new_cert);
        assert!(matches!(tls.reload_if_changed(), Reload::Refused(TlsError::Mismatch { .. })));
        assert_eq!(leaf(&tls), first);
        assert!(matches!(tls.reload_if_changed(), Reload::Unchanged), "told once");

        replace(&files.key, &new_key);
        assert!(matches!(tls.reload_if_changed(), Reload::Reloaded));
        assert_ne!(leaf(&tls), first);

        fs::remove_file(&files.cert).unwrap();
        assert!(matches!(tls.reload_if_changed(), Reload::Refused(TlsError::Read { .. })));
        assert_ne!(leaf(&tls), first);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, key) = pair();
        let (_, other_key) = pair();
        let error = |cert: &str, key: &str| {
            let files = written(folder.path(), cert, key);
            Tls::load(files).unwrap_err()
        };
        let text = error(&cert, &other_key).to_string();
        assert!(text.contains("cert.pem") && text.contains("key.pem"), "{text}");
        assert!(matches!(error(&key, &key), TlsError::NoCertificate { .. }));
        assert!(matches!(error(&cert, &cert), TlsError::NoKey { .. }));
        assert!(matches!(error("", ""), TlsError::NoCertificate { .. }));
        let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(matches!(error(&cert, sealed), TlsError::EncryptedKey { .. }));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(error(garbage, &key), TlsError::Unusable { .. }));
        let huge = "x".repeat(2 << 20);
        assert!(matches!(error(&huge, &key), TlsError::TooLarge { .. }));
    }
}
