//! The media type of a body (RFC 9110 §8.3), as far as it decides how the body is read.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// What kind of body was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaType {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
    /// Another one, none, two of them, or one under a content coding.
    Other,
}

impl MediaType {
    /// Type and subtype are compared without case and parameters such as `charset` tolerated (T-6749-25).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Self::Other };
        if headers.contains_key(CONTENT_ENCODING) {
            return Self::Other;
        }
        let essence = value.as_bytes().split(|&b| b == b';').next().unwrap_or_default().trim_ascii();
        if essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Self::Form
        } else if essence.eq_ignore_ascii_case(b"application/json") {
            Self::Json
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(values: &[&'static str]) -> MediaType {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
        }
        MediaType::of(&headers)
    }

    /// T-6749-25: the type counts, not its spelling; nothing that merely begins like it.
    #[test]
    fn compares_essences() {
        for good in [
            "application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded;charset=UTF-8",
            "Application/X-WWW-Form-URLEncoded ; charset=\"utf-8\"",
        ] {
            assert_eq!(of(&[good]), MediaType::Form, "{good}");
        }
        assert_eq!(of(&["application/json; charset=utf-8"]), MediaType::Json);
        for bad in [
            &["application/x-www-form-urlencodedx"][..],
            &["application/jsonp"],
            &["multipart/form-data; boundary=x"],
            &["text/plain"],
            &[""],
            &[],
            &["application/json", "application/x-www-form-urlencoded"],
        ] {
            assert_eq!(of(bad), MediaType::Other, "{bad:?}");
        }
    }

    /// threats 5, "gzip request bodies": nothing is ever decompressed.
    #[test]
    fn a_content_coding_makes_it_another_type() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(MediaType::of(&headers), MediaType::Other);
    }
}
