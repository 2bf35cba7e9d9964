//! The access token request and its answer (RFC 6749 §4.4 and §5.1, RFC 8707 §2).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// Seconds from now until the token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
