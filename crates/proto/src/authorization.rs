//! The `Authorization` header of a request to a protected resource (RFC 6750 §2.1, RFC 9449 §7.1): read before anything
//! else is done, so that what is no token costs nothing.

use std::fmt;

use crate::jose::jws;

/// How an access token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Whoever has the token may use it (RFC 6750).
    Bearer,
    /// Who uses it proves to hold its key (RFC 9449 §7.1).
    DPoP,
}

/// What follows `Bearer` or `DPoP` in an `Authorization` header: perhaps a token, good for looking one up, and for nothing
/// else before [`Self::token`].
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    scheme: Scheme,
    bytes: &'a [u8],
}

/// An access token as it was presented: well-formed, and not yet anything more.
#[derive(Clone, Copy)]
pub struct PresentedToken<'a> {
    scheme: Scheme,
    token: &'a str,
}

impl Scheme {
    /// Both, in the order of the enum.
    pub const ALL: [Self; 2] = [Self::Bearer, Self::DPoP];

    /// The registered name, as we write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::DPoP => "DPoP",
        }
    }

    /// Reads a name without regard to case (RFC 9110 §11.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.as_str().eq_ignore_ascii_case(name))
    }
}

impl<'a> Credentials<'a> {
    /// Reads the value of an `Authorization` header: a scheme in any case, spaces, and at most [`MAX_TOKEN`] bytes.
    ///
    /// # Errors
    /// [`AuthorizationError::OtherScheme`], which means that no access token was sent, and
    /// [`AuthorizationError::TooLong`].
    ///
    /// Does not check: that there is one such header only, and which bytes follow the scheme, if any.
    pub fn parse(header: &'a [u8]) -> Result<Self, AuthorizationError> {
        let (scheme, bytes) = match header.strip_prefix(b"Bearer ") {
            Some(rest) => (Scheme::Bearer, rest), // as nearly everybody writes it
            None => any_spelling(header)?,
        };
        // RFC 9110 §11.4: one space or more
        let spaces = bytes.iter().take_while(|byte| **byte == b' ').count();
        let bytes = bytes.get(spaces..).unwrap_or_default();
        if bytes.len() > MAX_TOKEN { Err(AuthorizationError::TooLong) } else { Ok(Self { scheme, bytes }) }
    }

    /// How they were sent.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        self.scheme
    }

    /// What may be a token.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The token that they are, of the syntax that RFC 6750 §2.1 calls `b64token`.
    ///
    /// # Errors
    /// [`AuthorizationError::Malformed`] where they are none.
    ///
    /// Does not check: as [`PresentedToken::parse`].
    pub fn token(self) -> Result<PresentedToken<'a>, AuthorizationError> {
        let Self { scheme, bytes } = self;
        if !is_b64token(bytes) {
            return Err(AuthorizationError::Malformed);
        }
        let token = str::from_utf8(bytes).map_err(|_| AuthorizationError::Malformed)?;
        Ok(PresentedToken { scheme, token })
    }
}

impl<'a> PresentedToken<'a> {
    /// Reads the value of an `Authorization` header: a scheme in any case, spaces, and a token of at most
    /// [`MAX_TOKEN`] bytes of the syntax that RFC 6750 §2.1 calls `b64token`.
    ///
    /// # Errors
    /// [`AuthorizationError`]; only [`AuthorizationError::OtherScheme`] means that no access token was sent.
    ///
    /// Does not check: that there is one such header only, and anything of the token.
    pub fn parse(header: &'a [u8]) -> Result<Self, AuthorizationError> {
        Credentials::parse(header)?.token()
    }

    /// How it was sent.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The token itself; every call is a place to look at in review.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.token
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why an `Authorization` header holds no access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizationError {
    /// Neither Bearer nor DPoP.
    OtherScheme,
    /// Bearer or DPoP, and then no token, or characters that no token has.
    Malformed,
    /// The token is longer than [`MAX_TOKEN`].
    TooLong,
}

impl fmt::Display for AuthorizationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherScheme => f.write_str("the Authorization scheme is neither Bearer nor DPoP"),
            Self::Malformed => f.write_str(
                "the Authorization header is not a scheme, spaces and a token (RFC 6750 section 2.1)",
            ),
            Self::TooLong => write!(f, "the access token is longer than {MAX_TOKEN} bytes"),
        }
    }
}

impl std::error::Error for AuthorizationError {}

/// Scheme and rest of a header, where the scheme is one of ours in any case.
fn any_spelling(header: &[u8]) -> Result<(Scheme, &[u8]), AuthorizationError> {
    let space = header.iter().take(LONGEST_SCHEME + 1).position(|byte| *byte == b' ');
    let (name, rest) = header.split_at(space.unwrap_or(header.len()));
    let known = |scheme: &Scheme| name.eq_ignore_ascii_case(scheme.as_str().as_bytes());
    let scheme = Scheme::ALL.into_iter().find(known).ok_or(AuthorizationError::OtherScheme)?;
    Ok((scheme, rest))
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750 §2.1).
fn is_b64token(token: &[u8]) -> bool {
    let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let body = token.get(..end).unwrap_or_default();
    // no way out in the middle, and no branches in `fits`, so that the compiler looks at many at a time
    !body.is_empty() && body.iter().fold(true, |all, byte| all & fits(*byte))
}

const fn fits(byte: u8) -> bool {
    let is_letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let is_digit_or_one_of = byte.wrapping_sub(b'-') < 13; // - . / 0-9
    is_letter | is_digit_or_one_of | (byte == b'+') | (byte == b'_') | (byte == b'~')
}

/// The longest access token, in bytes: the longest JWT that is read.
pub const MAX_TOKEN: usize = jws::MAX_LEN;
const LONGEST_SCHEME: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &[u8]) -> Result<(Scheme, &str), AuthorizationError> {
        PresentedToken::parse(header).map(|presented| (presented.scheme(), presented.token()))
    }

    /// T-6750-01: the header is read, the scheme in any case.
    #[test]
    fn the_scheme_has_no_case() {
        for name in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            assert_eq!(
                parse(format!("{name} mF_9.B5f-4.1JqM").as_bytes()),
                Ok((Scheme::Bearer, "mF_9.B5f-4.1JqM"))
            );
        }
        for name in ["DPoP", "dpop", "DPOP"] {
            assert_eq!(parse(format!("{name} a").as_bytes()), Ok((Scheme::DPoP, "a")));
        }
        assert_eq!(Scheme::parse("dpop"), Some(Scheme::DPoP));
        assert_eq!(Scheme::parse("Basic"), None);
    }

    /// T-6750-08: the syntax, byte by byte, before anything is decoded.
    #[test]
    fn a_token_has_only_the_bytes_of_the_grammar() {
        for byte in 0u8..=255 {
            let header = [&b"Bearer a"[..], &[byte], b"a"].concat();
            let fits = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(parse(&header).is_ok(), fits, "{byte:#x}");
        }
        for good in ["a", "a=", "a==", "a======", "+/~", "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"] {
            assert_eq!(parse(format!("Bearer {good}").as_bytes()), Ok((Scheme::Bearer, good)));
            assert_eq!(parse(format!("Bearer   {good}").as_bytes()), Ok((Scheme::Bearer, good)));
        }
        for bad in [
            "Bearer",
            "Bearer ",
            "Bearer   ",
            "Bearer \ta",
            "Bearer a ",
            "Bearer a b",
            "Bearer a, Bearer b",
            "Bearer =",
            "Bearer =a",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer token=a",
            "DPoP ",
            "DPoP a\n",
        ] {
            assert_eq!(parse(bad.as_bytes()), Err(AuthorizationError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn another_scheme_is_told_apart() {
        for other in
            ["", " ", " Bearer a", "Basic YTpi", "Bearera a", "Beare a", "Bearer\ta", "Bearer,a", "DPoPa"]
        {
            assert_eq!(parse(other.as_bytes()), Err(AuthorizationError::OtherScheme), "{other:?}");
        }
    }

    /// T-6750-08: capped before it is looked at.
    #[test]
    fn a_token_is_capped() {
        let longest = format!("Bearer {}", "a".repeat(MAX_TOKEN));
        assert!(parse(longest.as_bytes()).is_ok());
        assert_eq!(parse(format!("{longest}!").as_bytes()), Err(AuthorizationError::TooLong));
    }
}
