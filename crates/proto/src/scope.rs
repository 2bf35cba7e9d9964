//! Scopes: the grammar of RFC 6749 §3.3, as validated values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One scope, such as `orders:read`: 1 to 255 characters of %x21 / %x23-5B / %x5D-7E (RFC 6749 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeName(Box<str>);

impl ScopeName {
    /// Reads one scope name.
    ///
    /// # Errors
    /// [`ScopeError`] when it is empty, too long, or has a character outside the grammar.
    pub fn parse(name: &str) -> Result<Self, ScopeError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(ScopeError::Length);
        }
        if name.bytes().all(is_scope_byte) { Ok(Self(name.into())) } else { Err(ScopeError::Character) }
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ScopeName {
    type Error = ScopeError;
    fn try_from(name: String) -> Result<Self, ScopeError> {
        Self::parse(&name)
    }
}

impl From<ScopeName> for String {
    fn from(name: ScopeName) -> Self {
        name.0.into()
    }
}

/// The value of a `scope` parameter, checked against the grammar and borrowed from the request.
///
/// Names are separated by exactly one space; order means nothing; a name may stand twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeParam<'a>(&'a str);

impl<'a> ScopeParam<'a> {
    /// Reads a `scope` parameter.
    ///
    /// # Errors
    /// [`ScopeError`] on an empty value, a doubled, leading or trailing space, a foreign character, a name of more
    /// than 255 characters, or more than 1,000 names: never a shortened list (RFC 6749 §3.3).
    pub fn parse(value: &'a str) -> Result<Self, ScopeError> {
        let mut names = 0;
        for name in value.split(' ') {
            if name.is_empty() {
                return Err(ScopeError::Separator);
            }
            if name.len() > MAX_NAME {
                return Err(ScopeError::Length);
            }
            if !name.bytes().all(is_scope_byte) {
                return Err(ScopeError::Character);
            }
            names += 1;
            if names > MAX_NAMES {
                return Err(ScopeError::Count);
            }
        }
        Ok(Self(value))
    }

    /// The names in the order in which they were sent.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.0.split(' ')
    }

    /// The parameter as it was sent.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// Why a scope is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeError {
    /// Empty, or longer than 255 characters.
    Length,
    /// A character outside %x21 / %x23-5B / %x5D-7E.
    Character,
    /// Names must be separated by exactly one space.
    Separator,
    /// More than 1,000 names.
    Count,
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a scope has 1 to 255 characters",
            Self::Character => {
                "a scope is printable ASCII without space, quotation mark and backslash (RFC 6749 section 3.3)"
            }
            Self::Separator => "scopes are separated by exactly one space (RFC 6749 section 3.3)",
            Self::Count => "at most 1000 scopes can be asked for at once",
        })
    }
}

impl std::error::Error for ScopeError {}

fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

const MAX_NAME: usize = 255;
const MAX_NAMES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6749-13: the grammar, byte by byte.
    #[test]
    fn takes_exactly_the_bytes_of_the_grammar() {
        for byte in 0u8..=127 {
            let name = char::from(byte).to_string();
            let allowed = byte == 0x21 || (0x23..=0x5b).contains(&byte) || (0x5d..=0x7e).contains(&byte);
            assert_eq!(ScopeName::parse(&name).is_ok(), allowed, "{byte:#x}");
        }
        assert!(ScopeName::parse("café").is_err());
    }

    /// T-6749-13: single spaces between names, nothing else.
    #[test]
    fn refuses_every_other_separator() {
        for bad in ["", " ", "a ", " a", "a  b", "a\tb", "a\nb", "a\u{a0}b"] {
            assert!(ScopeParam::parse(bad).is_err(), "{bad:?}");
        }
        let names: Vec<_> = ScopeParam::parse("b a").unwrap().names().collect();
        assert_eq!(names, ["b", "a"]);
    }

    /// threats 3, "scope-processing DoS": a thousand names and no more, refused rather than cut.
    #[test]
    fn caps_the_number_of_names() {
        let thousand = vec!["s"; 1000].join(" ");
        assert!(ScopeParam::parse(&thousand).is_ok());
        assert_eq!(ScopeParam::parse(&format!("{thousand} s")), Err(ScopeError::Count));
        assert_eq!(ScopeParam::parse(&"s".repeat(256)), Err(ScopeError::Length));
    }
}
