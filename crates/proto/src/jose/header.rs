//! The protected header of a JWS (RFC 7515 §4.1), read as hostile: members that could move trust elsewhere are never
//! kept, and those that change how the rest is read refuse the token.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::{
    Algorithm,
    json::{self, JsonError, Limits, Member},
};

/// What a protected header says, as far as we listen.
///
/// `jku`, `jwk`, `x5u`, `x5c` and the rest are read over and dropped: a key comes from where we trust, never from
/// the token (RFC 8725 §3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub(super) alg: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
    pub(super) cty: Option<String>,
}

/// Why a header was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// Not strict JSON, or not an object (`null` included).
    Json(JsonError),
    /// A member is missing, or not a string of reasonable length.
    Member(&'static str),
    /// `alg` is `none`, in whatever case.
    Unsigned,
    /// `alg` is an HMAC: a shared secret proves nothing to a third party.
    Symmetric,
    /// `alg` is none of [`Algorithm`].
    UnknownAlgorithm,
    /// `crit` is there; we implement no extension, so that even an empty one is refused (RFC 7515 §4.1.11).
    Critical,
    /// `b64` is there (RFC 7797).
    Unencoded,
    /// `enc` is there: a JWE header.
    Encrypted,
    /// `zip` is there.
    Compressed,
}

impl Header {
    /// Reads the decoded header of at most 4 KiB and 8 levels.
    ///
    /// # Errors
    /// [`HeaderError`], for all that it lists.
    ///
    /// Does not check: whether the algorithm is allowed, or the type the expected one; that is `Rules`' part.
    pub fn parse(decoded: &[u8]) -> Result<Self, HeaderError> {
        Self::parse_with_jwk(decoded).map(|(header, _)| header)
    }

    /// As [`Self::parse`], with the `jwk` that a DPoP proof, and nothing else, is verified with (RFC 9449 §4.2).
    pub(super) fn parse_with_jwk(decoded: &[u8]) -> Result<(Self, Option<Value>), HeaderError> {
        let [mut alg, mut kid, mut typ, mut cty] = [const { None }; 4];
        let mut jwk = None;
        let mut refused = None;
        json::each_member(decoded, LIMITS, |name, value| match &*name {
            "alg" => alg = Some(value),
            "kid" => kid = Some(value),
            "typ" => typ = Some(value),
            "cty" => cty = Some(value),
            "jwk" => jwk = Some(value.into()),
            name => refused = first_refused(refused, name),
        })
        .map_err(HeaderError::Json)?;
        if let Some((_, error)) = refused.and_then(|at| REFUSED.get(at)) {
            return Err(error.clone());
        }
        let header = Self {
            alg: algorithm(&text(alg, "alg", NAME)?.ok_or(HeaderError::Member("alg"))?)?,
            kid: text(kid, "kid", KID)?.map(Cow::into_owned),
            typ: text(typ, "typ", NAME)?.map(Cow::into_owned),
            cty: text(cty, "cty", NAME)?.map(Cow::into_owned),
        };
        Ok((header, jwk))
    }

    /// `alg`: what the token claims to be signed with.
    #[must_use]
    pub const fn alg(&self) -> Algorithm {
        self.alg
    }

    /// `kid`: which key it asks for; at most 256 bytes of any characters.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ`: which kind of token it claims to be.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// `cty`: what it says of its payload.
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.cty.as_deref()
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the header: {error}"),
            Self::Member(name) => {
                write!(f, "the header's {name} is missing, not a string, empty or too long")
            }
            Self::Unsigned => f.write_str("the token is not signed (alg none)"),
            Self::Symmetric => {
                f.write_str("the token is signed with a shared secret (HMAC), which is not accepted")
            }
            Self::UnknownAlgorithm => {
                f.write_str("the header's alg is none of RS256, PS256, ES256, ES384 and EdDSA")
            }
            Self::Critical => {
                f.write_str("the header has crit: it demands an extension that is not understood")
            }
            Self::Unencoded => f.write_str("the header has b64: unencoded payloads are not accepted"),
            Self::Encrypted => f.write_str("the header has enc: this is an encrypted token"),
            Self::Compressed => f.write_str("the header has zip: compressed tokens are not accepted"),
        }
    }
}

impl std::error::Error for HeaderError {}

/// The first in [`REFUSED`] of the one that was found so far and of `name`: their order in the header tells nothing.
fn first_refused(found: Option<usize>, name: &str) -> Option<usize> {
    let named = REFUSED.iter().position(|(refused, _)| *refused == name);
    found.into_iter().chain(named).min()
}

fn text<'h>(
    member: Option<Member<'h>>,
    name: &'static str,
    longest: usize,
) -> Result<Option<Cow<'h, str>>, HeaderError> {
    match member {
        None => Ok(None),
        Some(Member::Text(text)) if !text.is_empty() && text.len() <= longest => Ok(Some(text)),
        Some(_) => Err(HeaderError::Member(name)),
    }
}

fn algorithm(name: &str) -> Result<Algorithm, HeaderError> {
    Algorithm::parse(name).ok_or_else(|| match name {
        "HS256" | "HS384" | "HS512" => HeaderError::Symmetric,
        _ if name.eq_ignore_ascii_case("none") => HeaderError::Unsigned,
        _ => HeaderError::UnknownAlgorithm,
    })
}

/// The members that change how the rest is read.
static REFUSED: [(&str, HeaderError); 4] = [
    ("crit", HeaderError::Critical),
    ("b64", HeaderError::Unencoded),
    ("enc", HeaderError::Encrypted),
    ("zip", HeaderError::Compressed),
];
const LIMITS: Limits = Limits { bytes: 4 * 1024, depth: 8 };
/// The longest `kid` that we look up, in bytes.
pub(super) const KID: usize = 256;
const NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(header: &str) -> HeaderError {
        Header::parse(header.as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_what_it_keeps_and_drops_the_rest() {
        let header = Header::parse(
            br#"{"alg":"Ed25519","kid":"1","typ":"at+jwt","cty":"x","jku":"https://evil.example","jwk":{"kty":"oct","k":""},"x5c":["a"],"x5u":1}"#,
        )
        .unwrap();
        assert_eq!(header.alg(), Algorithm::EdDSA);
        assert_eq!((header.kid(), header.typ(), header.cty()), (Some("1"), Some("at+jwt"), Some("x")));
    }

    /// T-8725-02, threats §1 (alg none, confusion): told apart only in words, refused alike.
    #[test]
    fn no_algorithm_outside_the_list() {
        for alg in ["none", "None", "nOnE", "NONE"] {
            assert_eq!(refused(&format!(r#"{{"alg":"{alg}"}}"#)), HeaderError::Unsigned);
        }
        for alg in ["HS256", "HS384", "HS512"] {
            assert_eq!(refused(&format!(r#"{{"alg":"{alg}"}}"#)), HeaderError::Symmetric);
        }
        for alg in ["rs256", "RS384", "RSA1_5", "dir", "ES256K", "none "] {
            assert_eq!(refused(&format!(r#"{{"alg":"{alg}"}}"#)), HeaderError::UnknownAlgorithm);
        }
        for alg in ["null", "1", "[\"ES256\"]", "\"\""] {
            assert_eq!(refused(&format!(r#"{{"alg":{alg}}}"#)), HeaderError::Member("alg"));
        }
        assert_eq!(refused("{}"), HeaderError::Member("alg"));
    }

    /// Threats §1 (crit, b64, zip): any value refuses, the harmless-looking ones too.
    #[test]
    fn members_that_change_the_reading_are_refused() {
        for (member, error) in [
            (r#""crit":["exp"]"#, HeaderError::Critical),
            (r#""crit":[]"#, HeaderError::Critical),
            (r#""crit":null"#, HeaderError::Critical),
            (r#""b64":false"#, HeaderError::Unencoded),
            (r#""b64":true"#, HeaderError::Unencoded),
            (r#""zip":"DEF""#, HeaderError::Compressed),
            (r#""enc":"A256GCM""#, HeaderError::Encrypted),
        ] {
            assert_eq!(refused(&format!(r#"{{"alg":"ES256",{member}}}"#)), error, "{member}");
        }
    }

    /// Threats §1 (kid): not a string, empty, huge, twice.
    #[test]
    fn a_hostile_kid_is_refused() {
        for kid in ["1", "null", "[\"a\"]", "{}", "\"\"", &format!("\"{}\"", "k".repeat(257))] {
            assert_eq!(
                refused(&format!(r#"{{"alg":"ES256","kid":{kid}}}"#)),
                HeaderError::Member("kid"),
                "{kid}"
            );
        }
        assert_eq!(
            refused(r#"{"alg":"ES256","kid":"a","kid":"b"}"#),
            HeaderError::Json(JsonError::Duplicate("kid".into()))
        );
    }

    #[test]
    fn a_header_is_an_object() {
        for header in ["null", "[]", "\"ES256\""] {
            assert_eq!(refused(header), HeaderError::Json(JsonError::NotAnObject));
        }
    }
}
