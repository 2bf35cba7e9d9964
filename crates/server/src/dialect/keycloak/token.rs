//! `POST /realms/{realm}/protocol/openid-connect/token`, with Keycloak's order of checks: realm, grant type, client,
//! repetition, scope.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_issuer::issuer::Ask;
use countersign_issuer::mint::Issued;
use countersign_issuer::policy::{Rules, ScopeRule, TargetRule};
use countersign_issuer::refusal::{AuthnFailure, Failure, Refusal};
use countersign_issuer::registry::RealmView;
use countersign_proto::credential::Presented;
use countersign_proto::error::printable;
use countersign_proto::form::Form;
use countersign_proto::token::TokenRequest;
use http::StatusCode;

use super::answer::{oauth_error, with_headers};
use super::door::Door;
use crate::extract::authorization::Authorization;
use crate::extract::form::{Both, FormRules, OtherMediaType};
use crate::extract::posted::Posted;
use crate::middleware::Told;
use crate::respond::{self, Issue};
use crate::state::AppState;

/// Why there is no token: a failure of ours, or one of two that only Keycloak has.
enum Denied {
    Failure(Failure, String),
    RealmDisabled,
    BadlyEncoded,
}

/// Issues a token, or says why not in Keycloak's words.
pub(crate) async fn token(State(app): State<AppState>, Door(realm): Door, request: Request) -> Response {
    let posted = match Posted::read(request).await {
        Ok(posted) => posted,
        Err(unread) => {
            let (status, text) = respond::unread(unread);
            let response = oauth_error(status, "invalid_request", text);
            let told =
                Told { door: DOOR, realm: Some(realm), reason: Some("body_not_read"), ..Told::default() };
            return told.within(response);
        }
    };
    let work = async { answer(&realm, issue(&app, &realm, &posted).await) };
    with_headers(app.admit(work).await)
}

async fn issue(app: &AppState, realm: &Arc<RealmView>, posted: &Posted) -> Result<Issue, Denied> {
    let refused = |refusal: Refusal| Denied::Failure(refusal.into(), String::new());
    if !realm.enabled() {
        return Err(Denied::RealmDisabled);
    }
    let form = posted.form(&RULES).map_err(refused)?;
    let authorization = Authorization::of(&posted.head.headers).map_err(refused)?;
    let badly_encoded = authorization.is_badly_encoded();
    let presented = match badly_encoded {
        true => Presented::Nothing,
        false => authorization.and_form(&form, &RULES).map_err(refused)?,
    };
    let client_id = presented.client_id().unwrap_or_default().into();
    let ask = Ask {
        presented,
        request: request_of(&form),
        source: posted.source(app),
        rules: Rules { scope: ScopeRule::DefaultsAlways, targets: TargetRule::Ignored },
        repeated: form.repeated_at_all().is_some(),
    };
    match app.issuer().issue(realm, ask).await {
        Ok(issued) => Ok((issued, client_id)),
        Err(Failure::Refused(Refusal::Unauthenticated(_))) if badly_encoded => Err(Denied::BadlyEncoded),
        Err(failure) => Err(Denied::Failure(failure, raw_scope(&form).to_owned())),
    }
}

/// Their parameters as ours: an empty `grant_type` is an unknown one, an empty `scope` names a scope without a name,
/// and spaces at the end of `scope` mean nothing.
fn request_of<'a>(form: &Form<'a>) -> TokenRequest<'a> {
    let scope = match form.raw("scope") {
        Some(raw) if raw.is_empty() => Some(Cow::Borrowed("")),
        Some(raw) => Some(raw.trim_end_matches(' '))
            .filter(|scope| !scope.is_empty())
            .map(|scope| if scope.len() == raw.len() { raw.clone() } else { Cow::Owned(scope.to_owned()) }),
        None => None,
    };
    TokenRequest { grant_type: form.raw("grant_type").cloned(), scope, ..TokenRequest::default() }
}

fn raw_scope<'f>(form: &'f Form<'_>) -> &'f str {
    form.raw("scope").map_or("", |scope| scope.as_ref())
}

fn answer(realm: &Arc<RealmView>, outcome: Result<Issue, Denied>) -> Response {
    let told = Told { door: DOOR, realm: Some(Arc::clone(realm)), ..Told::default() };
    match outcome {
        Ok((issued, client_id)) => {
            let response = respond::json(StatusCode::OK, success_body(&issued));
            Told { client_id: Some(client_id), issued: true, ..told }.within(response)
        }
        Err(Denied::Failure(Failure::Refused(refusal), scope)) => {
            Told { reason: Some(refusal.reason()), ..told }.within(error_of(&refusal, &scope))
        }
        Err(Denied::Failure(Failure::Fault(fault), _)) => {
            Told { cause: Some(respond::cause(&fault)), ..told }.within(respond::broken(&fault))
        }
        Err(Denied::RealmDisabled) => {
            let response = oauth_error(StatusCode::FORBIDDEN, "access_denied", "Realm not enabled");
            Told { reason: Some(AuthnFailure::RealmDisabled.as_str()), ..told }.within(response)
        }
        Err(Denied::BadlyEncoded) => {
            let text = "Unexpected error when authenticating client";
            let response = oauth_error(StatusCode::BAD_REQUEST, "unauthorized_client", text);
            Told { reason: Some("badly_encoded_basic"), ..told }.within(response)
        }
    }
}

/// A refusal in Keycloak's words (dialects a.5).
fn error_of(refusal: &Refusal, raw_scope: &str) -> Response {
    use AuthnFailure::{ExpiredSecret, NoSecret, OtherMethod, WrongSecret};
    let bad = StatusCode::BAD_REQUEST;
    match refusal {
        Refusal::Unauthenticated(WrongSecret | ExpiredSecret | NoSecret | OtherMethod) => {
            oauth_error(StatusCode::UNAUTHORIZED, "unauthorized_client", NOT_AUTHENTICATED)
        }
        Refusal::Unauthenticated(_) => {
            oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", NOT_AUTHENTICATED)
        }
        Refusal::NoGrantType => oauth_error(bad, "invalid_request", "Missing form parameter: grant_type"),
        Refusal::UnsupportedGrantType => oauth_error(bad, "unsupported_grant_type", "Unsupported grant_type"),
        Refusal::Repeated => oauth_error(bad, "invalid_request", "duplicated parameter"),
        Refusal::ScopeSyntax(_) | Refusal::ScopeNotGranted { .. } => {
            oauth_error(bad, "invalid_scope", &format!("Invalid scopes: {}", printable(raw_scope)))
        }
        Refusal::NoGrant { .. } | Refusal::UnknownTarget { .. } => oauth_error(
            StatusCode::UNAUTHORIZED,
            "unauthorized_client",
            "Client not enabled to retrieve service account",
        ),
        Refusal::Malformed(_) | Refusal::TargetSyntax { .. } | Refusal::ManyTargets { .. } => {
            oauth_error(bad, "invalid_request", &refusal.description())
        }
    }
}

/// The members of Keycloak's answer in its order; nothing in them needs escaping.
fn success_body(issued: &Issued) -> String {
    let mut body = String::with_capacity(160 + issued.access_token.len() + issued.scope.len());
    body.push_str(r#"{"access_token":""#);
    body.push_str(&issued.access_token);
    let _ = write!(
        body,
        r#"","expires_in":{},"refresh_expires_in":0,"token_type":"{}","not-before-policy":0,"scope":"{}"}}"#,
        issued.expires_in, issued.token_type, issued.scope
    );
    body
}

/// What this dialect is called in the log and in metrics.
const DOOR: &str = "keycloak";
const NOT_AUTHENTICATED: &str = "Invalid client or Invalid client credentials";

/// dialects a.2 and a.3: bodies of other types are not read, repetition is judged after the client, the body wins.
const RULES: FormRules = FormRules {
    json: false,
    other_media_type: OtherMediaType::Empty,
    query_refused: false,
    repetition_refused: false,
    both: Both::BodyOverHeader,
};

#[cfg(test)]
mod tests {
    use super::*;

    /// dialects a.6, rule 3: what an odd `scope` means there.
    #[test]
    fn odd_scopes_mean_what_they_mean_there() {
        for (body, scope) in [
            (&b"x=1"[..], None),
            (b"scope=", Some("")),
            (b"scope=%20", None),
            (b"scope=a%20", Some("a")),
            (b"scope=a+b++", Some("a b")),
            (b"scope=+a", Some(" a")),
            (b"scope=a++b", Some("a  b")),
        ] {
            let form = Form::parse(body).unwrap();
            assert_eq!(request_of(&form).scope.as_deref(), scope, "{}", String::from_utf8_lossy(body));
        }
    }

    /// T-6749-21: what is quoted back stays within the allowed bytes.
    #[test]
    fn quotes_scopes_in_allowed_bytes() {
        let refusal = Refusal::ScopeSyntax(countersign_proto::scope::ScopeError::Character);
        assert_eq!(error_of(&refusal, "a\"b\n").status(), StatusCode::BAD_REQUEST);
        assert_eq!(format!("Invalid scopes: {}", printable("a\"b\n")), "Invalid scopes: a'b?");
    }
}
