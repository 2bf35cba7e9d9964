//! Client certificates from outside: asked for, never demanded, and worth nothing without their key.

use std::fs;
use std::sync::Arc;

use countersign_listen::Limits;
use countersign_listen::tls::{self, Reload};
use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm, date_time_ymd};
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::harness::Running;
use crate::tls::{Dev, connect, dev};

/// What a client presents, whether or not certificate and key belong together.
#[derive(Debug)]
struct Presents(Arc<CertifiedKey>);

impl ResolvesClientCert for Presents {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        // a client that picks by authority would find none for a self-signed certificate
        hints.is_empty().then(|| Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// A server that asks, and callers who trust it.
struct Asking {
    fixture: Dev,
    server: Running,
}

impl Asking {
    fn start() -> Self {
        let fixture = dev();
        let tls = fixture.tls.clone().asking_for_client_certificates().unwrap();
        Self { server: Running::start(Limits::default(), Some(tls)), fixture }
    }

    fn config(&self, version: &'static SupportedProtocolVersion, presents: Option<Presents>) -> ClientConfig {
        let mut config = self.fixture.config(&[version]);
        if let Some(presents) = presents {
            config.client_auth_cert_resolver = Arc::new(presents);
        }
        config
    }

    async fn seen(&self, config: &Arc<ClientConfig>) -> (String, HandshakeKind) {
        seen(&self.server, config).await
    }

    /// Makes sure that a caller does not get as far as a request.
    async fn is_refused(&self, config: ClientConfig) {
        let failures = self.server.stats.read().handshake_failures;
        let requests = self.server.stats.read().requests;
        // in TLS 1.3 the client is done before the server has judged its certificate
        let _unheard = connect(&self.server, Arc::new(config), "localhost").await;
        self.server.until(|c| c.handshake_failures == failures + 1 && c.open == 0).await;
        assert_eq!(self.server.stats.read().requests, requests);
    }
}

/// What a service sees of a caller, and how the handshake went.
async fn seen(server: &Running, config: &Arc<ClientConfig>) -> (String, HandshakeKind) {
    let mut peer = connect(server, Arc::clone(config), "localhost").await.unwrap();
    let head = peer.say(GET).await.until("\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    (peer.until(".").await, peer.0.get_ref().1.handshake_kind().unwrap())
}

fn key(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

fn self_signed(key: &KeyPair) -> CertificateDer<'static> {
    let params = CertificateParams::new(["client.example".to_owned()]).unwrap();
    params.self_signed(key).unwrap().der().clone()
}

fn presents(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Presents {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = tls::provider().key_provider.load_private_key(key).unwrap();
    Presents(Arc::new(CertifiedKey::new(chain, key)))
}

fn said(certificate: &CertificateDer<'_>) -> String {
    format!("certificate {:x?}.", certificate.as_ref())
}

const GET: &str = "GET /certificate HTTP/1.1\r\nHost: a\r\n\r\n";
const NONE: &str = "no certificate.";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// T-8705-03, T-8705-05: a certificate is asked for and never demanded.
#[tokio::test]
async fn who_sends_no_certificate_is_served() {
    let asking = Asking::start();
    for version in VERSIONS {
        let config = Arc::new(asking.config(version, None));
        assert_eq!(asking.seen(&config).await.0, NONE);
    }
}

/// T-8705-03, T-8705-04: for binding any certificate serves, without a chain check, and the service sees that of this
/// connection, byte for byte.
#[tokio::test]
async fn any_certificate_is_taken_whoever_signed_it() {
    let asking = Asking::start();
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        let key = key(algorithm);
        let certificate = self_signed(&key);
        for version in VERSIONS {
            let presented = presents(vec![certificate.clone()], &key);
            let config = Arc::new(asking.config(version, Some(presented)));
            assert_eq!(asking.seen(&config).await.0, said(&certificate), "{algorithm:?} {version:?}");
        }
    }

    // long expired, and above it a certificate that has nothing to do with it
    let (own, other) = (key(&rcgen::PKCS_ECDSA_P256_SHA256), key(&rcgen::PKCS_ECDSA_P256_SHA256));
    let mut params = CertificateParams::new(["client.example".to_owned()]).unwrap();
    params.not_after = date_time_ymd(2001, 1, 1);
    let expired = params.self_signed(&own).unwrap().der().clone();
    let config = asking.config(&TLS13, Some(presents(vec![expired.clone(), self_signed(&other)], &own)));
    assert_eq!(asking.seen(&Arc::new(config)).await.0, said(&expired));
}

/// T-8705-07: a certificate is public, its key is not; who lacks the key is turned away in the handshake.
#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let asking = Asking::start();
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_RSA_SHA256] {
        let (victim, thief) = (key(algorithm), key(algorithm));
        for version in VERSIONS {
            let stolen = presents(vec![self_signed(&victim)], &thief);
            asking.is_refused(asking.config(version, Some(stolen))).await;
        }
    }
    // a key of another kind than the certificate says
    let (victim, thief) = (key(&rcgen::PKCS_RSA_SHA256), key(&rcgen::PKCS_ECDSA_P256_SHA256));
    asking.is_refused(asking.config(&TLS13, Some(presents(vec![self_signed(&victim)], &thief)))).await;
}

#[tokio::test]
async fn what_is_no_certificate_or_too_much_of_it_is_refused() {
    let asking = Asking::start();
    let own = key(&rcgen::PKCS_ECDSA_P256_SHA256);
    let certificate = self_signed(&own);
    let mut trailing = certificate.to_vec();
    trailing.push(0);
    let hostile = [
        vec![CertificateDer::from(b"\x30\x03\x02\x01\x01".to_vec())],
        vec![CertificateDer::from(vec![0x30])],
        vec![CertificateDer::from(certificate[..certificate.len() - 1].to_vec())],
        vec![CertificateDer::from(trailing)],
        vec![certificate.clone(); 11],
        vec![certificate.clone(), CertificateDer::from(vec![0; 16 * 1024])],
    ];
    for chain in hostile {
        for version in VERSIONS {
            let presented = presents(chain.clone(), &own);
            asking.is_refused(asking.config(version, Some(presented))).await;
        }
    }
    // the bounds are where they are said to be, and nobody was harmed
    let presented = presents(vec![certificate.clone(); 10], &own);
    let config = Arc::new(asking.config(&TLS13, Some(presented)));
    assert_eq!(asking.seen(&config).await.0, said(&certificate));
}

/// T-8705-04: the certificate is that of this connection: its key is used again on each, never remembered.
#[tokio::test]
async fn sessions_are_not_resumed_where_certificates_are_asked_for() {
    let asking = Asking::start();
    let own = key(&rcgen::PKCS_ECDSA_P256_SHA256);
    let certificate = self_signed(&own);
    for version in VERSIONS {
        let config = Arc::new(asking.config(version, Some(presents(vec![certificate.clone()], &own))));
        for _ in 0..2 {
            assert_eq!(asking.seen(&config).await, (said(&certificate), HandshakeKind::Full));
        }
        let config = Arc::new(asking.config(version, None));
        for _ in 0..2 {
            assert_eq!(asking.seen(&config).await, (NONE.to_owned(), HandshakeKind::Full));
        }
    }
}

/// T-8705-04, T-8705-07: a session begun where nobody asks is no way around the proof where somebody does.
#[tokio::test]
async fn a_session_from_a_listener_that_does_not_ask_is_not_resumed() {
    let asking = Asking::start();
    let silent = Running::start(Limits::default(), Some(asking.fixture.tls.clone()));
    let own = key(&rcgen::PKCS_ECDSA_P256_SHA256);
    let certificate = self_signed(&own);
    for version in VERSIONS {
        let config = Arc::new(asking.config(version, Some(presents(vec![certificate.clone()], &own))));
        assert_eq!(seen(&silent, &config).await, (NONE.to_owned(), HandshakeKind::Full));
        assert_eq!(seen(&silent, &config).await, (NONE.to_owned(), HandshakeKind::Resumed));
        assert_eq!(asking.seen(&config).await, (said(&certificate), HandshakeKind::Full));
    }
}

#[tokio::test]
async fn a_changed_certificate_of_the_server_is_taken_up_where_it_asks() {
    let fixture = dev();
    let tls = fixture.tls.clone().asking_for_client_certificates().unwrap();
    let server = Running::start(Limits::default(), Some(tls.clone()));
    let other = dev();
    fs::copy(&other.files.key, &fixture.files.key).unwrap();
    fs::copy(&other.files.cert, &fixture.files.cert).unwrap();
    let reloaded = tls.reload_if_changed();
    assert!(matches!(reloaded, Reload::Reloaded | Reload::Unchanged), "{reloaded:?}");

    let own = key(&rcgen::PKCS_ECDSA_P256_SHA256);
    let certificate = self_signed(&own);
    // they trust the new authority alone
    let asking = Asking { fixture: other, server };
    let config = asking.config(&TLS13, Some(presents(vec![certificate.clone()], &own)));
    assert_eq!(asking.seen(&Arc::new(config)).await.0, said(&certificate));
}
