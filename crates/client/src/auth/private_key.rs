//! `private_key_jwt` (RFC 7523 §2.2): a key, and the assertions that it signs.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_proto::jose::assertion::{NewAssertion, TYPE};
use countersign_proto::jose::signing_key::SigningKeyError;
use countersign_proto::jose::{Algorithm, EncodedHeader, Signer, SigningKey, base64url};
use zeroize::Zeroizing;

use super::{Recipient, Stamp, file, pem};
use crate::token::Misconfigured;

/// A private key that a client proves itself with; cheap to clone, without `Debug`.
#[derive(Clone)]
pub struct PrivateKey {
    kind: Kind,
    algorithm: Option<Algorithm>,
    kid: Option<String>,
    untyped: bool,
}

#[derive(Clone)]
enum Kind {
    File(Arc<PathBuf>),
    Signer(Arc<dyn Signer>),
}

impl PrivateKey {
    /// The key in this file: unencrypted PKCS#8 in PEM, at most 64 KiB, read anew for each assertion.
    ///
    /// Unless [`Self::algorithm`] says it, the algorithm is the one of the key; of an RSA key PS256, or RS256 where the
    /// server's metadata lists that alone. Without [`Self::kid`] the server tries the keys that it knows.
    #[must_use]
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self { kind: Kind::File(Arc::new(path.into())), algorithm: None, kid: None, untyped: false }
    }

    /// A key that is in memory or elsewhere; the signer says its algorithm and its name.
    #[must_use]
    pub fn from_signer(signer: Arc<dyn Signer>) -> Self {
        let kid = signer.kid().map(str::to_owned);
        Self { kind: Kind::Signer(signer), algorithm: None, kid, untyped: false }
    }

    /// The same with this algorithm and no other; a key of another kind is an error when it is used.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The same under this name, by which the server knows the key.
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The same without `typ` in its assertions, for servers that refuse the registered one (RFC 7523bis §4).
    #[must_use]
    pub fn untyped(mut self) -> Self {
        self.untyped = true;
        self
    }

    /// Reads the key, and lets go of it.
    pub(super) async fn check(&self) -> Result<(), Misconfigured> {
        self.signer(&[]).await.map(drop)
    }

    /// An assertion for one request: a minute long, with a name of its own.
    pub(super) async fn assertion(
        &self,
        client_id: &str,
        issuer: &str,
        to: &Recipient<'_>,
    ) -> Result<(Zeroizing<String>, Option<Stamp>), Misconfigured> {
        let (signer, stamp) = self.signer(to.algorithms).await?;
        let typ = (!self.untyped).then_some(TYPE);
        let header = EncodedHeader::new(signer.algorithm(), typ, self.kid.as_deref());
        let mut bits = [0u8; 16];
        let cannot = |why: &str| Misconfigured::new(SETTING, format!("no assertion can be made: {why}"));
        aws_lc_rs::rand::fill(&mut bits).map_err(|_| cannot("the source of random bits failed"))?;
        let (iat, exp) = (to.now.0, to.now.plus(LIFE).0);
        let new = NewAssertion { client_id, issuer, jti: &base64url::encode(&bits), iat, exp };
        let assertion = new.sign(&header, &*signer).map_err(|_| cannot("the key does not sign"))?;
        Ok((Zeroizing::new(assertion), stamp))
    }

    async fn signer(&self, supported: &[String]) -> Result<(Arc<dyn Signer>, Option<Stamp>), Misconfigured> {
        match &self.kind {
            Kind::Signer(signer) => match self.algorithm.filter(|said| *said != signer.algorithm()) {
                Some(said) => Err(Misconfigured::new(SETTING, format!("the signer does not sign {said}"))),
                None => Ok((Arc::clone(signer), None)),
            },
            Kind::File(path) => {
                let wrong = |why| Misconfigured::new(SETTING, format!("{} {why}", path.display()));
                let text = file::read(SETTING, path, MAX).await?;
                let der = pem::pkcs8(&text, path).map_err(wrong)?;
                let candidates = self.algorithm.map_or_else(|| candidates(supported), |given| vec![given]);
                let key = read(der.secret_pkcs8_der(), &candidates).map_err(wrong)?;
                Ok((Arc::new(key), Some(Stamp::of(text.as_bytes()))))
            }
        }
    }
}

/// The algorithms to try a key with: one for each kind of key.
fn candidates(supported: &[String]) -> Vec<Algorithm> {
    let lists = |algorithm: Algorithm| supported.iter().any(|name| name == algorithm.as_str());
    let rs256 = lists(Algorithm::RS256) && !lists(Algorithm::PS256);
    let rsa = if rs256 { Algorithm::RS256 } else { Algorithm::PS256 };
    vec![rsa, Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA]
}

fn read(der: &[u8], candidates: &[Algorithm]) -> Result<SigningKey, String> {
    for algorithm in candidates {
        match SigningKey::from_pkcs8(*algorithm, "key", der) {
            Ok(key) => return Ok(key),
            Err(SigningKeyError::NotAKey) => {}
            Err(error) => return Err(format!("cannot be used: {error}")),
        }
    }
    Err(match candidates {
        [only] => format!("holds no key that signs {only}"),
        _ => "holds a key of another kind than RSA (2048 to 8192 bits), P-256, P-384 and Ed25519".to_owned(),
    })
}

const SETTING: &str = "private_key";
/// Seconds that an assertion is good: a request's way, and clocks that differ by half of it.
const LIFE: i64 = 60;
const MAX: usize = 64 * 1024;
