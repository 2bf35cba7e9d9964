//! A request as it arrived, kept for the test that wants to know what was sent.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use crate::door::Chain;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The headers, secrets included.
    pub headers: HeaderMap,
    /// The whole body; empty when it was cut off, or longer than 16 MiB.
    pub body: Bytes,
    pub(crate) chain: Chain,
}

impl Received {
    pub(crate) async fn read(request: Request<Incoming>, chain: Chain) -> Self {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        let target = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Self { method: head.method, target, headers: head.headers, body, chain }
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, where there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The one value of a header, if it is there.
    ///
    /// # Panics
    /// When it stands more than once or is no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} stands more than once");
        Some(value.to_str().expect("a header of text"))
    }

    /// The parameters of the form in the body, in the order in which they were sent.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// All values of a parameter of the form.
    #[must_use]
    pub fn parameters(&self, name: &str) -> Vec<String> {
        self.form().into_iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
    }

    /// The one value of a parameter of the form, if it is there.
    ///
    /// # Panics
    /// When it stands more than once.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut values = self.parameters(name);
        assert!(values.len() < 2, "{name} stands more than once");
        values.pop()
    }

    /// The certificate of the connection in DER, if the client showed one.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.chain.first().map(AsRef::as_ref)
    }

    /// All lines of a header that are text.
    pub(crate) fn lines(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect()
    }

    /// The media type of the body in lower case, without its parameters.
    pub(crate) fn media_type(&self) -> Cow<'_, str> {
        let line = self.lines("content-type").first().copied().unwrap_or_default();
        line.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().into()
    }
}

const MAX_BODY: usize = 16 << 20;
