//! What stands in the URL: names in, and out again in `Location`.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::problem::{NOT_FOUND, Trouble};
use crate::state::AppState;

/// The names in the URL, percent-decoded once.
pub(super) struct InUrl<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for InUrl<T> {
    type Rejection = Trouble;

    async fn from_request_parts(head: &mut Parts, app: &AppState) -> Result<Self, Trouble> {
        match Path::<T>::from_request_parts(head, app).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(_) => {
                let detail = "A name in the URL is percent-encoded UTF-8.";
                Err(Trouble::new(&NOT_FOUND, detail))
            }
        }
    }
}

/// `/admin/v1` and these segments, each percent-encoded.
pub(super) fn path(segments: &[&str]) -> String {
    let mut path = String::from("/admin/v1");
    for segment in segments {
        path.push('/');
        path.extend(utf8_percent_encode(segment, ENCODED));
    }
    path
}

/// All but the unreserved characters (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_whole() {
        assert_eq!(
            path(&["realms", "a", "clients", "x/y?z#%"]),
            "/admin/v1/realms/a/clients/x%2Fy%3Fz%23%25"
        );
    }
}
