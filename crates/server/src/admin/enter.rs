//! Around every request of the admin API: who calls, before it is routed to anything; the last touch on its answer.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue};

use super::caller::Caller;
use super::problem::{INVALID_REQUEST, Trouble};
use crate::extract::realm;
use crate::middleware::{RequestId, Told};
use crate::state::AppState;

/// Proves the caller, lets the request in, and completes the answer.
pub(super) async fn enter(
    State(app): State<AppState>,
    id: RequestId,
    mut request: Request,
    next: Next,
) -> Response {
    let mut told = Told { door: "admin", ..Told::default() };
    let mut response = match caller(&app, request.headers(), &id).await {
        Ok(caller) => {
            told.client_id = Some(caller.0.actor().into());
            request.extensions_mut().insert(caller);
            let (mut head, body) = request.into_parts();
            told.realm = realm::named(&mut head, &app).await;
            next.run(Request::from_parts(head, body)).await
        }
        Err(trouble) => trouble.into_response(),
    };
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        let allow = response.headers_mut().remove(ALLOW);
        response = trouble.render(id.as_str());
        if let Some(allow) = allow {
            response.headers_mut().insert(ALLOW, allow);
        }
        told.reason = Some(trouble.reason);
        told.cause = trouble.cause;
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    told.within(response)
}

async fn caller(app: &AppState, headers: &HeaderMap, id: &RequestId) -> Result<Caller, Trouble> {
    let token = bearer(headers)?;
    Ok(Caller(app.issuer().administrator(token, id.as_str()).await?.into()))
}

/// The token in the `Authorization` header, the only place where one is read (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Trouble> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        let detail = "Send a token for the admin API in the header: Authorization: Bearer TOKEN.";
        return Err(Trouble::no_token("no_token", "Bearer", detail));
    };
    if values.next().is_some() {
        let detail = "The request has more than one Authorization header.";
        return Err(Trouble::new(&INVALID_REQUEST, detail));
    }
    let token = value.to_str().ok().and_then(|text| text.split_once(' ')).and_then(|(scheme, rest)| {
        let token = rest.trim_start_matches(' ');
        let shaped = token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
        (scheme.eq_ignore_ascii_case("Bearer") && shaped && (1..=MAX_TOKEN).contains(&token.len()))
            .then_some(token)
    });
    token.ok_or_else(|| {
        let detail = "The Authorization header is Bearer, one space, and a token.";
        Trouble::no_token("token_not_readable", "Bearer error=\"invalid_token\"", detail)
    })
}

/// Far longer than any token of ours.
const MAX_TOKEN: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<String, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        bearer(&headers).map(str::to_owned).map_err(|trouble| trouble.reason)
    }

    /// T-6750-01, -04, -05, -08: the scheme without case, one header, the syntax before anything else.
    #[test]
    fn one_bearer_token() {
        assert_eq!(of(&["Bearer a.b.c"]), Ok("a.b.c".to_owned()));
        assert_eq!(of(&["bEARER a.b.c"]), Ok("a.b.c".to_owned()));
        assert_eq!(of(&[]), Err("no_token"));
        assert_eq!(of(&["Bearer a", "Bearer a"]), Err("invalid_request"));
        for bad in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer a,b", "Bearera", "a.b.c"] {
            assert_eq!(of(&[bad]), Err("token_not_readable"), "{bad:?}");
        }
        assert_eq!(of(&[&format!("Bearer {}", "a".repeat(MAX_TOKEN + 1))]), Err("token_not_readable"));
    }
}
