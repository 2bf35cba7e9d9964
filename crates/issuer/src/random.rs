//! Randomness as a parameter.

use aws_lc_rs::rand;

/// Where random bits come from.
pub trait Random: Send + Sync + 'static {
    /// Fills `out`.
    ///
    /// # Errors
    /// [`NoRandomness`] when the source fails; nothing may be made of what is then in `out`.
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness>;
}

/// The generator of aws-lc-rs, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoRandomness> {
        rand::fill(out).map_err(|_| NoRandomness)
    }
}

/// The source of random bits failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the source of random bits failed")]
pub struct NoRandomness;

/// `bytes` random bytes in lower-case hex after `prefix`: ids of our own rows.
pub(crate) fn id(random: &dyn Random, prefix: &str) -> Result<String, NoRandomness> {
    let mut bits = [0u8; 10];
    random.fill(&mut bits)?;
    let mut id = String::with_capacity(prefix.len() + 20);
    id.push_str(prefix);
    bits.into_iter().for_each(|byte| push_hex(byte, &mut id));
    Ok(id)
}

/// A random UUID, version 4 (RFC 9562 §5.4), in its text form.
pub(crate) fn uuid(random: &dyn Random) -> Result<String, NoRandomness> {
    let mut bits = [0u8; 16];
    random.fill(&mut bits)?;
    let mut text = String::with_capacity(36);
    for (at, byte) in bits.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let byte = match at {
            6 => (byte & 0x0f) | 0x40, // the version
            8 => (byte & 0x3f) | 0x80, // the variant
            _ => byte,
        };
        push_hex(byte, &mut text);
    }
    Ok(text)
}

fn push_hex(byte: u8, out: &mut String) {
    for digit in [byte >> 4, byte & 15] {
        out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}
