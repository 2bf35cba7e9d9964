//! The one spelling of a path, and the refusal of what has two meanings.

use std::borrow::Cow;

use super::Ambiguous;

/// The normal form of `path`, which begins with a slash and ends before any `?`; borrowed where it is that already.
pub(super) fn normal(path: &str) -> Result<Cow<'_, str>, Ambiguous> {
    if path.bytes().all(|byte| byte == b'/' || is_plain(byte)) {
        judge_segments(path, path)?;
        return Ok(Cow::Borrowed(path));
    }
    let Spelled { decoded, normal } = spell(path)?;
    judge_characters(&decoded)?;
    // No escape decodes to a slash, so that both have the same segments.
    judge_segments(path, &decoded)?;
    Ok(if normal == path { Cow::Borrowed(path) } else { Cow::Owned(normal) })
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

struct Spelled {
    /// What one decoding makes of the path.
    decoded: String,
    /// The spelling of RFC 3986 §6.2.2.
    normal: String,
}

/// Byte by byte: what may not stand in a path as it is, and what no escape may hide.
fn spell(path: &str) -> Result<Spelled, Ambiguous> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut normal = String::with_capacity(path.len() + SPARE);
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let (value, escaped) = match byte {
            b'%' => {
                let digits = bytes.next().and_then(hex).zip(bytes.next().and_then(hex));
                let (high, low) = digits.ok_or(Ambiguous::BadEscape)?;
                (high << 4 | low, true)
            }
            _ => (byte, false),
        };
        match (value, escaped) {
            (b'/', true) => return Err(Ambiguous::EncodedSlash),
            (b'\\', true) => return Err(Ambiguous::EncodedBackslash),
            (b'\\', false) => return Err(Ambiguous::Backslash),
            (b';', _) => return Err(Ambiguous::Semicolon),
            (b'?' | b'#', true) => return Err(Ambiguous::EncodedDelimiter),
            (b'#', false) => return Err(Ambiguous::Fragment),
            (0x80.., false) => return Err(Ambiguous::NonAscii),
            (0..=b' ' | 0x7f, false) => return Err(Ambiguous::Control),
            _ => {}
        }
        decoded.push(value);
        let stays = if escaped { is_unreserved(value) } else { value == b'/' || is_plain(value) };
        if stays {
            normal.push(char::from(value));
        } else {
            normal.push('%');
            normal.extend([value >> 4, value & 15].map(upper_hex));
        }
    }
    let decoded = String::from_utf8(decoded).map_err(|_| Ambiguous::NotUtf8)?;
    Ok(Spelled { decoded, normal })
}

/// Character by character, decoded: what means something else to a reader who decodes or folds once more.
fn judge_characters(decoded: &str) -> Result<(), Ambiguous> {
    let mut rest = decoded.chars();
    while let Some(c) = rest.next() {
        if c.is_control() {
            return Err(Ambiguous::EncodedControl);
        }
        match folded(c) {
            '/' | '\\' | '%' | ';' | '?' | '#' if !c.is_ascii() => return Err(Ambiguous::Lookalike),
            '%' if is_escape(rest.clone().map(folded)) => return Err(Ambiguous::DoubleEncoding),
            _ => {}
        }
    }
    Ok(())
}

/// Segment by segment, as it came and as it decodes: empty ones, rows of dots, spaces at the edges.
fn judge_segments(raw: &str, decoded: &str) -> Result<(), Ambiguous> {
    let mut segments = raw.split('/').zip(decoded.split('/')).skip(1).peekable();
    while let Some((raw, decoded)) = segments.next() {
        if decoded.is_empty() {
            if segments.peek().is_some() {
                return Err(Ambiguous::EmptySegment);
            }
        } else if decoded.chars().all(|c| matches!(folded(c), '.' | ' ')) && decoded.trim() == decoded {
            return Err(match () {
                () if !decoded.is_ascii() => Ambiguous::Lookalike,
                () if raw != decoded => Ambiguous::EncodedDotSegment,
                () => Ambiguous::DotSegment,
            });
        } else if decoded.trim() != decoded {
            return Err(Ambiguous::EdgeSpace);
        }
    }
    Ok(())
}

/// Whether what follows a percent sign makes an escape of it: `2f`, or `u002f` as IIS reads it.
fn is_escape(mut rest: impl Iterator<Item = char>) -> bool {
    let digits = |rest: &mut dyn Iterator<Item = char>, count| {
        rest.take(count).filter(char::is_ascii_hexdigit).count() == count
    };
    match rest.next() {
        Some('u' | 'U') => digits(&mut rest, 4),
        Some(c) => c.is_ascii_hexdigit() && digits(&mut rest, 1),
        None => false,
    }
}

/// The ASCII character that Unicode's compatible forms, or Windows' best fit, make of this one.
fn folded(c: char) -> char {
    match c {
        // The full-width forms stand in ASCII's order.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{2044}' | '\u{2215}' => '/',
        // a/c, a/s, c/o and c/u in one sign: the slash is what counts
        '\u{2100}' | '\u{2101}' | '\u{2105}' | '\u{2106}' => '/',
        '\u{2216}' | '\u{fe68}' => '\\',
        '\u{fe6a}' => '%',
        // the Greek one is the same even in the canonical form
        '\u{37e}' | '\u{fe14}' | '\u{fe54}' => ';',
        '\u{2047}'..='\u{2049}' | '\u{fe16}' | '\u{fe56}' => '?',
        '\u{fe5f}' => '#',
        // One, two and three dots.
        '\u{2024}'..='\u{2026}' | '\u{fe19}' | '\u{fe30}' | '\u{fe52}' => '.',
        c => c,
    }
}

/// unreserved (RFC 3986 §2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// pchar (RFC 3986 §3.3) as it is, without the `;`, which is refused.
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@')
}

fn upper_hex(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' + value - 10 })
}

/// Room for a few characters that are escaped on the way.
const SPARE: usize = 16;
