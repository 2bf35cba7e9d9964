//! The error codes of protected resources, and the status that each travels with.

/// An error code that a protected resource challenges with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// RFC 6750 §3.1: the request is malformed, or carries a token in two ways.
    InvalidRequest,
    /// RFC 6750 §3.1: the token is expired, revoked, malformed, meant for somebody else, or bound to somebody else.
    InvalidToken,
    /// RFC 6750 §3.1: the token is good and its scope too narrow.
    InsufficientScope,
    /// RFC 9449 §7.1: the DPoP proof is refused.
    InvalidDpopProof,
    /// RFC 9449 §9: the proof needs the nonce that comes with this answer.
    UseDpopNonce,
}

impl Code {
    /// Every code, in the order of this file.
    pub const ALL: [Self; 5] = [
        Self::InvalidRequest,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::InvalidDpopProof,
        Self::UseDpopNonce,
    ];

    /// The code as it stands in `error`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
        }
    }

    /// Reads a code, case-sensitively.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == code)
    }

    /// The HTTP status of an answer with this code (RFC 6750 §3.1, RFC 9449 §7.1, §9).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::InvalidToken | Self::InvalidDpopProof | Self::UseDpopNonce => 401,
            Self::InsufficientScope => 403,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6750-06, T-9449-05, T-9449-10: the statuses of the RFCs; what concerns DPoP is never 403.
    #[test]
    fn statuses_are_those_of_the_rfcs() {
        let found = Code::ALL.map(|code| (code.as_str(), code.status()));
        assert_eq!(
            found,
            [
                ("invalid_request", 400),
                ("invalid_token", 401),
                ("insufficient_scope", 403),
                ("invalid_dpop_proof", 401),
                ("use_dpop_nonce", 401),
            ]
        );
        assert!(Code::ALL.into_iter().all(|code| Code::parse(code.as_str()) == Some(code)));
        assert_eq!(Code::parse("Invalid_Token"), None);
    }
}
