//! The registered OAuth error codes, the status each travels with, and the error body (RFC 6749 §5.2).

use serde::{Deserialize, Serialize};

/// An error code of the "OAuth Extensions Error" registry that a token endpoint or a protected resource answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// RFC 6749 §5.2: a parameter is missing, repeated, or malformed.
    InvalidRequest,
    /// RFC 6749 §5.2: client authentication failed.
    InvalidClient,
    /// RFC 6749 §5.2: the grant presented is invalid or expired.
    InvalidGrant,
    /// RFC 6749 §5.2: this client may not use this grant type.
    UnauthorizedClient,
    /// RFC 6749 §5.2: the server does not know this grant type.
    UnsupportedGrantType,
    /// RFC 6749 §5.2: the scope is malformed, unknown, or not granted.
    InvalidScope,
    /// RFC 8707 §2: the resource is malformed, unknown, or not this client's.
    InvalidTarget,
    /// RFC 6749 §4.1.2.1: refused by policy; the Auth0 and Keycloak dialects use it at the token endpoint.
    AccessDenied,
    /// RFC 6750 §3.1: the token is expired, revoked, malformed, or meant for somebody else.
    InvalidToken,
    /// RFC 6750 §3.1: the token is good and its scope too narrow.
    InsufficientScope,
    /// RFC 6749 §4.1.2.1: the server met a condition it did not expect.
    ServerError,
    /// RFC 6749 §4.1.2.1: overloaded or under maintenance; try again later.
    TemporarilyUnavailable,
}

impl ErrorCode {
    /// Every code, in the order of this file.
    pub const ALL: [Self; 12] = [
        Self::InvalidRequest,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::InvalidScope,
        Self::InvalidTarget,
        Self::AccessDenied,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::ServerError,
        Self::TemporarilyUnavailable,
    ];

    /// The code as it stands in the `error` member.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }

    /// The HTTP status that the code travels with on native endpoints.
    ///
    /// RFC 6749 §5.2 (400, and 401 for `invalid_client`, always: our choice C9), RFC 6750 §3.1 (401, 403).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken => 401,
            Self::AccessDenied | Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

/// The JSON body of an error answer (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The code, as [`ErrorCode::as_str`] spells it.
    pub error: String,
    /// One sentence for the developer of the client; see [`printable`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// `text` with every character that RFC 6749 §5.2 forbids in `error_description` replaced by `?`.
///
/// Allowed are %x20-21, %x23-5B and %x5D-7E, so a caller's own bytes can be quoted without ending the string.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_printable = |c| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    if text.chars().all(is_printable) {
        return text.to_owned(); // as nearly every one is
    }
    let instead = |c| if c == '"' { '\'' } else { '?' };
    text.chars().map(|c| if is_printable(c) { c } else { instead(c) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6749-20, T-6750-06: the status of each code, against the RFCs and choice C9.
    #[test]
    fn statuses_are_those_of_the_rfcs() {
        for code in ErrorCode::ALL {
            let expected = match code.as_str() {
                "invalid_client" | "invalid_token" => 401,
                "insufficient_scope" | "access_denied" => 403,
                "server_error" => 500,
                "temporarily_unavailable" => 503,
                _ => 400,
            };
            assert_eq!(code.status(), expected, "{}", code.as_str());
        }
    }

    /// T-6749-21: nothing outside the allowed bytes is reflected.
    #[test]
    fn descriptions_hold_only_allowed_bytes() {
        let hostile: String = (0u8..=255).map(char::from).collect();
        let shown = printable(&hostile);
        assert!(shown.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
        assert_eq!(printable("a\"b\\c\r\n£"), "a'b?c???");
    }
}
