//! How a hostile text is shown in an error: quoted, escaped, cut short, so that it cannot forge or flood a log line.

use std::fmt;

/// Displays at most 64 characters of the text, with everything but printable ASCII escaped.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for character in self.0.chars().take(SHOWN) {
            write!(f, "{}", character.escape_default())?;
        }
        let cut = self.0.chars().nth(SHOWN).is_some();
        f.write_str(if cut { "…\"" } else { "\"" })
    }
}

const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_length_are_tamed() {
        assert_eq!(Quoted("a\nb\u{202e}\"").to_string(), r#""a\nb\u{202e}\"""#);
        assert_eq!(Quoted(&"k".repeat(1000)).to_string().chars().count(), SHOWN + 3);
    }
}
