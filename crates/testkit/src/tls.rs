//! TLS for tests: an authority of a test's own, and who has its certificates.
//!
//! All certificates are valid from 1975 to 4096, so that neither a test's clock nor the machine's matters.

mod ask;

use std::sync::Arc;

use countersign_proto::time::UnixTime;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};

use ask::AskAny;

/// An authority that signs certificates of servers and clients; clones are the same authority.
#[derive(Clone)]
pub struct TestAuthority {
    issuer: Arc<Issuer<'static, KeyPair>>,
    der: CertificateDer<'static>,
    pem: String,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct TestIdentity {
    der: CertificateDer<'static>,
    pem: String,
    key: Arc<KeyPair>,
}

impl TestAuthority {
    /// A new authority, which nobody trusts yet.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        Self { issuer: Arc::new(Issuer::new(params, key)), der, pem }
    }

    /// Its certificate in PEM, as a client is told to trust it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Its certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// A certificate of this authority for these DNS names or addresses, with a new key.
    ///
    /// # Panics
    /// When one of them can be neither.
    #[must_use]
    pub fn identity(&self, names: &[&str]) -> TestIdentity {
        TestIdentity::make(names, |params, key| params.signed_by(key, &self.issuer))
    }

    /// What a server of this machine serves: a certificate of this authority for `localhost` and loopback. Callers are
    /// asked for theirs, and let in without one or with any: what it is worth is for the endpoint to judge.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let mut config = self.serve(|builder| {
            let ask = AskAny::new(Arc::clone(builder.crypto_provider()));
            builder.with_client_cert_verifier(Arc::new(ask))
        });
        // A resumed session would bring a certificate along without its key being used again (RFC 8705 §3).
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Arc::new(config)
    }

    /// The same, without asking callers for a certificate.
    pub(crate) fn server_that_asks_nothing(&self) -> Arc<ServerConfig> {
        Arc::new(self.serve(|builder| builder.with_no_client_auth()))
    }

    fn serve(
        &self,
        ask: impl FnOnce(
            ConfigBuilder<ServerConfig, WantsVerifier>,
        ) -> ConfigBuilder<ServerConfig, WantsServerCert>,
    ) -> ServerConfig {
        let identity = self.identity(&["localhost", "127.0.0.1", "::1"]);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key_der()));
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("versions that the provider knows");
        let mut config =
            ask(builder).with_single_cert(vec![identity.der], key).expect("a key of its certificate");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// Whether this chain leads to this authority now, and its certificate is for this DNS name.
    pub(crate) fn vouches(&self, chain: &[CertificateDer<'_>], name: &str, now: UnixTime) -> bool {
        let Some((leaf, above)) = chain.split_first() else { return false };
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("our own certificate");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        let verifier = verifier.build().expect("a root");
        let now = std::time::Duration::from_secs(now.0.try_into().unwrap_or_default());
        let now = rustls_pki_types::UnixTime::since_unix_epoch(now);
        let name = ServerName::try_from(name).expect("a DNS name");
        verifier.verify_client_cert(leaf, above, now).is_ok()
            && ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, &name).is_ok())
    }
}

impl Default for TestAuthority {
    fn default() -> Self {
        Self::new()
    }
}

impl TestIdentity {
    /// A certificate for these names that vouches for itself.
    ///
    /// # Panics
    /// When one of them can be no name.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        Self::make(names, CertificateParams::self_signed)
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The private key in PEM (PKCS #8).
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The private key in DER (PKCS #8).
    #[must_use]
    pub fn key_der(&self) -> Vec<u8> {
        self.key.serialize_der()
    }

    fn make(
        names: &[&str],
        sign: impl FnOnce(&CertificateParams, &KeyPair) -> Result<rcgen::Certificate, rcgen::Error>,
    ) -> Self {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names");
        params.distinguished_name.push(DnType::CommonName, "identity of a test");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = sign(&params, &key).expect("a certificate");
        Self { der: certificate.der().clone(), pem: certificate.pem(), key: Arc::new(key) }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
