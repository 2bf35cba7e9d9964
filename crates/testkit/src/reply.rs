//! What an issuer or an API is made to answer, and when.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;
use tokio::sync::watch;

/// An answer, right or wrong.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    end: End,
}

/// Requests wait while it is neither released nor dropped.
#[derive(Debug)]
pub struct Hold(watch::Sender<bool>);

/// How far an answer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    AfterTheBody,
    BeforeTheHead,
}

impl Reply {
    /// An answer with this status and an empty body.
    ///
    /// # Panics
    /// When there is no such status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a status");
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), end: End::Whole }
    }

    /// 200 with this as `application/json`.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self::status(200).body("application/json", value.to_string())
    }

    /// No answer at all: the request is taken and left alone.
    #[must_use]
    pub fn hanging() -> Self {
        Self { end: End::BeforeTheHead, ..Self::status(200) }
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header(CONTENT_TYPE.as_str(), media_type)
    }

    /// Sets a header.
    ///
    /// # Panics
    /// When it cannot be one.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        self.headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        self
    }

    /// Sends head and body, but never the body's end.
    #[must_use]
    pub fn stalling(mut self) -> Self {
        self.end = End::AfterTheBody;
        self
    }

    pub(crate) async fn response(self) -> Response<ReplyBody> {
        if self.end == End::BeforeTheHead {
            std::future::pending::<()>().await;
        }
        let stalls = self.end == End::AfterTheBody;
        let mut response =
            Response::new(ReplyBody { data: Some(self.body).filter(|data| !data.is_empty()), stalls });
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

impl Hold {
    pub(crate) fn new() -> (Self, watch::Receiver<bool>) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), receiver)
    }

    /// Lets all go that wait, and whoever comes later.
    pub fn release(&self) {
        self.0.send_replace(true);
    }
}

pub(crate) struct ReplyBody {
    data: Option<Bytes>,
    stalls: bool,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.data.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None if self.stalls => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && !self.stalls
    }

    fn size_hint(&self) -> SizeHint {
        let len = self.data.as_ref().map_or(0, |data| data.len() as u64);
        if self.stalls { SizeHint::new() } else { SizeHint::with_exact(len) }
    }
}
