//! Tokens that nobody may let in, each with one flaw and a name, and tokens that nobody may keep out.
//!
//! They are the attacks that others fell for, and the mistakes of other issuers' tokens. A door is tested by sending
//! all of them through it.

mod algorithm;
mod audience;
mod binding;
mod claims;
mod critical;
mod form;
mod good;
mod integer;
mod issuers;
mod json;
mod kid;
mod kinds;
mod scene;
mod signature;
mod symmetric;
mod times;
mod typ;

use countersign_proto::jose::verify::VerifyError;

use crate::TestIssuer;
use scene::Scene;

/// A token that must be refused.
#[derive(Clone, Debug)]
pub struct Hostile {
    /// What is wrong with it, in words joined by hyphens; each stands once.
    pub name: &'static str,
    /// The requirement or the class of attacks that it belongs to.
    pub id: &'static str,
    /// The token. Not each can be sent in a header, see [`Self::can_be_sent`].
    pub token: String,
    /// What the verifier must be set to accept, so that it is this flaw that refuses the token.
    pub accepts: Accepts,
    /// Who refuses it, and why.
    pub expect: Expect,
}

/// A token that must be accepted.
#[derive(Clone, Debug)]
pub struct Lenient {
    /// What is unusual about it, in words joined by hyphens; each stands once.
    pub name: &'static str,
    /// The requirement that it belongs to.
    pub id: &'static str,
    /// The token.
    pub token: String,
    /// What the verifier must be set to accept.
    pub accepts: Accepts,
}

/// Which tokens the verifier is told to take for access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// `at+jwt` alone, with every claim of RFC 9068.
    AtJwt,
    /// `JWT`, and without `client_id` and `jti`: Keycloak, Auth0, Entra.
    Jwt,
    /// Also those that do not say their type: Okta.
    MissingType,
}

/// Who refuses a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// [`verify`](countersign_proto::jose::verify()), for this reason.
    Refused(VerifyError),
    /// The guard, whose rule this is; the token itself is in order.
    Guard(&'static str),
}

/// The hostile tokens, made of good ones of this issuer for this audience; `other` is an issuer whose tokens are good
/// too, but for others.
///
/// The order is always the same, and so is what each token says at the same second.
#[must_use]
pub fn hostile(issuer: &TestIssuer, other: &TestIssuer, audience: &str) -> Vec<Hostile> {
    let mut scene = Scene::new(issuer, other, audience);
    algorithm::add(&mut scene);
    symmetric::add(&mut scene);
    kid::add(&mut scene);
    issuers::add(&mut scene);
    critical::add(&mut scene);
    form::add(&mut scene);
    json::add(&mut scene);
    signature::add(&mut scene);
    typ::add(&mut scene);
    times::add(&mut scene);
    audience::add(&mut scene);
    claims::add(&mut scene);
    kinds::add(&mut scene);
    binding::add(&mut scene);
    scene.into_tokens()
}

/// The unusual tokens of this issuer for this audience that are good all the same.
#[must_use]
pub fn lenient(issuer: &TestIssuer, audience: &str) -> Vec<Lenient> {
    good::tokens(&Scene::new(issuer, issuer, audience))
}

impl Hostile {
    /// Whether an HTTP header can carry it at all (RFC 9110 §5.5).
    #[must_use]
    pub fn can_be_sent(&self) -> bool {
        http::HeaderValue::from_bytes(self.token.as_bytes()).is_ok() && self.token.trim() == self.token
    }

    /// Whether it is at least a b64token (RFC 6750 §2.1); what is not may be refused as a malformed request.
    #[must_use]
    pub fn is_b64token(&self) -> bool {
        let text = self.token.trim_end_matches('=');
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
    }
}
