//! What stands between the slashes of a path, compared as its reader sees it: decoded.

use std::borrow::Cow;
use std::str::Split;

use super::spelling::hex;

/// The segments of a path that is normal, in their order.
#[derive(Clone, Debug)]
pub struct Segments<'a>(Split<'a, char>);

/// One segment of a path that is normal.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a>(&'a str);

impl<'a> Segments<'a> {
    /// `path` is normal, so that it begins with a slash and its escapes are whole.
    pub(super) fn of(path: &'a str) -> Self {
        Self(path.strip_prefix('/').unwrap_or(path).split('/'))
    }
}

impl<'a> Segment<'a> {
    /// The normal spelling.
    #[must_use]
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// What the upstream reads: escapes decoded.
    #[must_use]
    pub fn decoded(self) -> Cow<'a, str> {
        if !self.0.contains('%') {
            return Cow::Borrowed(self.0);
        }
        // The escapes of a normal path are UTF-8.
        Cow::Owned(String::from_utf8_lossy(&self.bytes().collect::<Vec<u8>>()).into_owned())
    }

    /// Whether the decoded segment is this text; allocates nothing.
    #[must_use]
    pub fn is(self, decoded: &str) -> bool {
        if self.0.contains('%') { self.bytes().eq(decoded.bytes()) } else { self.0 == decoded }
    }

    /// Whether nothing stands between two slashes, which is so behind a trailing slash alone.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    fn bytes(self) -> impl Iterator<Item = u8> + 'a {
        let mut rest = self.0.bytes();
        std::iter::from_fn(move || match rest.next()? {
            b'%' => Some(hex(rest.next()?)? << 4 | hex(rest.next()?)?),
            byte => Some(byte),
        })
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        self.0.next().map(Segment)
    }
}
