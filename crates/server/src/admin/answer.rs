//! Good answers: what is shown, with its ETag, and where what was made is.

use axum::body::Body;
use axum::response::Response;
use countersign_issuer::admin::At;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::problem::Trouble;

/// What every handler returns.
pub(super) type Answer = Result<Response, Trouble>;

/// 200 with a body.
pub(super) fn ok(body: &impl Serialize) -> Answer {
    json(StatusCode::OK, body)
}

/// 200 with what is shown and its ETag.
pub(super) fn shown(at: &At<impl Serialize>) -> Answer {
    let mut response = json(StatusCode::OK, &at.body)?;
    response.headers_mut().insert(ETAG, etag(at.revision));
    Ok(response)
}

/// 201 with what was made, its ETag and its place.
pub(super) fn created(at: &At<impl Serialize>, location: String) -> Answer {
    let mut response = placed(&at.body, location)?;
    response.headers_mut().insert(ETAG, etag(at.revision));
    Ok(response)
}

/// 201 with what was made and its place.
pub(super) fn placed(body: &impl Serialize, location: String) -> Answer {
    let mut response = json(StatusCode::CREATED, body)?;
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// 204.
pub(super) fn gone() -> Answer {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(|error| {
        Trouble::from(countersign_issuer::refusal::Fault::Broken(format!(
            "an answer cannot be written: {error}"
        )))
    })?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

fn etag(revision: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}
