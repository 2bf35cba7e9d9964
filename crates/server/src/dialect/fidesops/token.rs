//! `POST /api/v1/oauth/token`: for the root client of `system`, and for the realm's own clients.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_issuer::issuer::Ask;
use countersign_issuer::policy::{Rules, ScopeRule, TargetRule};
use countersign_issuer::refusal::{Failure, Refusal};
use countersign_issuer::registry::RealmView;
use countersign_proto::time::UnixTime;
use countersign_proto::token::{CLIENT_CREDENTIALS, TokenRequest};
use http::StatusCode;

use super::answer::{self, BODY_NOT_READ, DOOR};
use super::door::Door;
use crate::extract::authorization::Authorization;
use crate::extract::form::{Both, FormRules, OtherMediaType};
use crate::extract::posted::Posted;
use crate::middleware::Told;
use crate::respond::{self, Issue};
use crate::state::AppState;

/// Why there is no token.
enum Denied {
    Failure(Failure),
    GrantType,
    UnreadableBasic,
}

/// Issues a token, or says no in fidesops' words.
pub(crate) async fn token(State(app): State<AppState>, Door(realm): Door, request: Request) -> Response {
    let posted = match Posted::read(request).await {
        Ok(posted) => posted,
        Err(unread) => {
            let told =
                Told { door: DOOR, realm: Some(realm), reason: Some(BODY_NOT_READ), ..Told::default() };
            return told.within(answer::not_read(unread));
        }
    };
    app.admit(async { answer(&realm, issue(&app, &realm, &posted).await) }).await
}

async fn issue(app: &AppState, realm: &Arc<RealmView>, posted: &Posted) -> Result<Issue, Denied> {
    let form = posted.form(&RULES)?;
    if form.get("grant_type").is_some_and(|grant_type| *grant_type != CLIENT_CREDENTIALS) {
        return Err(Denied::GrantType);
    }
    let authorization = Authorization::of(&posted.head.headers)?;
    let is_unreadable = matches!(authorization, Authorization::Unreadable);
    let presented = authorization.and_form(&form, &RULES)?;
    let Some(client_id) = presented.client_id().map(Arc::<str>::from) else {
        let nothing = Refusal::Unauthenticated(countersign_issuer::refusal::AuthnFailure::NoCredentials);
        return Err(if is_unreadable { Denied::UnreadableBasic } else { Denied::Failure(nothing.into()) });
    };
    let source = posted.source(app);
    match app.issuer().issue_root(realm, &presented, source).await {
        Err(Failure::Refused(_)) => {}
        outcome => return Ok((outcome?, client_id)),
    }
    let request =
        TokenRequest { grant_type: Some(Cow::Borrowed(CLIENT_CREDENTIALS)), ..TokenRequest::default() };
    let rules = Rules { scope: ScopeRule::Ignored, targets: TargetRule::Ignored };
    let ask = Ask { presented, request, source, rules, repeated: false };
    Ok((app.issuer().issue(realm, ask).await?, client_id))
}

fn answer(realm: &Arc<RealmView>, outcome: Result<Issue, Denied>) -> Response {
    let told = Told { door: DOOR, realm: Some(Arc::clone(realm)), ..Told::default() };
    match outcome {
        Ok((issued, client_id)) => {
            let body = serde_json::json!({
                "access_token": issued.access_token,
                "token_type": issued.token_type,
                "expires_in": issued.expires_in,
                "expires_at": iso(issued.expires_at),
            });
            let response = respond::json(StatusCode::OK, body.to_string());
            Told { client_id: Some(client_id), issued: true, ..told }.within(response)
        }
        Err(Denied::Failure(Failure::Refused(refusal))) => {
            Told { reason: Some(refusal.reason()), ..told }.within(error_of(&refusal))
        }
        Err(Denied::Failure(Failure::Fault(fault))) => {
            Told { cause: Some(respond::cause(&fault)), ..told }.within(respond::broken(&fault))
        }
        Err(Denied::GrantType) => {
            Told { reason: Some(Refusal::UnsupportedGrantType.reason()), ..told }.within(other_grant_type())
        }
        Err(Denied::UnreadableBasic) => {
            let response = answer::unauthorized("Invalid authentication credentials", Some("Basic"));
            Told { reason: Some("unreadable_credentials"), ..told }.within(response)
        }
    }
}

/// Nothing but "no" for whoever fails to authenticate, as there; what cannot be read at all is told.
fn error_of(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Malformed(_) | Refusal::Repeated => {
            answer::detail(StatusCode::BAD_REQUEST, &refusal.description())
        }
        _ => answer::unauthorized("Authentication Failure", None),
    }
}

fn other_grant_type() -> Response {
    let error = serde_json::json!({"detail": [{
        "loc": ["body", "grant_type"],
        "msg": "string does not match regex \"client_credentials\"",
        "type": "value_error.str.regex",
        "ctx": {"pattern": "client_credentials"},
    }]});
    respond::json(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// `2026-05-09T15:44:43`, without a zone, as there; ours is UTC.
fn iso(at: UnixTime) -> String {
    let (days, seconds) = (at.0.div_euclid(86_400), at.0.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// The Gregorian date of a day since 1970, by counting years from March, so that the leap day comes last.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Failure(refusal.into())
    }
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// dialects c.1: other bodies hold no credentials, a whole pair in the body wins over Basic.
const RULES: FormRules = FormRules {
    json: false,
    other_media_type: OtherMediaType::Empty,
    query_refused: false,
    repetition_refused: true,
    both: Both::WholeBodyOverHeader,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (at, text) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_400, "2000-02-29T00:00:00"),
            (951_868_800, "2000-03-01T00:00:00"),
            (1_778_341_483, "2026-05-09T15:44:43"),
            (4_102_444_799, "2099-12-31T23:59:59"),
        ] {
            assert_eq!(iso(UnixTime(at)), text);
        }
    }
}
