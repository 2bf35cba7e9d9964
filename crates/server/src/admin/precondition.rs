//! `If-Match` (RFC 9110 §13.1.1): a change that only happens to what its author has read.

use axum::extract::FromRequestParts;
use http::header::IF_MATCH;
use http::request::Parts;

use super::problem::{INVALID_REQUEST, Trouble};
use crate::state::AppState;

/// The revision that the thing must be at; `None` = any.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IfMatch(pub(super) Option<i64>);

impl IfMatch {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self(None));
        }
        // A weak tag never matches here, and neither does one that is not a revision.
        let (tag, weak) = text.strip_prefix("W/").map_or((text, false), |tag| (tag, true));
        let value = tag.strip_prefix('"')?.strip_suffix('"')?;
        if value.contains('"') {
            return None;
        }
        let revision = value.parse().ok().filter(|n: &i64| !weak && *n >= 0 && n.to_string() == value);
        Some(Self(Some(revision.unwrap_or(NEVER))))
    }
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Trouble;

    async fn from_request_parts(head: &mut Parts, _: &AppState) -> Result<Self, Trouble> {
        let mut values = head.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let parsed = value.to_str().ok().and_then(Self::parse).filter(|_| values.next().is_none());
        parsed.ok_or_else(|| {
            let detail = "If-Match is one ETag as an answer showed it, such as \"17\", or *.";
            Trouble::new(&INVALID_REQUEST, detail)
        })
    }
}

/// No revision is negative.
const NEVER: i64 = -1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_strong_tag() {
        assert_eq!(IfMatch::parse("\"17\""), Some(IfMatch(Some(17))));
        assert_eq!(IfMatch::parse("*"), Some(IfMatch(None)));
        for never in ["W/\"17\"", "\"017\"", "\"+1\"", "\"x\"", "\"\"", "\"-5\""] {
            assert_eq!(IfMatch::parse(never), Some(IfMatch(Some(NEVER))), "{never}");
        }
        for bad in ["", "17", "\"17", "17\"", "\"1\", \"2\"", "\""] {
            assert_eq!(IfMatch::parse(bad), None, "{bad}");
        }
    }
}
