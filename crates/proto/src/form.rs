//! Strict `application/x-www-form-urlencoded` (RFC 6749 appendix B): the one reader of token requests.

use std::borrow::Cow;
use std::fmt;

/// The parameters of a form body in the order sent, each name and value valid UTF-8 after percent-decoding.
///
/// A parameter without a value stands as if it had not been sent (RFC 6749 §3.2), but still counts as a repetition.
#[derive(Clone, Default)]
pub struct Form<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    repeated: Option<usize>,
}

impl<'a> Form<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`FormError`] on a broken percent escape, on bytes that are not UTF-8, or on more than 100 parameters.
    pub fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        let mut form = Self { pairs: Vec::with_capacity(8), repeated: None };
        for piece in body.split(|&b| b == b'&').filter(|piece| !piece.is_empty()) {
            if form.pairs.len() == MAX_PARAMETERS {
                return Err(FormError::Count);
            }
            let equals = piece.iter().position(|&b| b == b'=').unwrap_or(piece.len());
            let (name, value) = piece.split_at(equals);
            form.push(decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        }
        Ok(form)
    }

    /// A form made of pairs that were read elsewhere, such as the members of a JSON object.
    ///
    /// # Errors
    /// [`FormError::Count`] on more than 100 pairs.
    pub fn from_pairs(
        pairs: impl IntoIterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, FormError> {
        let mut form = Self::default();
        for (name, value) in pairs {
            if form.pairs.len() == MAX_PARAMETERS {
                return Err(FormError::Count);
            }
            form.push(name, value);
        }
        Ok(form)
    }

    /// The first value of `name` that is not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Cow<'a, str>> {
        self.all(name).next()
    }

    /// All values of `name` that are not empty.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Cow<'a, str>> {
        self.pairs.iter().filter(move |(n, v)| n == name && !v.is_empty()).map(|(_, v)| v)
    }

    /// The first value of `name`, empty or not: for dialects to whom an empty value means something.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&Cow<'a, str>> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// A parameter name that stands more than once, unless it is one of `resource` and `audience`, which may
    /// (RFC 8707 §2, RFC 8693 §2.1).
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        self.repeated.and_then(|at| self.pairs.get(at)).map(|(name, _)| name.as_ref())
    }

    /// A parameter name that stands more than once, whatever it is called.
    #[must_use]
    pub fn repeated_at_all(&self) -> Option<&str> {
        self.repeated().or_else(|| {
            MAY_REPEAT.into_iter().find(|name| self.pairs.iter().filter(|(n, _)| n == name).nth(1).is_some())
        })
    }

    fn push(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) {
        // Quadratic, over at most 100 names: cheaper than a set, and no hash to flood.
        if self.repeated.is_none()
            && !MAY_REPEAT.contains(&name.as_ref())
            && self.pairs.iter().any(|(earlier, _)| *earlier == name)
        {
            self.repeated = Some(self.pairs.len());
        }
        self.pairs.push((name, value));
    }
}

/// The names alone: the values may be secrets.
impl fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.pairs.iter().map(|(name, _)| name)).finish()
    }
}

/// Decodes one half of a pair: `+` is a space, `%XX` a byte, the whole UTF-8. Borrows when nothing is encoded.
///
/// # Errors
/// [`FormError::Escape`] on a `%` without two hex digits, [`FormError::Utf8`] when the bytes are no text.
pub fn decode(raw: &[u8]) -> Result<Cow<'_, str>, FormError> {
    if !raw.iter().any(|b| matches!(b, b'%' | b'+')) {
        return std::str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| FormError::Utf8);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.iter();
    while let Some(&byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().copied().and_then(hex).ok_or(FormError::Escape)?;
                let low = rest.next().copied().and_then(hex).ok_or(FormError::Escape)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| FormError::Utf8)
}

/// Why a body is not a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormError {
    /// A `%` that is not followed by two hex digits.
    Escape,
    /// Not UTF-8 after percent-decoding.
    Utf8,
    /// More than 100 parameters.
    Count,
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Escape => "the body has a % that is not followed by two hex digits",
            Self::Utf8 => "the body is not UTF-8 after percent-decoding",
            Self::Count => "the body has more than 100 parameters",
        })
    }
}

impl std::error::Error for FormError {}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

const MAX_PARAMETERS: usize = 100;
const MAY_REPEAT: [&str; 2] = ["resource", "audience"];

#[cfg(test)]
mod tests {
    use super::*;

    /// T-6749-10: the test string of RFC 6749 appendix B.
    #[test]
    fn reads_the_string_of_appendix_b() {
        assert_eq!(decode(b"+%25%26%2B%C2%A3%E2%82%AC").unwrap(), " %&+£€");
        assert_eq!(decode("%F0%9F%94%91".as_bytes()).unwrap(), "🔑");
    }

    /// T-6749-06, T-6749-04: repetition is seen even where one value is empty; an empty value is an absent one.
    #[test]
    fn sees_repetition_and_drops_empty_values() {
        let form = Form::parse(b"scope=&scope=a&x=1").unwrap();
        assert_eq!(form.repeated(), Some("scope"));
        let form = Form::parse(b"scope=&x&client_secret=").unwrap();
        assert_eq!((form.get("scope"), form.get("x"), form.get("client_secret")), (None, None, None));
        assert_eq!(form.repeated(), None);
        let form = Form::parse(b"resource=a&resource=b&audience=c").unwrap();
        assert_eq!(form.repeated(), None);
        assert_eq!(form.repeated_at_all(), Some("resource"));
        assert_eq!(form.all("resource").count(), 2);
        assert_eq!(Form::parse(b"%73cope=a&scope=b").unwrap().repeated(), Some("scope"));
    }

    /// T-6749-25, threats 7 "a bad percent escape": a clear error, never a guess.
    #[test]
    fn refuses_broken_escapes_and_bytes() {
        for (body, error) in [
            (&b"a=%zz"[..], FormError::Escape),
            (b"a=%4", FormError::Escape),
            (b"a=%", FormError::Escape),
            (b"%4g=a", FormError::Escape),
            (b"a=%ff", FormError::Utf8),
            (b"a=\xff", FormError::Utf8),
            (b"a=%C3%28", FormError::Utf8),
        ] {
            assert_eq!(Form::parse(body).unwrap_err(), error, "{body:?}");
        }
    }

    /// threats 8, secrets in logs: what is written for debugging holds no value.
    #[test]
    fn shows_no_value() {
        let form = Form::parse(b"client_id=a&client_secret=hunter2").unwrap();
        assert_eq!(format!("{form:?}"), r#"{"client_id", "client_secret"}"#);
    }

    /// threats 5, "10k params": a hundred and no more.
    #[test]
    fn caps_the_number_of_parameters() {
        let body: String = (0..101).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(Form::parse(body.as_bytes()).unwrap_err(), FormError::Count);
    }
}
