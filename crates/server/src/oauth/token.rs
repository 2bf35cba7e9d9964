//! `POST /realms/{realm}/oauth2/token` (RFC 6749 §4.4).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_issuer::issuer::Ask;
use countersign_issuer::policy::Rules;
use countersign_issuer::refusal::Failure;
use countersign_issuer::registry::RealmView;
use countersign_proto::token::TokenRequest;

use crate::extract::authorization::Authorization;
use crate::extract::form::{Both, FormRules, OtherMediaType};
use crate::extract::posted::Posted;
use crate::extract::realm::RealmInUrl;
use crate::respond::{self, Issue};
use crate::state::AppState;

/// Issues a token, or says why not.
pub(crate) async fn token(
    State(app): State<AppState>,
    RealmInUrl(realm): RealmInUrl,
    request: Request,
) -> Response {
    let posted = match Posted::read(request).await {
        Ok(posted) => posted,
        Err(unread) => return respond::not_read(unread),
    };
    let work = async {
        let outcome = issue(&app, &realm, &posted).await;
        respond::token(&realm, outcome, posted.has_authorization())
    };
    app.admit(work).await
}

async fn issue(app: &AppState, realm: &Arc<RealmView>, posted: &Posted) -> Result<Issue, Failure> {
    let form = posted.form(&STRICT)?;
    let presented = Authorization::of(&posted.head.headers)?.and_form(&form, &STRICT)?;
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

/// What RFC 6749 says, without exception.
const STRICT: FormRules = FormRules {
    json: false,
    other_media_type: OtherMediaType::Refused,
    query_refused: true,
    repetition_refused: true,
    both: Both::Refused,
};
