//! The path of a rule: `/orders`, `/orders/{id}`, `/orders/**`.

use std::fmt;

use crate::path::{Ambiguous, RequestPath};

/// A path in which `{name}` stands for exactly one segment that is not empty, and `**` at the end for any rest.
///
/// `/orders/**` is `/orders`, `/orders/`, and all below. `/orders` is also `/orders/`, which many services take for the
/// same: a rule for the one must not leave the other to a weaker rule. `/orders/` is itself alone.
/// The rest is compared as the upstream reads it, decoded, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    parts: Box<[Part]>,
    /// Whether any rest may follow.
    open_end: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// This text, decoded; empty behind a trailing slash.
    Text(Box<str>),
    /// Any segment that is not empty; its name is for the reader.
    Any(Box<str>),
}

impl Pattern {
    /// Reads a pattern; it is spelled as a path in a request is, so that `é` is written `%C3%A9`, and the braces and
    /// stars that mean themselves `%7B`, `%7D`, `%2A`.
    ///
    /// # Errors
    /// [`PatternError`] for braces or stars in any other place, for more than 64 segments, and for what no request
    /// could match because its path would be refused.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        if pattern.contains('?') {
            return Err(PatternError::Query);
        }
        let (rooted, open_end) = match pattern.strip_suffix("/**") {
            Some(before) => (before, true),
            None => (pattern, false),
        };
        let mut parts = Vec::new();
        // `/**` has nothing before its end.
        if !(rooted.is_empty() && open_end) {
            let rest = rooted.strip_prefix('/').ok_or(PatternError::Path(Ambiguous::NotOriginForm))?;
            // A segment that is a name is no path; in its place stands one that offends nobody.
            let mut written = String::with_capacity(pattern.len());
            let segments: Vec<Option<&str>> = rest.split('/').map(wildcard).collect::<Result<_, _>>()?;
            for (segment, wild) in rest.split('/').zip(&segments) {
                written.push('/');
                written.push_str(if wild.is_some() { "x" } else { segment });
            }
            let path = RequestPath::parse(&written).map_err(PatternError::Path)?;
            for (segment, wild) in path.segments().zip(segments) {
                parts.push(match wild {
                    Some(name) => Part::Any(name.into()),
                    None => Part::Text(segment.decoded().into()),
                });
            }
        }
        if open_end && parts.last().is_some_and(|last| *last == Part::Text("".into())) {
            return Err(PatternError::Path(Ambiguous::EmptySegment));
        }
        if parts.len() > MAX_SEGMENTS {
            return Err(PatternError::TooLong);
        }
        let mut names = parts.iter().filter_map(Part::name);
        while let Some(name) = names.next() {
            if names.clone().any(|other| other == name) {
                return Err(PatternError::Twice);
            }
        }
        Ok(Self { parts: parts.into(), open_end })
    }

    /// `/**`
    pub(super) fn everything() -> Self {
        Self { parts: Box::default(), open_end: true }
    }

    /// Whether this path is one of those that are meant; linear, and allocates nothing.
    #[must_use]
    pub fn matches(&self, path: &RequestPath<'_>) -> bool {
        let mut segments = path.segments();
        for part in &self.parts {
            let Some(segment) = segments.next() else { return false };
            let fits = match part {
                Part::Text(text) => segment.is(text),
                Part::Any(_) => !segment.is_empty(),
            };
            if !fits {
                return false;
            }
        }
        match segments.next() {
            None => true,
            Some(_) if self.open_end => true,
            Some(last) => last.is_empty() && !self.ends_in_slash(),
        }
    }

    /// Whether it says itself that a slash stands at the end.
    pub(super) fn ends_in_slash(&self) -> bool {
        self.parts.last().is_some_and(|last| matches!(last, Part::Text(text) if text.is_empty()))
    }

    /// How many segments stand before its end.
    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn has_open_end(&self) -> bool {
        self.open_end
    }

    /// The texts that it names.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(&**text),
            Part::Any(_) => None,
        })
    }

    /// A path that it matches, `fresh` in the place of every name.
    pub(super) fn example(&self, fresh: &str) -> String {
        self.parts.iter().fold(String::new(), |path, part| match part {
            Part::Text(text) => path + "/" + &escaped(text),
            Part::Any(_) => path + "/" + fresh,
        })
    }
}

impl Part {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Any(name) => Some(name),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(text) => write!(f, "/{}", escaped(text))?,
                Part::Any(name) => write!(f, "/{{{name}}}")?,
            }
        }
        if self.open_end { f.write_str("/**") } else { Ok(()) }
    }
}

/// Why a pattern is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// No request could match, because its path would be refused with 400.
    #[error("no request can have this path: {0}")]
    Path(Ambiguous),
    /// Rules see no query.
    #[error("a rule sees no query; end the path before the `?`, and write %3F nowhere")]
    Query,
    /// A star that is not the `**` at the end.
    #[error(
        "`**` stands at the end alone, as in `/orders/**`; one segment is `{{name}}`, and a star itself is %2A"
    )]
    Star,
    /// Braces that are not the whole of a segment, or hold no name.
    #[error(
        "`{{name}}` is a whole segment, of letters, digits and `_`, as in `/orders/{{id}}`; a brace itself is %7B or %7D"
    )]
    Brace,
    /// The same name twice reads as if both had to be the same.
    #[error("the same `{{name}}` stands twice; the segments need not be equal, so give them two names")]
    Twice,
    /// Longer than a rule should be.
    #[error("a rule has at most 64 segments")]
    TooLong,
}

/// The name of a segment in braces; nothing for a segment of text.
fn wildcard(segment: &str) -> Result<Option<&str>, PatternError> {
    if segment.contains('*') {
        return Err(PatternError::Star);
    }
    if !segment.contains(['{', '}']) {
        return Ok(None);
    }
    let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_name =
        |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    name.filter(is_name).map(Some).ok_or(PatternError::Brace)
}

/// A text as it stands in a path: what is not unreserved (RFC 3986 §2.3) is escaped.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |path, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            path + char::from(byte).encode_utf8(&mut [0; 4])
        }
        byte => path + &format!("%{byte:02X}"),
    })
}

const MAX_SEGMENTS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&RequestPath::parse(path).unwrap())
    }

    #[test]
    fn a_path_is_itself_with_or_without_a_slash_behind_it() {
        for path in ["/", "/orders", "/orders/", "/a/b", "/caf%C3%A9/%2A/%7Bx%7D"] {
            assert!(matches(path, path), "{path}");
        }
        for (pattern, path) in [
            ("/orders/", "/orders"),
            ("/orders", "/Orders"),
            ("/orders", "/orders/1"),
            ("/orders", "/"),
            ("/orders", "/order"),
            ("/", "/orders"),
            ("/a%252", "/a%252"),
        ] {
            assert_eq!(matches(pattern, path), pattern == path, "{pattern} {path}");
        }
        // who asks for the twin of a path with a rule does not get past the rule
        assert!(matches("/orders", "/orders/") && matches("/orders/{id}", "/orders/1/"));
    }

    /// One path in two spellings is one path.
    #[test]
    fn texts_are_compared_decoded() {
        for (pattern, path) in [
            ("/orders", "/%6Frders"),
            ("/%6frders", "/orders"),
            ("/a$b", "/a%24b"),
            ("/a%24b", "/a$b"),
            ("/caf%c3%a9", "/caf%C3%A9"),
            ("/100%25", "/100%25"),
            ("/a%20b", "/a%20b"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        assert!(!matches("/a%2Bb", "/a%20b"));
    }

    #[test]
    fn a_name_is_exactly_one_segment() {
        assert!(matches("/orders/{id}", "/orders/1") && matches("/orders/{id}", "/orders/%7Bid%7D"));
        assert!(matches("/{a}/x/{b}", "/1/x/2") && matches("/{a}/", "/1/"));
        for path in ["/orders", "/orders/", "/orders/1/2", "/orders/1/2/", "/other/1"] {
            assert!(!matches("/orders/{id}", path), "{path}");
        }
    }

    #[test]
    fn two_stars_are_any_rest_or_none() {
        for path in ["/orders", "/orders/", "/orders/1", "/orders/1/", "/orders/1/2/3"] {
            assert!(matches("/orders/**", path), "{path}");
        }
        for path in ["/", "/order", "/orders2", "/ordersx/1", "/Orders/1"] {
            assert!(!matches("/orders/**", path), "{path}");
        }
        assert!(matches("/**", "/") && matches("/**", "/a") && matches("/**", "/a/b/"));
        assert!(matches("/{a}/**", "/a") && matches("/{a}/**", "/a/") && !matches("/{a}/**", "/"));
    }

    /// What a rule could never match, or would match otherwise than its author thinks, is no rule.
    #[test]
    fn refuses_patterns_that_mislead() {
        use PatternError::*;
        for (pattern, why) in [
            ("", Path(Ambiguous::NotOriginForm)),
            ("orders", Path(Ambiguous::NotOriginForm)),
            ("**", Path(Ambiguous::NotOriginForm)),
            ("https://x/orders", Path(Ambiguous::NotOriginForm)),
            ("*", Path(Ambiguous::NotOriginForm)),
            ("orders/**", Path(Ambiguous::NotOriginForm)),
            ("/orders?x", Query),
            ("/*", Star),
            ("/orders/*", Star),
            ("/orders/*.json", Star),
            ("/**/orders", Star),
            ("/orders/**/", Star),
            ("/orders**", Star),
            ("/orders/***", Star),
            ("/**/**", Star),
            ("/orders/{}", Brace),
            ("/orders/{id", Brace),
            ("/orders/id}", Brace),
            ("/orders/x{id}", Brace),
            ("/orders/{id}.json", Brace),
            ("/orders/{id:[0-9]+}", Brace),
            ("/orders/{*rest}", Star),
            ("/{id}/x/{id}", Twice),
            ("//orders", Path(Ambiguous::EmptySegment)),
            ("/orders//**", Path(Ambiguous::EmptySegment)),
            ("//**", Path(Ambiguous::EmptySegment)),
            ("/orders/../x", Path(Ambiguous::DotSegment)),
            ("/orders/./**", Path(Ambiguous::DotSegment)),
            ("/a%2Fb", Path(Ambiguous::EncodedSlash)),
            ("/a%2", Path(Ambiguous::BadEscape)),
            ("/a;b", Path(Ambiguous::Semicolon)),
            ("/café", Path(Ambiguous::NonAscii)),
            ("/a b", Path(Ambiguous::Control)),
            ("/a%20", Path(Ambiguous::EdgeSpace)),
            ("/a#b", Path(Ambiguous::Fragment)),
        ] {
            assert_eq!(Pattern::parse(pattern), Err(why), "{pattern:?}");
        }
        assert_eq!(Pattern::parse(&"/x".repeat(65)), Err(TooLong));
        assert!(Pattern::parse(&"/x".repeat(64)).is_ok());
    }

    #[test]
    fn is_printed_as_it_is_read() {
        for pattern in ["/", "/**", "/orders/{id}/**", "/caf%C3%A9/", "/a%20b"] {
            assert_eq!(Pattern::parse(pattern).unwrap().to_string(), pattern);
        }
    }
}
