//! What a proof is held against: the request as the server knows it, never as the proof or a header describes it.

use std::fmt;

use super::Htu;
use crate::jose::{Algorithm, KeyThumbprint};

/// The request that a proof must be for, and how recent it must be.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    pub(super) method: &'a str,
    pub(super) targets: &'a [Htu],
    pub(super) token: Option<BoundToken<'a>>,
    pub(super) algorithms: &'a [Algorithm],
    pub(super) now: i64,
    pub(super) past: i64,
    pub(super) future: i64,
}

/// An access token with the key that it is bound to: one is not to be checked without the other.
#[derive(Clone, Copy)]
pub struct BoundToken<'a> {
    /// The token as it was presented.
    pub access_token: &'a str,
    /// `cnf.jkt` of the token, verified.
    pub jkt: &'a KeyThumbprint,
}

/// A window above [`MAX_WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowTooLong;

/// The algorithms that proofs may have unless said otherwise; RS256 only by name, as FAPI refuses it.
pub const DEFAULT_ALGORITHMS: [Algorithm; 4] =
    [Algorithm::ES256, Algorithm::ES384, Algorithm::PS256, Algorithm::EdDSA];
/// How old a proof may be, in seconds: half for clocks that differ, half for a slow request. The longer, the more
/// names must be remembered.
pub const DEFAULT_PAST: u32 = 60;
/// How far in the future a proof may have been made, in seconds: what tokens are granted too. FAPI demands at least 10
/// and wants less than 60.
pub const DEFAULT_FUTURE: u32 = 30;
/// The most for either, in seconds (RFC 9449 §11.1: "relatively brief", "on the order of seconds or minutes").
pub const MAX_WINDOW: u32 = 300;

impl<'a> Expected<'a> {
    /// A request to an API with this token; `now` is in seconds since 1970.
    ///
    /// `targets` are the URIs under which the API is reached, one of which the proof must name: made from configured
    /// origins, never from `Host` or `X-Forwarded-Host`. Method and proof are compared byte by byte.
    #[must_use]
    pub const fn at_resource(method: &'a str, targets: &'a [Htu], token: BoundToken<'a>, now: i64) -> Self {
        Self { token: Some(token), ..Self::at_token_endpoint(method, targets, now) }
    }

    /// A request for a token, which no proof can know yet; otherwise as [`Self::at_resource`].
    #[must_use]
    pub const fn at_token_endpoint(method: &'a str, targets: &'a [Htu], now: i64) -> Self {
        Self {
            method,
            targets,
            token: None,
            algorithms: &DEFAULT_ALGORITHMS,
            now,
            past: DEFAULT_PAST as i64,
            future: DEFAULT_FUTURE as i64,
        }
    }

    /// These algorithms instead of [`DEFAULT_ALGORITHMS`].
    #[must_use]
    pub const fn algorithms(self, algorithms: &'a [Algorithm]) -> Self {
        Self { algorithms, ..self }
    }

    /// How old a proof may be and how far in the future, in seconds, instead of [`DEFAULT_PAST`] and
    /// [`DEFAULT_FUTURE`].
    ///
    /// # Errors
    /// [`WindowTooLong`] when either is above [`MAX_WINDOW`].
    pub const fn window(self, past: u32, future: u32) -> Result<Self, WindowTooLong> {
        if past > MAX_WINDOW || future > MAX_WINDOW {
            return Err(WindowTooLong);
        }
        Ok(Self { past: past as i64, future: future as i64, ..self })
    }
}

impl fmt::Display for WindowTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a proof may lie at most {MAX_WINDOW} seconds in the past or in the future")
    }
}

impl std::error::Error for WindowTooLong {}
