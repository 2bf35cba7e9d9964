//! Tokens given back before they expire (RFC 7009).

use countersign_proto::error::ErrorBody;
use http::StatusCode;

use super::TokenSource;
use crate::Answer;
use crate::auth::Unsaid;
use crate::http::shown;
use crate::token::request::{code, post_form};
use crate::token::{Misconfigured, Refused, Token, TokenError, Unreachable};

impl TokenSource {
    /// Has the server revoke `token`, and holds it no longer, whatever the server says.
    ///
    /// Does not check: that resource servers know it at once; those that verify tokens by themselves may take it until
    /// they ask again, or until it expires.
    ///
    /// # Errors
    /// [`TokenError`]: it may still be good. [`TokenError::Misconfigured`] where no revocation endpoint is known.
    pub async fn revoke(&self, token: &Token) -> Result<(), TokenError> {
        let inner = &self.0;
        inner.place.forget(token).await;
        let asker = &inner.asker;
        let server = asker.place.server(&asker.http).await?;
        let endpoint = server.revocation_endpoint.as_ref().ok_or_else(|| {
            Misconfigured::new("revocation_endpoint", "the server says none, and none is given")
        })?;
        let proven = asker.prove(&server).await?;
        let mut parameters = vec![("token", token.expose()), ("token_type_hint", "access_token")];
        parameters.extend(proven.pairs());
        let unsaid = Unsaid::of(&proven).and(token.expose());
        let request = post_form(&parameters, proven.authorization.clone());
        read(&asker.http.send_for(endpoint, request, MAX_ANSWER).await?, &unsaid)
    }
}

/// RFC 7009 §2.2: 200 is all that matters, and a token that is unknown is 200 too.
fn read(answer: &Answer, unsaid: &Unsaid) -> Result<(), TokenError> {
    let status = answer.status;
    if status == StatusCode::OK {
        return Ok(());
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Unreachable::status(status, answer.retry_after()).into());
    }
    match serde_json::from_slice::<ErrorBody>(&answer.body) {
        Ok(ErrorBody { error, error_description }) => {
            let description = error_description.map(|text| shown(&unsaid.blank(&text)));
            Err(Refused::new(status, code(&error, unsaid), description).into())
        }
        Err(_) => {
            let why = format!("status {status} without an OAuth error in it is no answer of one");
            Err(Misconfigured::new("revocation_endpoint", why).into())
        }
    }
}

const MAX_ANSWER: usize = 16 * 1024;
