//! What came back, and what its headers say about it.

use std::time::Duration;

use bytes::Bytes;
use countersign_proto::error::printable;
use countersign_proto::time::UnixTime;
use http::StatusCode;
use http::header::{AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};

use super::date;

/// An answer, read whole.
#[derive(Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// Whether the `Content-Type` is this media type, parameters aside (RFC 9110 §8.3.1).
    #[must_use]
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type().is_some_and(|kind| kind.eq_ignore_ascii_case(media_type))
    }

    /// The body, where the headers say that it is JSON or a kind of it (RFC 6839 §3.1) and not compressed: nobody asked
    /// for that, and what is small here might be large there.
    ///
    /// # Errors
    /// What they say instead.
    pub(crate) fn json(&self) -> Result<&[u8], String> {
        if let Some(coding) = self.headers.get(CONTENT_ENCODING).filter(|coding| *coding != "identity") {
            return Err(format!("it is encoded as {}", shown(&String::from_utf8_lossy(coding.as_bytes()))));
        }
        let kind = self.media_type().unwrap_or_default().to_ascii_lowercase();
        if kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json")) {
            return Ok(&self.body);
        }
        Err(if kind.is_empty() {
            "it says no media type".to_owned()
        } else {
            format!("it is {}", shown(&kind))
        })
    }

    /// The `Content-Type` without its parameters.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()?.split(';').next().map(str::trim)
    }

    /// How much longer this answer may be taken for current, by `Cache-Control` and `Age` (RFC 9111 §4.2, §5.2.2):
    /// zero where it says so or what it says is not understood, `None` where it says nothing.
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        let mut found = None;
        for line in self.headers.get_all(CACHE_CONTROL) {
            for directive in line.to_str().ok()?.split(',') {
                let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
                match name.trim().to_ascii_lowercase().as_str() {
                    "no-store" | "no-cache" => return Some(Duration::ZERO),
                    // said twice, the smaller holds
                    "max-age" => {
                        let said = seconds(value.trim().trim_matches('"')).unwrap_or_default();
                        found = Some(found.map_or(said, |other: Duration| other.min(said)));
                    }
                    _ => {}
                }
            }
        }
        let age = self.headers.get(AGE).and_then(|value| seconds(value.to_str().ok()?)).unwrap_or_default();
        found.map(|max_age| max_age.saturating_sub(age))
    }

    /// As [`Self::retry_after`], and where it is a date, from `now` until then.
    pub(crate) fn retry_after_at(&self, now: UnixTime) -> Option<Duration> {
        self.wait(|| Some(now))
    }

    /// How long the server asks to be left alone, a day at most (`Retry-After`, RFC 9110 §10.2.3); where it is a date, from
    /// the answer's own `Date` until then.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.wait(|| date::read(self.headers.get(DATE)?.to_str().ok()?))
    }

    fn wait(&self, now: impl FnOnce() -> Option<UnixTime>) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?;
        let until = || {
            let left = date::read(text)?.since(now()?);
            Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
        };
        seconds(text).or_else(until).map(|wait| wait.min(LONGEST_WAIT))
    }
}

/// Without the body and the headers, which may hold a token.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (status, bytes) = (self.status, self.body.len());
        f.debug_struct("Answer").field("status", &status).field("bytes", &bytes).finish_non_exhaustive()
    }
}

/// A stranger's words, for logs and terminals.
pub(crate) fn shown(text: &str) -> String {
    printable(&text.chars().take(MAX_SHOWN).collect::<String>())
}

/// A number of seconds as headers write it: digits alone (RFC 9111 §1.2.2); one that is too large is cut.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse::<u32>().unwrap_or(u32::MAX).into()))
}

const MAX_SHOWN: usize = 200;
/// A day: nobody is left alone for longer, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn answer(headers: &[(HeaderName, &'static str)]) -> Answer {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Answer { status: StatusCode::OK, headers: headers.collect(), body: Bytes::new() }
    }

    #[test]
    fn freshness_is_read_as_the_rfc_writes_it() {
        for (value, seconds) in [
            ("max-age=300", Some(300)),
            ("public, Max-Age=60 , must-revalidate", Some(60)),
            ("max-age=\"15\"", Some(15)),
            ("max-age=99999999999999999999", Some(u64::from(u32::MAX))),
            ("max-age=60, max-age=30", Some(30)),
            ("max-age=300, no-cache", Some(0)),
            ("no-store", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age", Some(0)),
            ("public, s-maxage=10", None),
            ("", None),
        ] {
            let read = answer(&[(CACHE_CONTROL, value)]).max_age();
            assert_eq!(read, seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(answer(&[]).max_age(), None);
        let aged = answer(&[(CACHE_CONTROL, "max-age=60"), (AGE, "50")]);
        assert_eq!(aged.max_age(), Some(Duration::from_secs(10)));
        assert_eq!(answer(&[(CACHE_CONTROL, "max-age=60"), (AGE, "90")]).max_age(), Some(Duration::ZERO));
    }

    #[test]
    fn a_date_is_so_many_seconds_from_now() {
        let now = UnixTime(946_684_700);
        for (date, seconds) in [
            ("7", Some(7)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(99)),
            ("Fri, 31 Dec 1999 20:00:00 GMT", Some(0)),
            ("soon", None),
        ] {
            let read = answer(&[(RETRY_AFTER, date)]).retry_after_at(now);
            assert_eq!(read, seconds.map(Duration::from_secs), "{date}");
        }
    }

    /// Whoever has no clock of the caller's takes the server's; nobody waits for more than a day.
    #[test]
    fn a_date_is_counted_from_the_answers_own() {
        const NOW: (HeaderName, &str) = (DATE, "Fri, 31 Dec 1999 23:58:20 GMT");
        for (after, seconds) in [
            ("Fri, 31 Dec 1999 23:59:59 GMT", 99),
            ("Fri, 31 Dec 1999 20:00:00 GMT", 0),
            ("Fri, 31 Dec 2100 20:00:00 GMT", 86_400),
            ("86401", 86_400),
        ] {
            let read = answer(&[(RETRY_AFTER, after), NOW]).retry_after();
            assert_eq!(read, Some(Duration::from_secs(seconds)), "{after}");
        }
    }

    #[test]
    fn retry_after_is_read_in_seconds() {
        assert_eq!(answer(&[(RETRY_AFTER, "7")]).retry_after(), Some(Duration::from_secs(7)));
        for other in ["", "-1", "1.5", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(answer(&[(RETRY_AFTER, other)]).retry_after(), None, "{other}");
        }
    }
}
