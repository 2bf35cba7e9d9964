//! What a file holds: the token as the server gave it and when it was asked for, or a proof key; and for what.

use std::io;
use std::time::Duration;

use countersign_proto::jose::{Algorithm, SigningKey, base64url, signing_key::SigningKeyError};
use countersign_proto::time::UnixTime;
use countersign_proto::token::TokenResponse;
use serde::{Deserialize, Serialize};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::super::pace;
use super::PROOF_KEY;

/// A token as it is kept.
pub(crate) struct Stored {
    /// When it was asked for.
    pub asked: UnixTime,
    /// What the server said.
    pub answer: TokenResponse,
    /// When it may be removed.
    pub until: UnixTime,
    /// The how manieth in a row it is that took the place of a refused one; 0 = it took no such place.
    pub replacements: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    asked: UnixTime,
    until: UnixTime,
    #[serde(default)]
    replacements: u32,
    answer: TokenResponse,
}

#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    key: String,
    pkcs8: String,
}

impl Stored {
    /// Reads a file that is for `key`, or for any.
    pub(super) fn read(text: &str, key: Option<&str>) -> Option<Self> {
        let File { key: found, asked, until, replacements, answer } = serde_json::from_str(text).ok()?;
        let ours = key.is_none_or(|key| key == found) && !answer.access_token.is_empty();
        ours.then_some(Self { asked, answer, until, replacements })
    }

    /// For how long it is not replaced yet, though it be refused: in this, all processes are as one.
    pub(crate) fn stays_at(&self, now: UnixTime) -> Option<Duration> {
        let pause = (self.replacements > 0).then(|| pace::after_replacement(self.replacements))?;
        pace::remaining(pause, self.asked, now)
    }

    pub(super) fn write(self, key: &str) -> io::Result<Zeroizing<String>> {
        let Self { asked, answer, until, replacements } = self;
        let file = File { key: key.to_owned(), asked, until, replacements, answer };
        Ok(Zeroizing::new(serde_json::to_string(&file)?))
    }
}

/// Reads a proof key for `key` and this algorithm.
pub(super) fn read_key(text: &str, key: &str, algorithm: Algorithm) -> Option<SigningKey> {
    let file: KeyFile = serde_json::from_str(text).ok().filter(|file: &KeyFile| file.key == key)?;
    let mut der = Zeroizing::new(Vec::new());
    base64url::decode_into(file.pkcs8.as_bytes(), &mut der).ok()?;
    SigningKey::from_pkcs8(algorithm, PROOF_KEY, &der).ok()
}

pub(super) fn write_key(made: &SigningKey, key: &str) -> Result<Zeroizing<String>, SigningKeyError> {
    let file = KeyFile { key: key.to_owned(), pkcs8: base64url::encode(&made.to_pkcs8()?) };
    let text = serde_json::to_string(&file);
    text.map(Zeroizing::new).map_err(|_| SigningKeyError::Failed)
}
