//! Client identifiers (RFC 6749 §2.2), narrowed so that they read the same however a client sends them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A client identifier: 1 to 255 printable ASCII characters without space, `%`, `+`, `:`, `"` and `\`.
///
/// What is left out is what would differ between the raw and the form-encoded Basic header (RFC 6749 §2.3.1), or need
/// escaping in JSON. `.`, `..`, `default` and `admin` are reserved: they mean something else in our URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Box<str>);

impl ClientId {
    /// Reads a client identifier.
    ///
    /// # Errors
    /// [`ClientIdError`] with the rule that it breaks.
    pub fn parse(value: &str) -> Result<Self, ClientIdError> {
        Self::check(value)?;
        Ok(Self(value.into()))
    }

    /// Whether `value` is a client identifier, without making one.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn check(value: &str) -> Result<(), ClientIdError> {
        if value.is_empty() || value.len() > 255 {
            return Err(ClientIdError::Length);
        }
        let ok = |b: u8| matches!(b, 0x21..=0x7e) && !matches!(b, b'%' | b'+' | b':' | b'"' | b'\\');
        if !value.bytes().all(ok) {
            return Err(ClientIdError::Character);
        }
        if RESERVED.contains(&value) {
            return Err(ClientIdError::Reserved);
        }
        Ok(())
    }

    /// The identifier itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClientId {
    type Error = ClientIdError;
    fn try_from(value: String) -> Result<Self, ClientIdError> {
        Self::parse(&value)
    }
}

impl From<ClientId> for String {
    fn from(value: ClientId) -> Self {
        value.0.into()
    }
}

/// Names that our URLs give a meaning of their own, refused as client ids and as API identifiers.
pub const RESERVED: [&str; 4] = [".", "..", "default", "admin"];

/// Why a client identifier is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIdError {
    /// Empty, or longer than 255 characters.
    Length,
    /// A character that is not allowed.
    Character,
    /// One of [`RESERVED`].
    Reserved,
}

impl fmt::Display for ClientIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a client id has 1 to 255 characters",
            Self::Character => "a client id is printable ASCII without space, %, +, :, \" and \\",
            Self::Reserved => "'.', '..', 'default' and 'admin' are reserved and cannot be client ids",
        })
    }
}

impl std::error::Error for ClientIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// C13: ids hold nothing that the raw and the decoded Basic header would read differently.
    #[test]
    fn ids_read_the_same_raw_and_decoded() {
        for byte in 0u8..=127 {
            let id = format!("a{}", char::from(byte));
            let Ok(id) = ClientId::parse(&id) else { continue };
            let decoded: Vec<_> = form_urlencoded::parse(id.as_str().as_bytes()).collect();
            assert!(matches!(byte, b'=' | b'&') || decoded[0].0 == id.as_str(), "{id}");
        }
        for bad in ["", "a b", "a%41", "a+b", "a:b", "a\"", "a\\", "ä", "a\n", ".", "..", "default", "admin"]
        {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ClientId::parse(&"a".repeat(255)).is_ok());
        assert!(ClientId::parse(&"a".repeat(256)).is_err());
    }
}
