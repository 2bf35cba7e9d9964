//! What needs the master keys: sealing and opening signing keys, and hashing client secrets.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{digest, hmac};
use countersign_proto::jose::signing_key::{RsaSize, SigningKeyError};
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::secret::ClientSecret;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::certificate::self_signed;
use super::{KeyRecord, MadeKey, MasterKeys, Wanted};
use crate::random::Random;
use crate::refusal::Fault;

/// The master keys, made ready.
pub(crate) struct Vault {
    sealing: LessSafeKey,
    sealing_id: String,
    pepper: hmac::Key,
    pepper_id: String,
    /// Held while a key is made: one at a time, so that processors are left to sign tokens.
    making: Arc<Mutex<()>>,
}

impl Vault {
    pub(crate) fn new(keys: &MasterKeys) -> Result<Self, Fault> {
        let sealing = UnboundKey::new(&AES_256_GCM, keys.sealing.bits.as_slice())
            .map_err(|_| Fault::Broken("the sealing key cannot be used".to_owned()))?;
        Ok(Self {
            sealing: LessSafeKey::new(sealing),
            sealing_id: keys.sealing.id.clone(),
            pepper: hmac::Key::new(hmac::HMAC_SHA256, keys.pepper.bits.as_slice()),
            pepper_id: keys.pepper.id.clone(),
            making: Arc::default(),
        })
    }

    /// Values that tell whether a database was made with these keys, without telling the keys.
    ///
    /// The ids are among them: rows name the key that they were made with, so under another id the same key would
    /// find no row of its own, and every secret would be wrong.
    pub(crate) fn check_values(&self) -> [(&'static str, Vec<u8>); 4] {
        let pepper = hmac::sign(&self.pepper, CHECK).as_ref().to_vec();
        let mut sealed = CHECK.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        // The all-zero nonce is used for this one constant message alone; sealing draws its nonces at random.
        let tag = self.sealing.seal_in_place_separate_tag(nonce, Aad::from(CHECK), &mut sealed);
        let sealing = tag.map(|tag| tag.as_ref().to_vec()).unwrap_or_default();
        [
            ("check.pepper", pepper),
            ("check.sealing", sealing),
            ("check.pepper.id", self.pepper_id.as_bytes().to_vec()),
            ("check.sealing.id", self.sealing_id.as_bytes().to_vec()),
        ]
    }

    /// What is kept of a secret: the pepper's id and the hash.
    pub(crate) fn digest(&self, secret: &ClientSecret) -> (String, [u8; 32]) {
        (self.pepper_id.clone(), self.digest_bytes(secret.expose().as_bytes()))
    }

    /// HMAC-SHA-256 of presented bytes under the pepper.
    pub(crate) fn digest_bytes(&self, presented: &[u8]) -> [u8; 32] {
        let mut digest = [0u8; 32];
        digest.copy_from_slice(hmac::sign(&self.pepper, presented).as_ref());
        digest
    }

    /// Whether a row's pepper is ours; a secret under another can never be checked.
    pub(crate) fn has_pepper(&self, id: &str) -> bool {
        self.pepper_id == id
    }

    /// Makes a signing key on a thread that may be busy: an RSA key takes hundreds of milliseconds.
    ///
    /// Nobody who holds up others may wait for it: see `admin/spare.rs`.
    pub(crate) async fn make(&self, wanted: Wanted, random: &dyn Random) -> Result<MadeKey, Fault> {
        let alone = Arc::clone(&self.making).lock_owned().await;
        let work = move || {
            let made = make(wanted.algorithm, wanted.size, &wanted.realm_name);
            drop(alone); // here, since the thread goes on when nobody waits for it any more
            made.map(|made| (made, wanted))
        };
        let made = tokio::task::spawn_blocking(work).await;
        let (made, wanted) = made.map_err(|error| Fault::Signing(error.to_string()))??;
        Ok(MadeKey {
            sealed: self.seal(&made.pkcs8, &made.kid, &wanted.realm_id, random)?,
            sealed_by: self.sealing_id.clone(),
            kid: made.kid,
            public_jwk: made.public_jwk,
            wanted,
        })
    }

    /// Opens a sealed key.
    pub(crate) fn open(&self, record: &KeyRecord) -> Result<SigningKey, Fault> {
        let damaged =
            || Fault::Signing(format!("the sealed key {} cannot be opened with these keys", record.kid));
        let (nonce, sealed) = record.sealed.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut pkcs8 = Zeroizing::new(sealed.to_vec());
        let aad = Aad::from(context(&record.kid, &record.realm_id));
        let opened = self.sealing.open_in_place(nonce, aad, &mut pkcs8).map_err(|_| damaged())?;
        SigningKey::from_pkcs8(record.algorithm, record.kid.clone(), opened).map_err(|_| damaged())
    }

    fn seal(&self, pkcs8: &[u8], kid: &str, realm_id: &str, random: &dyn Random) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0u8; NONCE_LEN];
        random.fill(&mut nonce)?;
        let mut body = Zeroizing::new(pkcs8.to_vec());
        let tag = self
            .sealing
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context(kid, realm_id)),
                &mut body,
            )
            .map_err(|_| Fault::Signing("a new key cannot be sealed".to_owned()))?;
        Ok([&nonce[..], &body, tag.as_ref()].concat())
    }
}

struct Made {
    kid: String,
    pkcs8: Zeroizing<Vec<u8>>,
    public_jwk: String,
}

/// The key is named as Keycloak names its own: the SHA-256 of its SubjectPublicKeyInfo, in base64url.
fn make(algorithm: Algorithm, size: RsaSize, realm_name: &str) -> Result<Made, Fault> {
    let failed = |_| Fault::Signing(format!("no {} key could be made", algorithm.as_str()));
    let is_rsa = matches!(algorithm, Algorithm::RS256 | Algorithm::PS256);
    let unnamed = if is_rsa {
        SigningKey::generate_rsa(algorithm, size, "new")
    } else {
        SigningKey::generate(algorithm, "new")
    }
    .map_err(failed)?;
    let spki = unnamed.spki_der().map_err(failed)?;
    let kid = countersign_proto::jose::base64url::encode(digest::digest(&digest::SHA256, &spki).as_ref());
    let pkcs8 = unnamed.to_pkcs8().map_err(failed)?;
    let mut jwk =
        unnamed.public_jwk().clone().with_kid(kid.clone()).map_err(|_| failed(SigningKeyError::Failed))?;
    if is_rsa && let Some(certificate) = self_signed(&pkcs8, realm_name) {
        jwk = jwk.with_certificate(&certificate);
    }
    let public_jwk = serde_json::to_string(&jwk).map_err(|error| Fault::Signing(error.to_string()))?;
    Ok(Made { kid, pkcs8, public_jwk })
}

/// Binds a sealed key to its place: it cannot be moved to another realm or pass for another key.
fn context(kid: &str, realm_id: &str) -> Vec<u8> {
    [realm_id.as_bytes(), b"\0", kid.as_bytes()].concat()
}

const CHECK: &[u8] = b"countersign key check value 1";
