//! The claims of a JWT, read strictly (RFC 7519 §4.1, RFC 9068 §2.2, RFC 7800 §3.1): each registered claim has its one
//! type, and a claim of another type refuses the whole token.

mod numeric_date;

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

pub use numeric_date::NumericDate;

use super::json::{self, JsonError, Limits, Member};

/// The claims of one JWT. It proves nothing by itself: only [`Verified<Claims>`](super::Verified) does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// `iss`: who issued it.
    pub iss: Option<String>,
    /// `sub`: about whom it speaks.
    pub sub: Option<String>,
    /// `aud`: for whom it is meant; a single string becomes a list of one, empty when absent.
    pub aud: Vec<String>,
    /// `exp`: from this second on it is void.
    pub exp: Option<NumericDate>,
    /// `nbf`: before this second it is void.
    pub nbf: Option<NumericDate>,
    /// `iat`: when it was issued.
    pub iat: Option<NumericDate>,
    /// `jti`: its own name.
    pub jti: Option<String>,
    /// `client_id`: the client that asked for it (RFC 8693 §4.3).
    pub client_id: Option<String>,
    /// `scope`: space-separated (RFC 8693 §4.2); its syntax is not checked here.
    pub scope: Option<String>,
    /// `cnf`: what the presenter must prove to hold (RFC 7800 §3.1).
    pub cnf: Option<Map<String, Value>>,
    /// Every other claim, as it came.
    pub other: Map<String, Value>,
}

/// A claim that is missing or not of its type; names the claim, never its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimError {
    /// The claim's name.
    pub claim: &'static str,
    /// What is wrong with it.
    pub problem: ClaimProblem,
}

/// What is wrong with a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProblem {
    /// It is required and absent.
    Missing,
    /// It must be a string that is not empty.
    NotAString,
    /// It must be a number of seconds within [`NumericDate`]'s range.
    NotADate,
    /// It must be a string or a list of strings, neither empty.
    NotAnAudience,
    /// It must be an object.
    NotAnObject,
    /// It must name a key or certificate in a way that we know (RFC 7800 §3.1).
    NotABinding,
    /// It is of another kind of token than the one that is expected.
    OfAnotherKind,
}

/// Why a payload is not a set of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimsError {
    /// It is no JSON object, or one that we do not read.
    Json(JsonError),
    /// One claim is wrong.
    Claim(ClaimError),
}

impl Claims {
    /// Reads a payload of at most 16 KiB and 16 levels.
    ///
    /// # Errors
    /// [`ClaimsError`] for JSON that is not strict, or a registered claim of another type.
    ///
    /// Does not check: anything about who wrote it, to whom, or when.
    pub fn parse(payload: &[u8]) -> Result<Self, ClaimsError> {
        let mut claims = Self::default();
        let mut first: Option<ClaimError> = None;
        json::each_member(payload, LIMITS, |name, value| {
            if let Err(error) = claims.set(name, value) {
                // whatever their order in the document: the same claims are refused in the same words
                first = first.filter(|first| first.claim < error.claim).or(Some(error));
            }
        })
        .map_err(ClaimsError::Json)?;
        first.map_or(Ok(claims), |error| Err(ClaimsError::Claim(error)))
    }

    /// As [`Self::parse`], from members that were read by [`json`] as a part of another document.
    pub(crate) fn from_members(members: Map<String, Value>) -> Result<Self, ClaimError> {
        let mut claims = Self::default();
        for (name, value) in members {
            claims.set(name.into(), value.into())?;
        }
        Ok(claims)
    }

    fn set(&mut self, name: Cow<'_, str>, value: Member<'_>) -> Result<(), ClaimError> {
        match &*name {
            "iss" => self.iss = Some(string("iss", value)?),
            "sub" => self.sub = Some(string("sub", value)?),
            "aud" => self.aud = audience(value)?,
            "exp" => self.exp = Some(date("exp", &value)?),
            "nbf" => self.nbf = Some(date("nbf", &value)?),
            "iat" => self.iat = Some(date("iat", &value)?),
            "jti" => self.jti = Some(string("jti", value)?),
            "client_id" => self.client_id = Some(string("client_id", value)?),
            "scope" => self.scope = Some(scope(value)?),
            "cnf" => self.cnf = Some(members("cnf", value)?),
            _ => drop(self.other.insert(name.into_owned(), value.into())),
        }
        Ok(())
    }
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, problem } = self;
        match problem {
            ClaimProblem::Missing => write!(f, "the claim {claim} is missing"),
            ClaimProblem::NotAString if *claim == "scope" => write!(f, "the claim {claim} is not a string"),
            ClaimProblem::NotAString => write!(f, "the claim {claim} is not a string, or empty"),
            ClaimProblem::NotADate => {
                write!(f, "the claim {claim} is not a number of seconds between 0 and the year 9999")
            }
            ClaimProblem::NotAnAudience => {
                write!(f, "the claim {claim} is neither a string nor a list of strings, or empty")
            }
            ClaimProblem::NotAnObject => write!(f, "the claim {claim} is not an object"),
            ClaimProblem::NotABinding => {
                write!(f, "the claim {claim} names no key or certificate that a caller could show")
            }
            ClaimProblem::OfAnotherKind => {
                write!(f, "the claim {claim} says that this is another kind of token")
            }
        }
    }
}

impl std::error::Error for ClaimError {}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the claims: {error}"),
            Self::Claim(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClaimsError {}

fn string(claim: &'static str, value: Member<'_>) -> Result<String, ClaimError> {
    match value {
        Member::Text(text) if !text.is_empty() => Ok(text.into_owned()),
        _ => Err(ClaimError { claim, problem: ClaimProblem::NotAString }),
    }
}

/// A token may say that it has no scope by an empty string, so that this one may be empty.
fn scope(value: Member<'_>) -> Result<String, ClaimError> {
    match value {
        Member::Text(text) => Ok(text.into_owned()),
        Member::Other(_) => Err(ClaimError { claim: "scope", problem: ClaimProblem::NotAString }),
    }
}

fn audience(value: Member<'_>) -> Result<Vec<String>, ClaimError> {
    let refused = || ClaimError { claim: "aud", problem: ClaimProblem::NotAnAudience };
    match value {
        Member::Text(one) if !one.is_empty() => Ok(vec![one.into_owned()]),
        Member::Other(Value::Array(list)) if !list.is_empty() => {
            list.into_iter().map(|item| string("aud", item.into()).map_err(|_| refused())).collect()
        }
        _ => Err(refused()),
    }
}

fn date(claim: &'static str, value: &Member<'_>) -> Result<NumericDate, ClaimError> {
    let date = match value {
        Member::Other(value) => NumericDate::from_json(value),
        Member::Text(_) => None,
    };
    date.ok_or(ClaimError { claim, problem: ClaimProblem::NotADate })
}

fn members(claim: &'static str, value: Member<'_>) -> Result<Map<String, Value>, ClaimError> {
    match value {
        Member::Other(Value::Object(members)) => Ok(members),
        _ => Err(ClaimError { claim, problem: ClaimProblem::NotAnObject }),
    }
}

const LIMITS: Limits = Limits { bytes: 16 * 1024, depth: 16 };

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(number: &str) -> Result<Option<i64>, ClaimsError> {
        Claims::parse(format!(r#"{{"exp":{number}}}"#).as_bytes())
            .map(|claims| claims.exp.map(NumericDate::seconds))
    }

    /// Threats §1 (exp types): numbers in range are taken, a fraction is dropped.
    #[test]
    fn dates_in_range_are_read() {
        for (text, seconds) in [
            ("0", 0),
            ("1700000000", 1_700_000_000),
            ("1700000000.9", 1_700_000_000),
            ("1.7e9", 1_700_000_000),
            ("0.5", 0),
            ("253402300799", 253_402_300_799),
            ("253402300799.5", 253_402_300_799),
        ] {
            assert_eq!(exp(text).unwrap(), Some(seconds), "{text}");
        }
    }

    /// Threats §1 (exp types): strings, negatives, overflows and non-numbers are refused, never read as "no limit".
    #[test]
    fn dates_of_other_kinds_are_refused() {
        for text in [
            "\"1700000000\"",
            "-1",
            "-0.5",
            "-0",
            "253402300800",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e300",
            "null",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(
                exp(text),
                Err(ClaimsError::Claim(ClaimError { claim: "exp", problem: ClaimProblem::NotADate })),
                "{text}"
            );
        }
        for text in ["1e400", "NaN", "Infinity", "0x10", "1_000"] {
            assert_eq!(exp(text), Err(ClaimsError::Json(JsonError::Syntax)), "{text}");
        }
    }

    #[test]
    fn the_audience_is_a_string_or_strings() {
        assert_eq!(Claims::parse(br#"{"aud":"a"}"#).unwrap().aud, ["a"]);
        assert_eq!(Claims::parse(br#"{"aud":["a","b"]}"#).unwrap().aud, ["a", "b"]);
        assert!(Claims::parse(b"{}").unwrap().aud.is_empty());
        for aud in ["[]", "\"\"", "[\"\"]", "[\"a\",1]", "[[\"a\"]]", "null", "1", "{}"] {
            assert!(Claims::parse(format!(r#"{{"aud":{aud}}}"#).as_bytes()).is_err(), "{aud}");
        }
    }

    #[test]
    fn strings_are_strings() {
        for claim in ["iss", "sub", "jti", "client_id"] {
            for value in ["1", "null", "[\"a\"]", "{}", "\"\"", "true"] {
                let refused = Claims::parse(format!(r#"{{"{claim}":{value}}}"#).as_bytes()).unwrap_err();
                assert!(matches!(refused, ClaimsError::Claim(e) if e.claim == claim), "{claim} {value}");
            }
        }
        assert!(Claims::parse(br#"{"cnf":"x"}"#).is_err());
        let scope = Claims::parse(br#"{"scope":["a"]}"#).unwrap_err();
        assert_eq!(scope.to_string(), "the claim scope is not a string", "an empty one is one");
        assert!(Claims::parse(br#"{"scope":["a"]}"#).is_err());
    }

    #[test]
    fn the_rest_is_kept() {
        let claims = Claims::parse(br#"{"iss":"i","tenant":{"id":7}}"#).unwrap();
        assert_eq!(claims.other.get("tenant"), Some(&serde_json::json!({"id": 7})));
        assert_eq!(claims.other.len(), 1);
    }
}
