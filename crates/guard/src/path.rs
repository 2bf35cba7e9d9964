//! The path of a request in one spelling, or a refusal: what the rules judge is what the upstream gets.
//!
//! A guard is walked around where it and the upstream read one path in two ways. So whatever anybody could read in two
//! ways is refused, and the rest is brought into the normal form of RFC 3986 §6.2.2 before a rule sees it.

mod ambiguous;
mod segment;
mod spelling;

use std::borrow::Cow;

pub use ambiguous::Ambiguous;
pub use segment::{Segment, Segments};

/// A path and query in origin-form (RFC 9112 §3.2.1) that can be read in one way alone.
///
/// The path is normal (RFC 3986 §6.2.2): escapes of unreserved characters are decoded, other escapes have upper-case
/// digits, printable characters that no URI may have are escaped. Reserved characters keep the spelling in which they
/// came, since the upstream may tell `%2B` from `+`; [`Segments`] are compared decoded. A trailing slash stays.
/// The query is carried as it came. Borrowed where the request was already normal.
///
/// Does not check:
/// - whether the upstream reads letters of either case, Unicode's compatible forms, a trailing dot or a file's ending
///   as the same: order the rules so that what they do not name is refused;
/// - the query: its escapes, its characters other than controls, spaces, non-ASCII and `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    whole: Cow<'a, str>,
    path_length: usize,
}

impl<'a> RequestPath<'a> {
    /// Reads what stands between method and version of a request, or in the header of a proxy that passes it on.
    ///
    /// # Errors
    /// [`Ambiguous`], to be answered with 400, for what could be read in two ways, is no origin-form, or is longer
    /// than 8,192 bytes of path or 16,384 bytes of query.
    pub fn parse(raw: &'a str) -> Result<Self, Ambiguous> {
        if raw == "*" {
            return Err(Ambiguous::Asterisk);
        }
        if !raw.starts_with('/') {
            return Err(Ambiguous::NotOriginForm);
        }
        let (path, query) = match raw.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (raw, None),
        };
        if path.len() > MAX_PATH || query.is_some_and(|query| query.len() > MAX_QUERY) {
            return Err(Ambiguous::TooLong);
        }
        let normal = spelling::normal(path)?;
        // Escapes that were missing make it longer, and whoever reads it next has the same cap.
        if normal.len() > MAX_PATH {
            return Err(Ambiguous::TooLong);
        }
        query.map_or(Ok(()), judge_query)?;
        let path_length = normal.len();
        let whole = match (normal, query) {
            (Cow::Borrowed(_), _) => Cow::Borrowed(raw),
            (Cow::Owned(path), None) => Cow::Owned(path),
            (Cow::Owned(path), Some(query)) => Cow::Owned(path + "?" + query),
        };
        Ok(Self { whole, path_length })
    }

    /// The normal path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.whole.split_at_checked(self.path_length).map_or("", |(path, _)| path)
    }

    /// The normal path with the query: what the upstream is asked for.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.whole
    }

    /// The normal path with the query where it differs from what came; otherwise the request can go on as it is.
    #[must_use]
    pub fn rewritten(&self) -> Option<&str> {
        match &self.whole {
            Cow::Borrowed(_) => None,
            Cow::Owned(whole) => Some(whole),
        }
    }

    /// What stands between the slashes; an empty last one means a trailing slash.
    pub fn segments(&self) -> Segments<'_> {
        Segments::of(self.path())
    }
}

fn judge_query(query: &str) -> Result<(), Ambiguous> {
    match query.bytes().find(|byte| !matches!(byte, b'!'..=b'~') || *byte == b'#') {
        None => Ok(()),
        Some(b'#') => Err(Ambiguous::Fragment),
        Some(0x80..) => Err(Ambiguous::NonAscii),
        Some(_) => Err(Ambiguous::Control),
    }
}

const MAX_PATH: usize = 8 * 1024;
const MAX_QUERY: usize = 16 * 1024;

#[cfg(test)]
mod tests;
