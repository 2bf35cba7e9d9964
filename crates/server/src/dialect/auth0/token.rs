//! `POST /oauth/token`, as a form or as a JSON object.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_issuer::issuer::Ask;
use countersign_issuer::mint::Issued;
use countersign_issuer::policy::Rules;
use countersign_issuer::refusal::{Failure, Refusal};
use countersign_issuer::registry::RealmView;
use countersign_proto::error::printable;
use countersign_proto::token::TokenRequest;
use http::StatusCode;

use super::door::Door;
use crate::extract::authorization::Authorization;
use crate::extract::form::{Both, FormRules, OtherMediaType};
use crate::extract::posted::Posted;
use crate::middleware::Told;
use crate::respond::{self, Issue};
use crate::state::AppState;

/// Issues a token, or says why not in Auth0's words.
pub(crate) async fn token(State(app): State<AppState>, Door(realm): Door, request: Request) -> Response {
    let posted = match Posted::read(request).await {
        Ok(posted) => posted,
        Err(unread) => return respond::not_read(unread),
    };
    app.admit(async { answer(&realm, issue(&app, &realm, &posted).await) }).await
}

async fn issue(app: &AppState, realm: &Arc<RealmView>, posted: &Posted) -> Result<Issue, Failure> {
    let form = posted.form(&RULES)?;
    let presented = Authorization::of(&posted.head.headers)?.and_form(&form, &RULES)?;
    let client_id = presented.client_id().unwrap_or_default().into();
    let ask = Ask {
        presented,
        request: TokenRequest::from_form(&form),
        source: posted.source(app),
        rules: Rules::NATIVE,
        repeated: false,
    };
    Ok((app.issuer().issue(realm, ask).await?, client_id))
}

fn answer(realm: &Arc<RealmView>, outcome: Result<Issue, Failure>) -> Response {
    let told = Told { door: "auth0", realm: Some(Arc::clone(realm)), ..Told::default() };
    match outcome {
        Ok((issued, client_id)) => {
            let response = respond::json(StatusCode::OK, success_body(&issued));
            Told { client_id: Some(client_id), issued: true, ..told }.within(response)
        }
        Err(Failure::Refused(refusal)) => {
            let (status, code, description) = error_of(&refusal);
            let response = respond::json(status, respond::error_body(code, &description));
            Told { reason: Some(refusal.reason()), ..told }.within(response)
        }
        Err(Failure::Fault(fault)) => {
            Told { cause: Some(respond::cause(&fault)), ..told }.within(respond::broken(&fault))
        }
    }
}

/// A refusal in Auth0's words (dialects b.4).
fn error_of(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let denied = |text: String| (StatusCode::FORBIDDEN, "access_denied", text);
    let bad = |code: &'static str, text: &str| (StatusCode::BAD_REQUEST, code, text.to_owned());
    match refusal {
        Refusal::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized".to_owned()),
        Refusal::UnknownTarget { asked, .. } => {
            denied(format!("Service not enabled within domain: {}", printable(asked)))
        }
        Refusal::NoGrant { api, .. } => denied(format!(
            "Client is not authorized to access \"{api}\". You need to create a \"client-grant\" associated to \
             this API. See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
        )),
        Refusal::ScopeNotGranted { refused, .. } => {
            denied(format!("Client has not been granted scopes: {}", printable(&refused.join(", "))))
        }
        Refusal::NoGrantType => bad("invalid_request", "Missing required parameter: grant_type"),
        Refusal::UnsupportedGrantType => bad("unsupported_grant_type", "Grant type not supported"),
        Refusal::ScopeSyntax(_) => bad("invalid_scope", &refusal.description()),
        Refusal::Repeated
        | Refusal::Malformed(_)
        | Refusal::TargetSyntax { .. }
        | Refusal::ManyTargets { .. } => bad("invalid_request", &refusal.description()),
    }
}

/// The members of Auth0's answer in its order; `scope` only when there is one.
fn success_body(issued: &Issued) -> String {
    let mut body = String::with_capacity(96 + issued.access_token.len() + issued.scope.len());
    body.push_str(r#"{"access_token":""#);
    body.push_str(&issued.access_token);
    if !issued.scope.is_empty() {
        body.push_str(r#"","scope":""#);
        body.push_str(&issued.scope);
    }
    let _ = write!(body, r#"","expires_in":{},"token_type":"{}"}}"#, issued.expires_in, issued.token_type);
    body
}

/// dialects b.1: a form or a JSON object, and otherwise as strict as RFC 6749.
const RULES: FormRules = FormRules {
    json: true,
    other_media_type: OtherMediaType::Refused,
    query_refused: true,
    repetition_refused: true,
    both: Both::Refused,
};
