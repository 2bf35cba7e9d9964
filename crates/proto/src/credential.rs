//! What a caller presented to prove who it is: parsed, not yet proven (RFC 6749 §2.3.1, RFC 7617).

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::form::{self, Form};

/// The credentials of one request: at most one set, wherever it stood.
pub enum Presented<'a> {
    /// Neither an `Authorization` header nor a `client_id` in the form.
    Nothing,
    /// A `client_id` alone, without anything that proves it.
    Unproven(Cow<'a, str>),
    /// A client secret.
    Secret(PresentedSecret<'a>),
}

/// A client id with a secret that is still to be checked.
pub struct PresentedSecret<'a> {
    /// Whose secret it claims to be.
    pub client_id: Cow<'a, str>,
    /// The secret as a client that follows RFC 6749 §2.3.1 means it, or the only reading there is.
    pub secret: SecretReading<'a>,
    /// The raw reading, where it differs from the first: curl and many libraries send Basic unencoded (choice C13).
    pub raw: Option<SecretReading<'a>>,
    /// Where it stood.
    pub transport: Transport,
}

/// One reading of a presented secret; wiped when dropped, never printed.
pub enum SecretReading<'a> {
    /// Still part of the request's own bytes.
    Borrowed(&'a [u8]),
    /// Decoded into memory of its own.
    Owned(Zeroizing<Vec<u8>>),
}

impl SecretReading<'_> {
    /// The bytes to check.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

/// Where a secret stood in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `client_secret_basic`: the `Authorization` header.
    Basic,
    /// `client_secret_post`: the form.
    Body,
}

/// A decoded `Authorization: Basic` header.
pub struct Basic {
    /// The client id, form-decoded where that is possible.
    pub client_id: String,
    secret: SecretReading<'static>,
    raw: Option<SecretReading<'static>>,
    /// Whether both halves were properly form-encoded; Keycloak refuses a request where they are not.
    pub well_encoded: bool,
}

impl Basic {
    /// Reads the value of an `Authorization` header whose scheme is `Basic`, in any case.
    ///
    /// Does not check: that the id is registered, that the secret is right.
    ///
    /// # Errors
    /// [`BasicError`] when the scheme is another, the base64 is not the strict one of RFC 4648 §4, or there is no colon.
    pub fn parse(header: &[u8]) -> Result<Self, BasicError> {
        if header.len() > MAX_HEADER {
            return Err(BasicError::Malformed);
        }
        let space = header.iter().position(|&b| b == b' ').unwrap_or(header.len());
        let (scheme, rest) = header.split_at(space);
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Err(BasicError::OtherScheme);
        }
        let encoded = rest.get(1..).ok_or(BasicError::Malformed)?;
        let pair = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| BasicError::Malformed)?);
        let colon = pair.iter().position(|&b| b == b':').ok_or(BasicError::Malformed)?;
        let (id, secret) = pair.split_at(colon);
        let secret = secret.get(1..).unwrap_or_default();

        let decoded_id = form::decode(id);
        let decoded_secret = form::decode(secret);
        let well_encoded = decoded_id.is_ok() && decoded_secret.is_ok();
        let raw = || SecretReading::Owned(Zeroizing::new(secret.to_vec()));
        let (first, second) = match decoded_secret {
            Ok(decoded) if decoded.as_bytes() != secret => {
                (SecretReading::Owned(Zeroizing::new(decoded.into_owned().into_bytes())), Some(raw()))
            }
            _ => (raw(), None),
        };
        let client_id = match decoded_id {
            Ok(id) => id.into_owned(),
            Err(_) => String::from_utf8_lossy(id).into_owned(),
        };
        Ok(Self { client_id, secret: first, raw: second, well_encoded })
    }
}

impl From<Basic> for PresentedSecret<'static> {
    fn from(basic: Basic) -> Self {
        Self {
            client_id: Cow::Owned(basic.client_id),
            secret: basic.secret,
            raw: basic.raw,
            transport: Transport::Basic,
        }
    }
}

impl<'a> Presented<'a> {
    /// The credentials in a form: `client_id` and `client_secret` (RFC 6749 §2.3.1).
    #[must_use]
    pub fn from_form(form: &'a Form<'_>) -> Self {
        match (form.get("client_id"), form.get("client_secret")) {
            (Some(id), Some(secret)) => Self::Secret(PresentedSecret {
                client_id: Cow::Borrowed(id),
                secret: SecretReading::Borrowed(secret.as_bytes()),
                raw: None,
                transport: Transport::Body,
            }),
            (Some(id), None) => Self::Unproven(Cow::Borrowed(id)),
            (None, _) => Self::Nothing,
        }
    }

    /// Whose credentials these claim to be.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Unproven(id) => Some(id),
            Self::Secret(secret) => Some(&secret.client_id),
        }
    }
}

/// Why an `Authorization` header holds no Basic credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicError {
    /// Another scheme than Basic.
    OtherScheme,
    /// Basic, and not readable.
    Malformed,
}

impl fmt::Display for BasicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherScheme => "the Authorization scheme is not Basic",
            Self::Malformed => "the Basic credentials are not base64 of id:secret (RFC 7617 section 2)",
        })
    }
}

impl std::error::Error for BasicError {}

const MAX_HEADER: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(pair: &str) -> Basic {
        Basic::parse(format!("Basic {}", STANDARD.encode(pair)).as_bytes()).ok().unwrap()
    }

    fn readings(basic: &Basic) -> Vec<&[u8]> {
        std::iter::once(&basic.secret).chain(&basic.raw).map(SecretReading::as_bytes).collect()
    }

    /// T-6749-10, C13: both readings where they differ, one where they do not or cannot be decoded.
    #[test]
    fn secrets_have_two_readings_where_they_differ() {
        assert_eq!(readings(&basic("a:plain")), [b"plain"]);
        assert_eq!(readings(&basic("a:a%20b")), [&b"a b"[..], b"a%20b"]);
        assert_eq!(readings(&basic("a:a+b")), [&b"a b"[..], b"a+b"]);
        assert_eq!(readings(&basic("a:100%zz")), [b"100%zz"]);
        assert_eq!(readings(&basic("a:x:y:z")), [b"x:y:z"]);
        assert_eq!(readings(&basic("a:")), [b""]);
        assert_eq!(readings(&basic("a:+%25%26%2B%C2%A3%E2%82%AC"))[0], " %&+£€".as_bytes());
        assert_eq!(basic("svc%40acme:x").client_id, "svc@acme");
    }

    /// T-6749-11, threats 3 "malformed Authorization header": strict base64, one space, a colon.
    #[test]
    fn refuses_what_is_not_strictly_basic() {
        for bad in [
            "Basic",
            "Basic ",
            "Basic  YTpi",
            "Basic YTpi ",
            "Basic\tYTpi",
            "Basic YTpi\n",
            "Basic YTp",
            "Basic YTo_",
            "Basic YTpiYw",
            "Basic YTpiYx==",
            "Basic YWI=",
            "BasicYTpi",
        ] {
            assert!(Basic::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert_eq!(Basic::parse(b"Bearer x").err(), Some(BasicError::OtherScheme));
        assert!(Basic::parse(b"bAsIc YTpi").is_ok());
        let long = format!("Basic {}", "A".repeat(1 << 20));
        assert_eq!(Basic::parse(long.as_bytes()).err(), Some(BasicError::Malformed));
    }

    /// T-6749-04: an empty `client_secret` is an absent one.
    #[test]
    fn an_empty_secret_in_the_form_proves_nothing() {
        let form = Form::parse(b"client_id=a&client_secret=").unwrap();
        assert!(matches!(Presented::from_form(&form), Presented::Unproven(id) if id == "a"));
    }
}
