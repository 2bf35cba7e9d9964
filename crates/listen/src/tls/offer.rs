//! What we offer in a handshake.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::version::{TLS12, TLS13};
use rustls::{ConfigBuilder, ServerConfig, SupportedCipherSuite, WantsVerifier};

use super::TlsError;
use super::ask::Ask;

/// The cryptography of this project: named here rather than taken from the process, where another library could
/// have installed its own.
#[must_use]
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: SUITES.to_vec(),
        // the post-quantum exchange first, for whoever can; then the usual ones
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        ..aws_lc_rs::default_provider()
    }
}

/// What is offered to callers who are not asked for a certificate.
pub(super) fn config(
    provider: Arc<CryptoProvider>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, TlsError> {
    let builder = versions(provider)?.with_no_client_auth();
    let mut config = spoken(builder.with_cert_resolver(resolver));
    // resumption without memory per client; the ticket key changes every few hours
    config.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Provider)?;
    Ok(config)
}

/// What is offered to callers who are asked for a certificate: the same, and no resumption, which would carry a
/// certificate from connection to connection without its key ever being used again.
pub(super) fn asking(
    provider: Arc<CryptoProvider>,
    resolver: Arc<dyn ResolvesServerCert>,
) -> Result<ServerConfig, TlsError> {
    let ask = Arc::new(Ask::new(Arc::clone(&provider)));
    let builder = versions(provider)?.with_client_cert_verifier(ask);
    let mut config = spoken(builder.with_cert_resolver(resolver));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn versions(provider: Arc<CryptoProvider>) -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, TlsError> {
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(TlsError::Provider)
}

fn spoken(mut config: ServerConfig) -> ServerConfig {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

/// Ephemeral key exchange and authenticated encryption only (BCP 195, RFC 9325 section 4.2).
const SUITES: &[SupportedCipherSuite] = &[
    cipher_suite::TLS13_AES_128_GCM_SHA256,
    cipher_suite::TLS13_AES_256_GCM_SHA384,
    cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];
