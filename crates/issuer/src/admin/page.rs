//! Pages of lists: keyset cursors, opaque to callers and checked when they come back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_proto::admin::Page;

use super::AdminError;

/// What a caller says of the page that it wants.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageAsk<'a> {
    /// At most how many items, 1 to 1,000; `None` = 100.
    pub limit: Option<i64>,
    /// The `next` of the page before; `None` = the first page.
    pub cursor: Option<&'a str>,
}

impl PageAsk<'_> {
    /// How many items.
    pub(super) fn limit(&self) -> Result<usize, AdminError> {
        let limit = self.limit.unwrap_or(100);
        match usize::try_from(limit) {
            Ok(limit @ 1..=1000) => Ok(limit),
            _ => Err(AdminError::invalid("limit", "limit is a whole number from 1 to 1000")),
        }
    }

    /// The key of the last item of the page before, in the list `list`.
    pub(super) fn after(&self, list: &str) -> Result<Option<String>, AdminError> {
        let Some(cursor) = self.cursor else { return Ok(None) };
        read(list, cursor).map(Some).ok_or_else(Self::foreign_cursor)
    }

    /// A cursor that is not one of ours.
    pub(super) fn foreign_cursor() -> AdminError {
        let rule = "cursor is the next of a page of this list, unchanged; leave it out to begin again";
        AdminError::invalid("cursor", rule)
    }
}

/// The page of `items`, which come sorted by their keys.
pub(super) fn page<T>(
    list: &str,
    items: impl IntoIterator<Item = (String, T)>,
    ask: &PageAsk<'_>,
) -> Result<Page<T>, AdminError> {
    let (limit, after) = (ask.limit()?, ask.after(list)?);
    let mut rest = items.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let (mut shown, mut last) = (Vec::new(), String::new());
    for (key, item) in rest.by_ref().take(limit) {
        shown.push(item);
        last = key;
    }
    let next = rest.next().map(|_| cursor(list, &last));
    Ok(Page { items: shown, next })
}

/// The cursor that goes on after `key`.
pub(super) fn cursor(list: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{key}"))
}

fn read(list: &str, cursor: &str) -> Option<String> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    text.strip_prefix(list)?.strip_prefix(':').map(str::to_owned)
}

/// Room for the longest key, 255 bytes, and more.
const MAX_CURSOR: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(ask: PageAsk<'_>) -> Result<Page<u32>, AdminError> {
        page("numbers", (0..25).map(|n| (format!("{n:02}"), n)), &ask)
    }

    /// Issue 3, item 10: following `next` shows every item once, whatever the limit.
    #[test]
    fn pages_are_complete() {
        for limit in [1, 7, 24, 25, 26, 1000] {
            let (mut seen, mut cursor) = (Vec::new(), None::<String>);
            loop {
                let page = numbers(PageAsk { limit: Some(limit), cursor: cursor.as_deref() }).unwrap();
                assert!(page.items.len() <= usize::try_from(limit).unwrap());
                seen.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, (0..25).collect::<Vec<_>>(), "limit {limit}");
        }
    }

    /// threats 4, pagination token forgery: a cursor that is not ours is refused, not interpreted.
    #[test]
    fn foreign_cursors_are_refused() {
        let other_list = cursor("clients", "01");
        let not_text = URL_SAFE_NO_PAD.encode(b"numbers:\xff");
        let long = cursor("numbers", &"0".repeat(2000));
        for bad in ["", "x", "01", "bnVtYmVyczowMQ==", &other_list, &not_text, &long] {
            let answer = numbers(PageAsk { limit: None, cursor: Some(bad) });
            assert!(matches!(answer, Err(AdminError::Invalid { field, .. }) if field == "cursor"), "{bad}");
        }
        for limit in [0, -1, 1001, i64::MAX, i64::MIN] {
            assert!(numbers(PageAsk { limit: Some(limit), cursor: None }).is_err(), "{limit}");
        }
    }
}
