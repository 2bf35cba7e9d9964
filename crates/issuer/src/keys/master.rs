//! The two keys that are never in the database: one seals signing keys, the other (the pepper) keys the hashes of secrets.
//!
//! They are independent, so that neither can be had from the other, and each has an id that the rows made with it name.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::random::{NoRandomness, Random};

/// The key-encryption key and the pepper.
pub struct MasterKeys {
    /// Seals signing keys.
    pub(super) sealing: MasterKey,
    /// Keys the hashes of client secrets.
    pub(super) pepper: MasterKey,
}

/// 256 bits and the name that rows know them by.
pub(super) struct MasterKey {
    pub(super) id: String,
    pub(super) bits: Zeroizing<[u8; 32]>,
}

impl MasterKeys {
    /// Makes both.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(random: &dyn Random) -> Result<Self, NoRandomness> {
        let key = || -> Result<MasterKey, NoRandomness> {
            let mut bits = Zeroizing::new([0u8; 32]);
            random.fill(bits.as_mut_slice())?;
            Ok(MasterKey { id: crate::random::id(random, "k")?, bits })
        };
        Ok(Self { sealing: key()?, pepper: key()? })
    }

    /// Reads what [`Self::to_text`] wrote: lines `sealing ID HEX` and `pepper ID HEX`, `#` begins a comment, `;` may
    /// stand for a line's end (for environment variables).
    ///
    /// # Errors
    /// [`MasterKeysError`] with the line that is wrong; it quotes nothing of it.
    pub fn parse(text: &str) -> Result<Self, MasterKeysError> {
        let (mut sealing, mut pepper) = (None, None);
        for (at, line) in text.split(['\n', ';']).enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(kind), Some(id), Some(hex), None) =
                (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(MasterKeysError::Line(at + 1));
            };
            let bits = read_hex(hex).ok_or(MasterKeysError::Line(at + 1))?;
            let slot = match kind {
                "sealing" => &mut sealing,
                "pepper" => &mut pepper,
                _ => return Err(MasterKeysError::Line(at + 1)),
            };
            if id.len() > 64 || slot.replace(MasterKey { id: id.to_owned(), bits }).is_some() {
                return Err(MasterKeysError::Line(at + 1));
            }
        }
        match (sealing, pepper) {
            (Some(sealing), Some(pepper)) if *sealing.bits != *pepper.bits => Ok(Self { sealing, pepper }),
            (Some(_), Some(_)) => Err(MasterKeysError::Same),
            _ => Err(MasterKeysError::Missing),
        }
    }

    /// The text to keep in a file that only the server can read, or in its environment.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str(
            "# Keys of this Countersign installation. Without this file its database is useless:\n",
        );
        text.push_str("# back it up, apart from the database. Whoever has both can sign tokens.\n");
        for (kind, key) in [("sealing", &self.sealing), ("pepper", &self.pepper)] {
            let _ = write!(text, "{kind} {} ", key.id);
            for byte in key.bits.iter() {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        text
    }
}

/// Why a keys file cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeysError {
    /// This line is not one of a keys file.
    #[error("line {0} of the keys is not `sealing ID HEX` or `pepper ID HEX` with 64 hex digits, each once")]
    Line(usize),
    /// One of the two is missing.
    #[error("the keys lack a `sealing` or a `pepper` line")]
    Missing,
    /// Both are the same.
    #[error("the sealing key and the pepper are the same; they must be independent")]
    Same,
}

fn read_hex(hex: &str) -> Option<Zeroizing<[u8; 32]>> {
    let mut bits = Zeroizing::new([0u8; 32]);
    if hex.len() != 64 {
        return None;
    }
    for (byte, pair) in bits.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let pair =
            std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    /// Design rule 6: what was written is what is read, and a foreign or damaged file is refused.
    #[test]
    fn reads_what_it_wrote_and_nothing_else() {
        let keys = MasterKeys::generate(&SystemRandom).unwrap();
        let text = keys.to_text();
        let again = MasterKeys::parse(&text).ok().unwrap();
        assert_eq!((*again.sealing.bits, *again.pepper.bits), (*keys.sealing.bits, *keys.pepper.bits));
        let hex = "ab".repeat(32);
        for (bad, error) in [
            (String::new(), MasterKeysError::Missing),
            (format!("sealing a {hex}"), MasterKeysError::Missing),
            (format!("sealing a {hex};pepper b {hex}"), MasterKeysError::Same),
            (format!("sealing a {hex}\nsealing b {hex}"), MasterKeysError::Line(2)),
            (format!("sealing a {}", &hex[1..]), MasterKeysError::Line(1)),
            (format!("sealing a +{}", &hex[1..]), MasterKeysError::Line(1)),
            (format!("salt a {hex}"), MasterKeysError::Line(1)),
        ] {
            assert_eq!(MasterKeys::parse(&bad).err(), Some(error), "{bad}");
        }
    }
}
