//! Bodies on their way through: the caller's without its trailers, the upstream's as it comes, or a few words of our own.
//! Neither side may fall silent for longer than patience lasts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use super::failures::Failures;
use super::pace::{Pace, Silence};
use super::rest::Rest;

/// The body of a request as an upstream gets it: its trailers are dropped, since what they say of who calls would be
/// believed beside our headers (RFC 9110 §6.5.1).
#[derive(Debug)]
pub(super) struct Upload(Option<Uploading>);

/// The body of an answer.
#[derive(Debug)]
pub struct ProxyBody(Kind);

/// Why a body broke off.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Its connection ended, or what came was no body.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
    /// Nothing of it came for this long, or of a request's less than 1,000 bytes a second.
    #[error("nothing came for {0:?}, or too little")]
    Silent(Duration),
}

/// A place among the requests that an upstream works on, kept as long as something of the exchange is under way.
#[derive(Debug)]
pub(super) enum Place {
    /// Of a request without a body.
    Alone(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit),
    /// Shared with an upload, which may outlast its answer.
    Shared(Arc<Pace>),
}

#[derive(Debug)]
struct Uploading {
    body: Incoming,
    pace: Arc<Pace>,
    silence: Silence,
    rest: Rest,
}

#[derive(Debug)]
enum Kind {
    Ours(Option<Bytes>),
    Upstream { body: Incoming, silence: Silence, place: Option<Place>, failures: Arc<Failures> },
}

impl Upload {
    /// This body, if there is one, for as long as it is not silent for longer than `patience`.
    pub(super) fn new(
        body: Incoming,
        rest: Rest,
        place: OwnedSemaphorePermit,
        patience: Duration,
    ) -> (Self, Place) {
        if body.is_end_stream() {
            return (Self(None), Place::Alone(place));
        }
        let pace = Arc::new(Pace::new(place));
        let shared = Place::Shared(Arc::clone(&pace));
        (Self(Some(Uploading { body, pace, silence: Silence::of_upload(patience), rest })), shared)
    }
}

impl ProxyBody {
    /// An upstream's, which keeps its place until it ends, and is told of where it breaks off.
    pub(super) fn upstream(
        body: Incoming,
        place: Place,
        patience: Duration,
        failures: Arc<Failures>,
    ) -> Self {
        Self(Kind::Upstream { body, silence: Silence::new(patience), place: Some(place), failures })
    }
}

impl Place {
    /// The marks of the upload, where there is one.
    pub(super) fn pace(&self) -> Option<&Pace> {
        match self {
            Self::Alone(_) => None,
            Self::Shared(pace) => Some(pace),
        }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(Uploading { body, pace, silence, rest }) = &mut self.0 else { return Poll::Ready(None) };
        rest.is_coming();
        let ended = loop {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {}
                Poll::Ready(Some(Ok(frame))) => {
                    pace.moved();
                    silence.broken();
                    silence.earned(frame.data_ref().map_or(0, Bytes::len));
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Err(error))) => break Some(Err(BodyError::Broken(error))),
                Poll::Ready(None) => {
                    pace.moved();
                    break None;
                }
                Poll::Pending => {
                    pace.awaits_caller();
                    ready!(silence.poll_too_long(cx, None));
                    break Some(Err(BodyError::Silent(silence.patience())));
                }
            }
        };
        self.0 = None;
        Poll::Ready(ended)
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(|upload| upload.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or(SizeHint::with_exact(0), |upload| upload.body.size_hint())
    }
}

impl Drop for Upload {
    /// Nobody wants the rest: the upstream failed, or has answered already.
    fn drop(&mut self) {
        if let Some(Uploading { body, rest, .. }) = self.0.take() {
            rest.throw_away(body);
        }
    }
}

impl From<Bytes> for ProxyBody {
    fn from(bytes: Bytes) -> Self {
        Self(Kind::Ours(Some(bytes).filter(|bytes| !bytes.is_empty())))
    }
}

impl Body for ProxyBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let (body, silence, place, failures) = match &mut self.0 {
            Kind::Ours(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Upstream { body, silence, place, failures } => (body, silence, place, failures),
        };
        let frame = match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => frame.map(|frame| frame.map_err(BodyError::Broken)),
            Poll::Pending => {
                // an answer that waits for the rest of an upload is not the silent one
                let uploaded = place.as_ref().and_then(Place::pace).map(|pace| pace.turn().1);
                ready!(silence.poll_too_long(cx, uploaded));
                Some(Err(BodyError::Silent(silence.patience())))
            }
        };
        silence.broken();
        if let Some(Err(error)) = &frame {
            failures.note_answer(error);
        }
        if !matches!(frame, Some(Ok(_))) {
            *place = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Ours(bytes) => bytes.is_none(),
            Kind::Upstream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Ours(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Upstream { body, .. } => body.size_hint(),
        }
    }
}
