//! Token introspection (RFC 7662): what a resource server asks, and the answer, read as strictly as a token's claims.

use std::fmt;

use serde_json::{Map, Value};

use crate::jose::claims::{ClaimError, ClaimProblem, ClaimsError};
use crate::jose::json::{self, JsonError, Limits};
use crate::jose::{Claims, NumericDate};

/// The parameter with the token (RFC 7662 §2.1).
pub const TOKEN: &str = "token";
/// The parameter that says what kind of token it is (RFC 7662 §2.1); a server may ignore it.
pub const TOKEN_TYPE_HINT: &str = "token_type_hint";
/// The hint for access tokens (RFC 7009 §2.1).
pub const ACCESS_TOKEN: &str = "access_token";

/// An answer of an introspection endpoint (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq)]
pub enum IntrospectionResponse {
    /// `active` is false: the token is void here, for whatever reason; nothing else of the answer counts.
    Inactive,
    /// `active` is true.
    Active(Box<ActiveToken>),
}

/// What the server says of a token that it calls active; members in the order of RFC 7662 §2.2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActiveToken {
    /// `scope`: space-separated; its syntax is not checked here.
    pub scope: Option<String>,
    /// `client_id`: the client that asked for it.
    pub client_id: Option<String>,
    /// `username`: a name for people of the resource owner.
    pub username: Option<String>,
    /// `token_type`: `Bearer` or `DPoP`, compared without case (RFC 6749 §5.1, RFC 9449 §6.2).
    pub token_type: Option<String>,
    /// `exp`: from this second on it is void.
    pub exp: Option<NumericDate>,
    /// `iat`: when it was issued.
    pub iat: Option<NumericDate>,
    /// `nbf`: before this second it is void.
    pub nbf: Option<NumericDate>,
    /// `sub`: on whose behalf.
    pub sub: Option<String>,
    /// `aud`: for whom it is meant; a single string becomes a list of one, empty when absent or an empty list.
    pub aud: Vec<String>,
    /// `iss`: who issued it.
    pub iss: Option<String>,
    /// `jti`: its own name.
    pub jti: Option<String>,
    /// `cnf`: what its presenter must prove to hold (RFC 8705 §3.2, RFC 9449 §6.2).
    pub cnf: Option<Map<String, Value>>,
    /// Every other member, as it came.
    pub other: Map<String, Value>,
}

impl IntrospectionResponse {
    /// Reads an answer of at most 64 KiB.
    ///
    /// # Errors
    /// [`IntrospectionError`]: not strict JSON, no `active` that is a boolean, or a member of another type than its own.
    ///
    /// Does not check: issuer, audience, times and binding; a server that calls a token active need not have looked.
    pub fn parse(document: &[u8]) -> Result<Self, IntrospectionError> {
        let mut members = json::object(document, LIMITS).map_err(IntrospectionError::Json)?;
        match members.remove("active") {
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Ok(Self::Inactive),
            _ => return Err(IntrospectionError::Active),
        }
        // an empty list names nobody, which is understood; no token is for anybody then
        if members.get("aud").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            members.remove("aud");
        }
        let username = text(&mut members, "username")?;
        let token_type = text(&mut members, "token_type")?;
        let claims = Claims::from_members(members).map_err(IntrospectionError::Member)?;
        Ok(Self::Active(Box::new(ActiveToken {
            scope: claims.scope,
            client_id: claims.client_id,
            username,
            token_type,
            exp: claims.exp,
            iat: claims.iat,
            nbf: claims.nbf,
            sub: claims.sub,
            aud: claims.aud,
            iss: claims.iss,
            jti: claims.jti,
            cnf: claims.cnf,
            other: claims.other,
        })))
    }
}

impl ActiveToken {
    /// The scopes, one by one; none when there is no `scope`.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.as_deref().unwrap_or_default().split(' ').filter(|scope| !scope.is_empty())
    }
}

/// Why an answer was not understood: nothing is known about the token then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntrospectionError {
    /// Not strict JSON, or not an object.
    Json(JsonError),
    /// `active` is missing, or not a boolean.
    Active,
    /// A member is not of its type.
    Member(ClaimError),
}

impl fmt::Display for IntrospectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "the introspection answer: {error}"),
            Self::Active => f.write_str("the introspection answer's active is missing, or not a boolean"),
            Self::Member(error) => write!(f, "the introspection answer: {}", ClaimsError::Claim(*error)),
        }
    }
}

impl std::error::Error for IntrospectionError {}

fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, IntrospectionError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => {
            Err(IntrospectionError::Member(ClaimError { claim: name, problem: ClaimProblem::NotAString }))
        }
    }
}

const LIMITS: Limits = Limits { bytes: 64 * 1024, depth: 16 };

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(document: &str) -> Result<IntrospectionResponse, IntrospectionError> {
        IntrospectionResponse::parse(document.as_bytes())
    }

    /// RFC 7662 §2.2: the example there.
    #[test]
    fn the_example_of_the_standard() {
        let example = r#"{"active": true, "client_id": "l238j323ds-23ij4", "username": "jdoe",
            "scope": "read write dolphin", "sub": "Z5O3upPC88QrAjx00dis",
            "aud": "https://protected.example.net/resource", "iss": "https://server.example.com/",
            "exp": 1419356238, "iat": 1419350238, "extension_field": "twenty-seven"}"#;
        let IntrospectionResponse::Active(token) = parse(example).unwrap() else { panic!("active") };
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["read", "write", "dolphin"]);
        assert_eq!(token.aud, ["https://protected.example.net/resource"]);
        assert_eq!(token.username.as_deref(), Some("jdoe"));
        assert_eq!(token.exp.map(NumericDate::seconds), Some(1_419_356_238));
        assert_eq!(token.other.keys().collect::<Vec<_>>(), ["extension_field"]);
    }

    /// T-7662-05, the reading side: the binding and the type of a bound token.
    #[test]
    fn a_bound_token_says_so() {
        let bound = r#"{"active":true,"token_type":"DPoP","cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}"#;
        let IntrospectionResponse::Active(token) = parse(bound).unwrap() else { panic!("active") };
        assert_eq!(token.token_type.as_deref(), Some("DPoP"));
        assert!(token.cnf.unwrap().contains_key("jkt"));
    }

    #[test]
    fn an_inactive_token_is_nothing_more() {
        assert_eq!(parse(r#"{"active":false}"#), Ok(IntrospectionResponse::Inactive));
        assert_eq!(parse(r#"{"active":false,"exp":"x"}"#), Ok(IntrospectionResponse::Inactive));
    }

    /// A token for nobody is one for others, and no strange answer.
    #[test]
    fn an_empty_audience_is_nobody() {
        let IntrospectionResponse::Active(token) = parse(r#"{"active":true,"aud":[]}"#).unwrap() else {
            panic!("active")
        };
        assert!(token.aud.is_empty());
    }

    /// T-7662-06: what is not understood is never an active token.
    #[test]
    fn a_strange_answer_is_refused() {
        for document in ["{}", r#"{"active":"true"}"#, r#"{"active":1}"#, r#"{"active":null}"#] {
            assert_eq!(parse(document), Err(IntrospectionError::Active), "{document}");
        }
        for (document, error) in [
            (r#"{"active":false,"active":true}"#, JsonError::Duplicate("active".into())),
            (r#"{"active":true,"sub":"a","sub":"b"}"#, JsonError::Duplicate("sub".into())),
            ("[true]", JsonError::NotAnObject),
            ("active", JsonError::Syntax),
            (&" ".repeat(70_000), JsonError::TooLong(64 * 1024)),
        ] {
            assert_eq!(parse(document), Err(IntrospectionError::Json(error)));
        }
        for (member, claim) in [
            (r#""exp":"1""#, "exp"),
            (r#""nbf":true"#, "nbf"),
            (r#""aud":[""]"#, "aud"),
            (r#""aud":null"#, "aud"),
            (r#""sub":1"#, "sub"),
            (r#""cnf":"x""#, "cnf"),
            (r#""scope":["a"]"#, "scope"),
            (r#""username":null"#, "username"),
            (r#""token_type":1"#, "token_type"),
        ] {
            let refused = parse(&format!(r#"{{"active":true,{member}}}"#));
            assert!(
                matches!(&refused, Err(IntrospectionError::Member(error)) if error.claim == claim),
                "{member}: {refused:?}"
            );
        }
    }
}
