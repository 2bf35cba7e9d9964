//! What a token is for: API identifiers, and the `resource` parameter of RFC 8707.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The identifier of an API, which is the `aud` of its tokens: 1 to 255 printable ASCII characters without space,
/// quotation mark and backslash.
///
/// An absolute URI without a fragment is what RFC 8707 wants; names such as `orders` are taken because Auth0 users
/// have them, and can be asked for by `audience` only. Reserved words are the caller's to refuse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiIdentifier(Box<str>);

impl ApiIdentifier {
    /// Reads an identifier.
    ///
    /// # Errors
    /// [`AudienceError`] with the rule that it breaks.
    pub fn parse(value: &str) -> Result<Self, AudienceError> {
        if value.is_empty() || value.len() > 255 {
            return Err(AudienceError::Length);
        }
        if !value.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            return Err(AudienceError::Character);
        }
        if value.contains('#') {
            return Err(AudienceError::Fragment);
        }
        Ok(Self(value.into()))
    }

    /// The identifier itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ApiIdentifier {
    type Error = AudienceError;
    fn try_from(value: String) -> Result<Self, AudienceError> {
        Self::parse(&value)
    }
}

impl From<ApiIdentifier> for String {
    fn from(value: ApiIdentifier) -> Self {
        value.0.into()
    }
}

/// Checks one `resource` parameter: an absolute URI without a fragment (RFC 8707 §2).
///
/// Does not check: whether anything is registered under it.
///
/// # Errors
/// [`AudienceError::NotAbsolute`] or [`AudienceError::Fragment`].
pub fn check_resource(value: &str) -> Result<(), AudienceError> {
    if value.contains('#') {
        return Err(AudienceError::Fragment);
    }
    let (scheme, rest) = value.split_once(':').ok_or(AudienceError::NotAbsolute)?;
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_ok || rest.is_empty() || rest.bytes().any(|b| b <= 0x20 || b >= 0x7f) {
        return Err(AudienceError::NotAbsolute);
    }
    Ok(())
}

/// Why an identifier or a resource is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceError {
    /// Empty, or longer than 255 characters.
    Length,
    /// A character that is not printable ASCII, or a space, quotation mark or backslash.
    Character,
    /// It has a fragment.
    Fragment,
    /// It is no absolute URI.
    NotAbsolute,
}

impl fmt::Display for AudienceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "an API identifier has 1 to 255 characters",
            Self::Character => {
                "an API identifier is printable ASCII without space, quotation mark and backslash"
            }
            Self::Fragment => "a resource has no fragment ('#', RFC 8707 section 2)",
            Self::NotAbsolute => {
                "a resource is an absolute URI such as https://orders.example (RFC 8707 section 2)"
            }
        })
    }
}

impl std::error::Error for AudienceError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8707-01: absolute, without fragment.
    #[test]
    fn a_resource_is_an_absolute_uri() {
        for good in ["https://orders.example", "https://a/b?c=d", "urn:example:orders", "api://x"] {
            assert_eq!(check_resource(good), Ok(()), "{good}");
        }
        for bad in
            ["", "orders", "/orders", "//orders.example", "https:", "1ab:c", "https://a b", "https://ü"]
        {
            assert_eq!(check_resource(bad), Err(AudienceError::NotAbsolute), "{bad}");
        }
        assert_eq!(check_resource("https://a#b"), Err(AudienceError::Fragment));
    }
}
