//! The access token request and its answer (RFC 6749 §4.4 and §5.1, RFC 8707 §2).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::form::Form;

/// The parameters of a token request, parsed and not yet judged; `None` where absent or empty (RFC 6749 §3.2).
#[derive(Clone, Debug, Default)]
pub struct TokenRequest<'a> {
    /// `grant_type`.
    pub grant_type: Option<Cow<'a, str>>,
    /// `scope`, as it was sent.
    pub scope: Option<Cow<'a, str>>,
    /// `resource`, the first one (RFC 8707 §2).
    pub resource: Option<Cow<'a, str>>,
    /// `audience`, the first one (Auth0's name for the same thing).
    pub audience: Option<Cow<'a, str>>,
    /// Whether `resource` and `audience` name more than one target between them, the same one repeated aside.
    pub many_targets: bool,
}

impl<'a> TokenRequest<'a> {
    /// Takes the parameters that this request knows out of a form; all others are ignored (RFC 6749 §3.2).
    #[must_use]
    pub fn from_form(form: &Form<'a>) -> Self {
        let resource = form.get("resource").cloned();
        let audience = form.get("audience").cloned();
        let first = resource.as_ref().or(audience.as_ref());
        let many_targets = first.is_some_and(|first| {
            form.all("resource").chain(form.all("audience")).any(|other| other != first)
        });
        Self {
            grant_type: form.get("grant_type").cloned(),
            scope: form.get("scope").cloned(),
            resource,
            audience,
            many_targets,
        }
    }
}

/// A successful answer (RFC 6749 §5.1), as a client reads it.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The token.
    pub access_token: String,
    /// `Bearer`, compared without case (RFC 6749 §7.1).
    pub token_type: String,
    /// Seconds from now until the token expires. Some servers write digits in a string; what is neither that nor a whole
    /// number of seconds is read as if nothing were said.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "lifetime")]
    pub expires_in: Option<u64>,
    /// The scope that was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// All but the token.
impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { access_token: _, token_type, expires_in, scope } = self;
        f.debug_struct("TokenResponse")
            .field("token_type", token_type)
            .field("expires_in", expires_in)
            .field("scope", scope)
            .finish_non_exhaustive()
    }
}

/// The grant type of RFC 6749 §4.4.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";

fn lifetime<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(seconds) => seconds.as_u64(),
        Value::String(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6749-19: whatever `expires_in` is, the answer is read.
    #[test]
    fn every_lifetime_is_survived() {
        for (written, read) in [
            ("", None),
            (r#","expires_in":null"#, None),
            (r#","expires_in":0"#, Some(0)),
            (r#","expires_in":300"#, Some(300)),
            (r#","expires_in":"300""#, Some(300)),
            (r#","expires_in":18446744073709551615"#, Some(u64::MAX)),
            (r#","expires_in":18446744073709551616"#, None),
            (r#","expires_in":"18446744073709551616""#, None),
            (r#","expires_in":1e308"#, None),
            (r#","expires_in":299.9"#, None),
            (r#","expires_in":-1"#, None),
            (r#","expires_in":"-1""#, None),
            (r#","expires_in":"+1""#, None),
            (r#","expires_in":"""#, None),
            (r#","expires_in":"soon""#, None),
            (r#","expires_in":true"#, None),
            (r#","expires_in":{"a":[]}"#, None),
        ] {
            let body = format!(r#"{{"access_token":"t","token_type":"Bearer"{written}}}"#);
            let answer: TokenResponse = serde_json::from_str(&body).unwrap();
            assert_eq!(answer.expires_in, read, "{written}");
        }
        let answer = r#"{"access_token":"t","token_type":"Bearer","expires_in":5}"#;
        let read: TokenResponse = serde_json::from_str(answer).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), answer);
    }
}
