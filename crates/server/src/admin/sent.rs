//! The bodies of requests: their media type and size first, then their members.

use axum::extract::{FromRequest, Request};
use countersign_proto::admin::{self, MAX_BODY};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::DeserializeOwned;

use super::problem::{Trouble, UNSUPPORTED_MEDIA_TYPE};
use crate::extract::body::read;
use crate::state::AppState;

/// The body of a `POST`; none at all reads as `{}`.
pub(super) struct Sent<T>(pub(super) T);

/// The body of a `PUT`.
pub(super) struct Whole<T>(pub(super) T);

/// The body of a `PATCH`: a JSON merge patch (RFC 7396).
pub(super) struct Merged<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Sent<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Trouble> {
        members(request, &[JSON], true).await.map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Whole<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Trouble> {
        members(request, &[JSON], false).await.map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Merged<T> {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Trouble> {
        members(request, &[MERGE_PATCH, JSON], false).await.map(Self)
    }
}

async fn members<T: DeserializeOwned>(
    request: Request,
    types: &[&str],
    may_be_absent: bool,
) -> Result<T, Trouble> {
    let (head, body) = request.into_parts();
    let typed = head.headers.contains_key(CONTENT_TYPE);
    if typed && !is_one_of(&head.headers, types) {
        return Err(other_type(types));
    }
    let bytes = read(body, MAX_BODY).await?;
    if bytes.is_empty() && may_be_absent {
        return Ok(admin::read(b"{}")?);
    }
    if !typed {
        return Err(other_type(types));
    }
    Ok(admin::read(&bytes)?)
}

/// Type and subtype without case; a charset, if any, is UTF-8, and nothing is compressed.
fn is_one_of(headers: &HeaderMap, types: &[&str]) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.trim().eq_ignore_ascii_case("charset")
            || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    utf8 && !headers.contains_key(CONTENT_ENCODING)
        && types.iter().any(|known| essence.eq_ignore_ascii_case(known))
}

fn other_type(types: &[&str]) -> Trouble {
    let detail = format!("Send the body as {}, in UTF-8 and not compressed.", types.join(" or "));
    Trouble::new(&UNSUPPORTED_MEDIA_TYPE, detail)
}

const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_essence_counts() {
        let of = |value: &'static str| {
            is_one_of(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]), &[JSON])
        };
        for good in
            ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
        {
            assert!(of(good), "{good}");
        }
        for bad in ["", "text/plain", "application/jsonx", "application/json;charset=latin1", MERGE_PATCH] {
            assert!(!of(bad), "{bad}");
        }
    }
}
