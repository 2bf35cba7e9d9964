//! base64url without padding, one spelling per value (RFC 4648 §5, RFC 7515 §2): padding, foreign characters and
//! trailing bits that are not zero are refused, or one signature would fit many tokens.
//!
//! Decoding is our own: beside an RSA signature's verification a token's decoding shows. Look-ups are by table, so that the
//! time it takes may tell a neighbour on the same processor about the text: not for secrets that others can have decoded.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text is not canonical base64url without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase64Url;

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Appends the encoding of `bytes` to `out`, growing it at most once.
pub fn encode_into(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + encoded_len(bytes.len()), 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly as long as the encoding, so that this cannot fail.
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, room).unwrap_or(0);
        out.truncate(start + written);
    }
}

/// The length of the encoding of `bytes` bytes.
#[must_use]
pub const fn encoded_len(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

/// Decodes the one canonical spelling.
///
/// # Errors
/// [`NotBase64Url`] for padding, any other alphabet, an impossible length, or trailing bits that are not zero.
pub fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotBase64Url> {
    let mut bytes = Vec::new();
    decode_into(text, &mut bytes)?;
    Ok(bytes)
}

/// As [`decode`], behind what is in `out`, growing it at most once; after an error what stands there is of no use.
///
/// # Errors
/// As [`decode`].
pub fn decode_into(text: impl AsRef<[u8]>, out: &mut Vec<u8>) -> Result<(), NotBase64Url> {
    let (eights, rest) = text.as_ref().as_chunks::<8>();
    if rest.len() % 4 == 1 {
        return Err(NotBase64Url);
    }
    let start = out.len();
    // all of it at once: growing would leave a copy of what may be a secret
    out.reserve(eights.len() * 6 + rest.len() * 6 / 8);
    out.resize(start + eights.len() * 6, 0);
    let (sixes, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut::<6>();
    // one look at the end is cheaper than one at each
    let mut seen = 0;
    for (eight, six) in eights.iter().zip(sixes) {
        *six = six_of(*eight, &mut seen);
    }
    let mut eight = [ZERO; 8];
    eight.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
    let six = six_of(eight, &mut seen);
    let (last, trailing) = six.split_at(rest.len() * 6 / 8);
    if seen & FOREIGN != 0 || trailing.iter().any(|byte| *byte != 0) {
        return Err(NotBase64Url);
    }
    out.extend_from_slice(last);
    Ok(())
}

impl fmt::Display for NotBase64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not canonical base64url without padding")
    }
}

impl std::error::Error for NotBase64Url {}

/// The six bytes that eight characters say; [`FOREIGN`] is then `seen` where one of them is none of the alphabet.
fn six_of([a, b, c, d, e, f, g, h]: [u8; 8], seen: &mut u32) -> [u8; 6] {
    let [first, second, third, fourth] = &PLACES;
    let at = |place: &[u32; 256], byte| place.get(usize::from(byte)).copied().unwrap_or(FOREIGN);
    let four = |a, b, c, d| at(first, a) | at(second, b) | at(third, c) | at(fourth, d);
    let (high, low) = (four(a, b, c, d), four(e, f, g, h));
    *seen |= high | low;
    let [_, _, six @ ..] = ((u64::from(high) << 24) | u64::from(low)).to_be_bytes();
    six
}

/// What each byte says at each of the four places.
static PLACES: [[u32; 256]; 4] = [place(18), place(12), place(6), place(0)];

#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which refuses what is out of bounds"
)]
const fn place(shift: u32) -> [u32; 256] {
    let mut says = [FOREIGN; 256];
    let mut value = 0;
    while value < 64 {
        says[ALPHABET[value as usize] as usize] = value << shift;
        value += 1;
    }
    says
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What says 0.
const ZERO: u8 = b'A';
/// Above the 24 bits of four characters.
const FOREIGN: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_of_every_length() {
        for len in 0..70 {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 37) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), encoded_len(bytes.len()));
            assert_eq!(decode(&text).unwrap(), bytes);
            let mut out = b"x".to_vec();
            encode_into(&bytes, &mut out);
            assert_eq!(out, format!("x{text}").into_bytes());
        }
    }

    /// Threats §1 (base64): a second spelling of the same bytes is refused.
    #[test]
    fn other_spellings_are_refused() {
        assert_eq!(decode("Zg").unwrap(), b"f");
        for text in ["Zg==", "Zg=", "Zh", "Zm9", "Z", "Zm 9v", "Zm\n9v", "+/+/", "Zm9v.", "Zm9v%3d", "é"] {
            assert_eq!(decode(text), Err(NotBase64Url), "{text}");
        }
    }

    /// What is decoded into memory that is wiped leaves no copy elsewhere: it is never moved for want of room.
    #[test]
    fn room_is_made_once() {
        for len in 8..70 {
            assert!(decode(encode(&vec![7; len])).unwrap().capacity() < len + 8, "{len}");
            let mut out = Vec::with_capacity(len);
            let place = out.as_ptr();
            decode_into(encode(&vec![7; len]), &mut out).unwrap();
            assert_eq!((out.as_ptr(), out.len()), (place, len));
        }
    }

    /// Each byte at each place of texts of each length, as another decoder judges it.
    #[test]
    fn it_decodes_what_another_does() {
        for len in 1..=17 {
            for place in 0..len {
                for byte in 0..=255 {
                    for other in *b"Aw_" {
                        let mut text = vec![other; len];
                        text[place] = byte;
                        let theirs = URL_SAFE_NO_PAD.decode(&text).map_err(|_| NotBase64Url);
                        assert_eq!(decode(&text), theirs, "{text:?}");
                    }
                }
            }
        }
    }
}
