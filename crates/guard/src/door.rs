//! What forward-auth and proxy have in common: a request is judged by the rules for its path, then by its token.

use http::{HeaderMap, Method};

use crate::is_preflight;
use crate::path::RequestPath;
use crate::presented::Presented;
use crate::refusal::{Malformed, Refusal};
use crate::rules::{Rules, Ruling};
use crate::{Access, Verifier};

/// A verifier with rules.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) verifier: Verifier,
    pub(crate) rules: Rules,
    pub(crate) allow_preflight: bool,
}

impl Door {
    /// Lets a request in, with nobody's access where it is open to all.
    pub(crate) async fn admit(
        &self,
        (method, path): (&Method, &RequestPath<'_>),
        headers: &HeaderMap,
        presented: &Presented<'_>,
    ) -> Result<Option<Access>, Refusal> {
        if method.as_str().bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(Malformed::Method.into()); // a rule for POST does not see it, and an upstream may take it for one
        }
        if method == Method::CONNECT {
            return Err(Malformed::Connect.into()); // whatever its form, it asks for a tunnel and not for the path
        }
        if method == Method::TRACE {
            return Err(Malformed::Trace.into()); // it would hand the caller what we tell the upstream alone
        }
        if self.allow_preflight && is_preflight(method, headers) {
            return Ok(None);
        }
        let (require, issuer) = match self.rules.decide(method, path) {
            Ruling::Open => return Ok(None),
            Ruling::NoRule => return Err(Refusal::NoRule),
            Ruling::Needs { require, issuer } => (require, issuer),
        };
        let access = self.verifier.verify(presented).await?;
        if issuer.is_some_and(|issuer| issuer != access.issuer()) {
            return Err(Refusal::OtherIssuer);
        }
        require.check(&access)?;
        Ok(Some(access))
    }
}
