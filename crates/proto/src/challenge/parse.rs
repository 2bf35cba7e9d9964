//! The reading of `WWW-Authenticate` (RFC 9110 §11.6.1): strict in form and capped, since the answer may come from
//! anybody; challenges of other schemes and parameters of other names are read over.

use std::fmt;

use super::Challenge;
use super::reader::{Parameter, Reader};
use crate::error::printable;

/// Reads the challenges of the schemes Bearer and DPoP in all `WWW-Authenticate` headers of an answer, in their order.
///
/// Text for people (`realm`, `error_description`) may hold anything that a quoted string may; what RFC 6750 §3 does not
/// allow is shown as `?`.
///
/// # Errors
/// [`ParseError`] when any header is not of the form, a parameter stands twice in one challenge (RFC 6750 §3), or there
/// is more than is read: [`MAX_LEN`] bytes, [`MAX_CHALLENGES`] challenges, 32 parameters in one.
///
/// Does not check: that a challenge makes sense, such as a DPoP one that names algorithms.
pub fn parse<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Challenge>, ParseError> {
    let (mut length, mut seen) = (0, 0);
    let mut found = Vec::new();
    for value in values {
        length += value.len();
        if length > MAX_LEN {
            return Err(ParseError::TooLong);
        }
        let mut reader = Reader::new(value);
        while reader.skip_commas() {
            seen += 1;
            if seen > MAX_CHALLENGES {
                return Err(ParseError::TooMany);
            }
            found.extend(reader.challenge()?);
        }
    }
    Ok(found)
}

/// Why the challenges of an answer were not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// More than [`MAX_LEN`] bytes.
    TooLong,
    /// More than [`MAX_CHALLENGES`] challenges, or 32 parameters in one.
    TooMany,
    /// Not the form of RFC 9110 §11.6.1.
    Syntax,
    /// A parameter stands twice in one challenge.
    Repeated,
    /// This parameter has characters that it may not have (RFC 6750 §3).
    Value(&'static str),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "WWW-Authenticate is longer than {MAX_LEN} bytes"),
            Self::TooMany => f.write_str("WWW-Authenticate has too many challenges or parameters"),
            Self::Syntax => f.write_str("WWW-Authenticate is malformed (RFC 9110 section 11.6.1)"),
            Self::Repeated => f.write_str("WWW-Authenticate has a parameter twice in one challenge"),
            Self::Value(name) => {
                write!(
                    f,
                    "WWW-Authenticate's {name} has a character that it may not have (RFC 6750 section 3)"
                )
            }
        }
    }
}

impl std::error::Error for ParseError {}

impl Challenge {
    /// Takes the parameters that it knows.
    pub(super) fn with_all(mut self, parameters: Vec<Parameter>) -> Result<Self, ParseError> {
        let for_people = |value: &[u8]| Some(printable(&String::from_utf8_lossy(value)));
        for Parameter { name, value } in parameters {
            match name.as_str() {
                "realm" => self.realm = for_people(&value),
                "error_description" => self.error_description = for_people(&value),
                "error" => self.error = Some(for_machines("error", value)?),
                "scope" => self.scope = Some(for_machines("scope", value)?),
                "algs" => self.algs = Some(for_machines("algs", value)?),
                "resource_metadata" => {
                    self.resource_metadata = Some(for_machines("resource_metadata", value)?);
                }
                _ => {}
            }
        }
        Ok(self)
    }
}

/// What decides something is taken as it is or not at all.
fn for_machines(name: &'static str, value: Vec<u8>) -> Result<String, ParseError> {
    let text = String::from_utf8(value).map_err(|_| ParseError::Value(name))?;
    if printable(&text) == text { Ok(text) } else { Err(ParseError::Value(name)) }
}

/// The most that is read of all `WWW-Authenticate` headers of one answer, in bytes.
pub const MAX_LEN: usize = 8 * 1024;
/// The most challenges of one answer, whatever their scheme.
pub const MAX_CHALLENGES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::Scheme;
    use crate::challenge::Code;
    use crate::jose::Algorithm;

    fn read(value: &str) -> Result<Vec<Challenge>, ParseError> {
        parse([value.as_bytes()])
    }

    fn one(value: &str) -> Challenge {
        let mut found = read(value).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(found.len(), 1, "{value}");
        found.remove(0)
    }

    #[test]
    fn reads_what_is_printed() {
        let printed = Challenge::dpop("orders", &Algorithm::ALL)
            .with_error(Code::InvalidDpopProof, "the proof's htu is not the target of the request")
            .with_resource_metadata("https://api.example/.well-known/oauth-protected-resource/orders");
        assert_eq!(one(&printed.to_string()), printed);
    }

    /// RFC 6750 §3, RFC 9449 §7.1 and §9, RFC 9728 §5.1: the examples there.
    #[test]
    fn reads_the_examples_of_the_standards() {
        let expired = one(
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
        );
        assert_eq!((expired.realm(), expired.code()), (Some("example"), Some(Code::InvalidToken)));
        assert_eq!(expired.error_description(), Some("The access token expired"));
        let nonce = one(
            r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
        );
        assert_eq!((nonce.scheme(), nonce.code()), (Scheme::DPoP, Some(Code::UseDpopNonce)));
        let algs = one(r#"DPoP algs="ES256 PS256""#);
        assert_eq!(algs.algs().collect::<Vec<_>>(), ["ES256", "PS256"]);
        let metadata = one(
            r#"Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource""#,
        );
        assert_eq!(
            metadata.resource_metadata(),
            Some("https://resource.example.com/.well-known/oauth-protected-resource")
        );
        let both = read(r#"Bearer realm="WallyWorld", DPoP realm="WallyWorld", algs="ES256 PS256""#).unwrap();
        let shown = both.iter().map(|c| (c.scheme(), c.realm(), c.algs().count())).collect::<Vec<_>>();
        assert_eq!(shown, [(Scheme::Bearer, Some("WallyWorld"), 0), (Scheme::DPoP, Some("WallyWorld"), 2)]);
    }

    #[test]
    fn bears_what_the_form_allows() {
        assert_eq!(one("bearer REALM = orders ,, Scope=\"a  b\",").scopes().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(one("Bearer").to_string(), "Bearer");
        assert_eq!(one(r#"Bearer realm="a \"b\" \\é", x="\"", error=odd"#).realm(), Some("a 'b' ??"));
        assert_eq!(one(r#"Bearer error=odd"#).code(), None);
        assert_eq!(
            one(r#"Negotiate YWJj==, Basic realm="x, Bearer y=z", Bearer scope=a, NTLM"#).scopes().count(),
            1
        );
        assert_eq!(one("Negotiate, Bearer realm=a").realm(), Some("a"));
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read(" , ,").unwrap(), []);
        let two: [&[u8]; 2] = [b"Basic realm=a, Bearer", b"DPoP algs=ES256"];
        assert_eq!(parse(two).unwrap().len(), 2);
    }

    /// T-6750-07: each parameter at most once in a challenge.
    #[test]
    fn repetition_is_refused() {
        for value in [
            "Bearer realm=a, realm=a",
            "Bearer error=a, Error=b",
            "Bearer x=1, x=2",
            "Basic realm=a, realm=b",
        ] {
            assert_eq!(read(value), Err(ParseError::Repeated), "{value}");
        }
        assert_eq!(read("Bearer realm=a, DPoP realm=a").unwrap().len(), 2);
    }

    /// T-6750-07, T-6749-21: what decides something has the characters that it may have.
    #[test]
    fn foreign_characters_are_refused() {
        for name in ["error", "scope", "algs", "resource_metadata"] {
            for value in [r#"a\"b"#, r"a\\b", "a\tb", "é"] {
                assert_eq!(
                    read(&format!(r#"Bearer {name}="{value}""#)),
                    Err(ParseError::Value(name)),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for value in [
            "=",
            "\"Bearer\"",
            "Bearer\trealm=a",
            "Bearer/realm=a",
            "Bearer abc",
            "Bearer abc=",
            "Bearer realm=\"a",
            "Bearer realm=\"a\\",
            "Bearer realm=\"a\"b",
            "Bearer realm=a b",
            "Bearer realm=a error=b",
            "Bearer realm=a, =b",
            "Bearer realm=a;error=b",
            "Bearer realm=\"a\nb\"",
            "Bearer realm=\"a\\\nb\"",
            "Bearer realm==a",
            "Bearer realm=a, error=",
            "Basic realm=\"a",
        ] {
            assert_eq!(read(value), Err(ParseError::Syntax), "{value:?}");
        }
    }

    #[test]
    fn everything_is_capped() {
        let part = vec![b','; MAX_LEN / 2];
        assert_eq!(parse([&part[..], &part[..]]), Ok(Vec::new()));
        assert_eq!(parse([&part[..], &part[..], b","]), Err(ParseError::TooLong));
        assert_eq!(read(&"Bearer,".repeat(16)).unwrap().len(), 16);
        assert_eq!(read(&"Basic,".repeat(17)), Err(ParseError::TooMany));
        let many = |count: usize| (0..count).map(|n| format!("p{n}=1,")).collect::<String>();
        assert!(read(&format!("Bearer {}", many(32))).is_ok());
        assert_eq!(read(&format!("Bearer {}", many(33))), Err(ParseError::TooMany));
    }
}
