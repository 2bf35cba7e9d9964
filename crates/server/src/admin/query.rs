//! The query of a list: `limit` and `cursor`, each at most once, and nothing else.

use axum::extract::FromRequestParts;
use countersign_issuer::admin::PageAsk;
use http::request::Parts;

use super::problem::Trouble;
use crate::state::AppState;

/// Which page of a list is wanted.
#[derive(Debug, Default)]
pub(super) struct PageQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl PageQuery {
    /// As the commands take it.
    pub(super) fn ask(&self) -> PageAsk<'_> {
        PageAsk { limit: self.limit, cursor: self.cursor.as_deref() }
    }

    fn parse(query: &str) -> Result<Self, Trouble> {
        let mut page = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let taken = match &*name {
                "limit" => {
                    let digits = value.bytes().all(|b| b.is_ascii_digit());
                    let limit = value.parse().ok().filter(|_| digits && value.len() <= 9);
                    let wrong = || Trouble::invalid("limit", "limit is a whole number from 1 to 1000");
                    page.limit.replace(limit.ok_or_else(wrong)?).is_some()
                }
                "cursor" => page.cursor.replace(value.into_owned()).is_some(),
                _ => {
                    let name: String = name.chars().take(100).filter(|c| !c.is_control()).collect();
                    return Err(Trouble::invalid(
                        name,
                        "lists take limit and cursor, and no other parameter",
                    ));
                }
            };
            if taken {
                return Err(Trouble::invalid(name, "a parameter stands once"));
            }
        }
        Ok(page)
    }
}

impl FromRequestParts<AppState> for PageQuery {
    type Rejection = Trouble;

    async fn from_request_parts(head: &mut Parts, _: &AppState) -> Result<Self, Trouble> {
        Self::parse(head.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_limit_and_cursor_once() {
        let page = PageQuery::parse("cursor=a%2Bb&limit=7").unwrap();
        assert_eq!((page.limit, page.cursor.as_deref()), (Some(7), Some("a+b")));
        assert!(PageQuery::parse("").unwrap().cursor.is_none());
        for bad in [
            "limit=",
            "limit=a",
            "limit=-1",
            "limit=1.0",
            "limit=9999999999",
            "limit=1&limit=1",
            "cursor=&cursor=",
            "page=2",
        ] {
            assert!(PageQuery::parse(bad).is_err(), "{bad}");
        }
    }
}
