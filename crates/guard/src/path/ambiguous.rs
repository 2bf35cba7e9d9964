//! Why a path is refused: one name for each way in which two readers could differ.

/// What makes a path ambiguous; the answer is 400.
///
/// The text names the rule and repeats nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Ambiguous {
    /// `OPTIONS *` means the whole server, which no rule speaks of.
    #[error("the request is for `*` and not for a path")]
    Asterisk,
    /// Anything that does not begin with a slash: absolute-form, authority-form, nothing.
    #[error("the path does not begin with a slash")]
    NotOriginForm,
    /// More than 8,192 bytes of path or 16,384 of query.
    #[error("the path has at most 8192 bytes and the query at most 16384")]
    TooLong,
    /// A `#`: fragments are never sent (RFC 9110 §4.2.5).
    #[error("a `#` cannot be part of a request")]
    Fragment,
    /// A byte outside ASCII that is not escaped.
    #[error("characters outside ASCII must be percent-encoded")]
    NonAscii,
    /// A space or control character that is not escaped.
    #[error("spaces and control characters must be percent-encoded")]
    Control,
    /// A percent sign without two hexadecimal digits, such as `%u002f`.
    #[error("a percent sign is followed by two hexadecimal digits")]
    BadEscape,
    /// `%2F`: one reader takes it for a slash, another for a part of a name.
    #[error("a percent-encoded slash is ambiguous")]
    EncodedSlash,
    /// `%5C`: Windows, and libraries that please it, take it for a slash.
    #[error("a percent-encoded backslash is ambiguous")]
    EncodedBackslash,
    /// A raw backslash.
    #[error("a backslash is ambiguous")]
    Backslash,
    /// A `;`, escaped or not: servlet containers cut it off, with what follows, before they look for `..`.
    #[error("a semicolon is ambiguous")]
    Semicolon,
    /// `%3F` or `%23`: who decodes before parsing ends the path there.
    #[error("a percent-encoded `?` or `#` is ambiguous")]
    EncodedDelimiter,
    /// An escaped control character (C0, DEL, C1), NUL among them.
    #[error("a percent-encoded control character is ambiguous")]
    EncodedControl,
    /// What is an escape again once decoded, such as `%252F`.
    #[error("a path that can be decoded twice is ambiguous")]
    DoubleEncoding,
    /// Escapes that are no UTF-8, overlong ones such as `%C0%AF` among them.
    #[error("percent-encoded bytes must be UTF-8")]
    NotUtf8,
    /// A character that becomes a slash, a backslash, `%`, `;`, `?` or `#` in Unicode's compatible form, such as the
    /// full-width solidus, or a whole segment that becomes one of dots.
    #[error("a character that resembles a slash, `%`, `;`, `?`, `#` or a segment of dots is ambiguous")]
    Lookalike,
    /// `.`, `..`, or a longer row of dots, as the whole of a segment.
    #[error("a segment of dots is ambiguous")]
    DotSegment,
    /// The same with dots that are escaped in part or whole.
    #[error("a percent-encoded segment of dots is ambiguous")]
    EncodedDotSegment,
    /// Two slashes in a row: some readers merge them, and some take what follows for a host.
    #[error("an empty segment is ambiguous")]
    EmptySegment,
    /// A segment that begins or ends with `%20`: some readers trim it.
    #[error("a space at the edge of a segment is ambiguous")]
    EdgeSpace,
}
