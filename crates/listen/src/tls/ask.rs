//! Asking for a client certificate without demanding one: whoever sends one proves that it holds its key, and no more.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Takes any certificate whose key signed the handshake, and the absence of one (RFC 8705 section 3).
///
/// Does not check: who signed the certificate, when it expires, whether it was revoked, what it may be used for.
#[derive(Debug)]
pub(super) struct Ask(Arc<CryptoProvider>);

impl Ask {
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Self {
        Self(provider)
    }
}

impl ClientCertVerifier for Ask {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// No hint, so that clients choose by their own lights: a self-signed certificate fits no authority's name.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes = above.iter().fold(leaf.len(), |sum, certificate| sum.saturating_add(certificate.len()));
        if bytes > MAX_CHAIN_BYTES || above.len() >= MAX_CHAIN {
            return Err(Error::General("the client's certificate chain is too large".to_owned()));
        }
        ParsedCertificate::try_from(leaf)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A chain is kept as long as its connection: ten thousand of them must fit into memory.
const MAX_CHAIN_BYTES: usize = 16 * 1024;

/// Certificates of a chain, the client's own included.
const MAX_CHAIN: usize = 10;
