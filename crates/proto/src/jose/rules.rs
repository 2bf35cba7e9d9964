//! What a token must be to be believed. Nothing has a default where none is safe: issuer, audience, type and algorithms
//! are all demanded (RFC 8725 §3.1, §3.8, §3.9, §3.11).

use std::fmt;

use super::Algorithm;

/// What [`verify`](super::verify()) demands of a token.
#[derive(Clone, Debug)]
pub struct Rules {
    pub(super) issuers: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) types: Vec<String>,
    pub(super) missing_type: bool,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) leeway: i64,
}

/// A leeway above [`MAX_LEEWAY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeewayTooLong;

/// The most that clocks may differ, in seconds (RFC 7519 §4.1.4: "a few minutes" at most; RFC 9068 needs less).
pub const MAX_LEEWAY: u32 = 60;
/// What clocks may differ unless said otherwise, in seconds.
pub const DEFAULT_LEEWAY: u32 = 30;

impl Rules {
    /// Tokens of this type, from this issuer, for this audience, signed with one of these algorithms.
    ///
    /// Issuer and audience are compared byte by byte. The type is a media type, compared without regard to case and to
    /// a leading `application/` (RFC 7515 §4.1.9).
    #[must_use]
    pub fn new(
        typ: impl Into<String>,
        issuer: impl Into<String>,
        audience: impl Into<String>,
        algorithms: &[Algorithm],
    ) -> Self {
        Self {
            issuers: vec![issuer.into()],
            audiences: vec![audience.into()],
            types: vec![typ.into()],
            missing_type: false,
            algorithms: algorithms.to_vec(),
            leeway: i64::from(DEFAULT_LEEWAY),
        }
    }

    /// Also tokens from this issuer.
    #[must_use]
    pub fn or_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Also tokens for this audience; one of them suffices.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Also tokens of this type. Beware of `JWT`: ID tokens and many others have it too.
    #[must_use]
    pub fn or_type(mut self, typ: impl Into<String>) -> Self {
        self.types.push(typ.into());
        self
    }

    /// Also tokens that do not say their type: any JWT of the issuer may then pass for this one.
    #[must_use]
    pub fn danger_or_missing_type(mut self) -> Self {
        self.missing_type = true;
        self
    }

    /// How many seconds clocks may differ; [`DEFAULT_LEEWAY`] unless said.
    ///
    /// # Errors
    /// [`LeewayTooLong`] above [`MAX_LEEWAY`].
    pub fn leeway(mut self, seconds: u32) -> Result<Self, LeewayTooLong> {
        if seconds > MAX_LEEWAY {
            return Err(LeewayTooLong);
        }
        self.leeway = i64::from(seconds);
        Ok(self)
    }

    /// Whether a header with this `typ` is of an accepted type.
    pub(super) fn accepts_type(&self, typ: Option<&str>) -> bool {
        match typ {
            None => self.missing_type,
            Some(typ) => self.types.iter().any(|accepted| same_media_type(accepted, typ)),
        }
    }
}

impl fmt::Display for LeewayTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clocks may differ by at most {MAX_LEEWAY} seconds")
    }
}

impl std::error::Error for LeewayTooLong {}

pub(super) fn same_media_type(left: &str, right: &str) -> bool {
    without_application(left).eq_ignore_ascii_case(without_application(right))
}

/// The prefix may be left out only when no other slash follows (RFC 7515 §4.1.9).
fn without_application(typ: &str) -> &str {
    match typ.split_at_checked(APPLICATION.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(APPLICATION) && !rest.contains('/') => rest,
        _ => typ,
    }
}

const APPLICATION: &str = "application/";

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules::new("at+jwt", "https://issuer.example", "https://api.example", &[Algorithm::ES256])
    }

    /// T-9068-04: the type is compared as a media type.
    #[test]
    fn types_are_compared_as_media_types() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(rules().accepts_type(Some(typ)), "{typ}");
        }
        for typ in [
            "JWT",
            "",
            "at+jwt ",
            "at+jwt; charset=utf-8",
            "application/",
            "application/x/at+jwt",
            "application/application/at+jwt",
            "text/at+jwt",
            "é",
            "applicatioé/at+jwt",
        ] {
            assert!(!rules().accepts_type(Some(typ)), "{typ}");
        }
        assert!(!rules().accepts_type(None));
        assert!(rules().danger_or_missing_type().accepts_type(None));
        assert!(rules().or_type("JWT").accepts_type(Some("jwt")));
        assert!(!rules().or_type("text/x").accepts_type(Some("application/text/x")));
    }

    #[test]
    fn the_leeway_is_at_most_a_minute() {
        assert_eq!(rules().leeway(60).unwrap().leeway, 60);
        assert_eq!(rules().leeway(61).err(), Some(LeewayTooLong));
    }
}
