//! The bridge from HTTP's service to tower's: a request learns who its peer is and is counted in flight.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower::ServiceExt;

use crate::activity::{Activity, InFlight};
use crate::peer::Peer;
use crate::stats::Event;
use crate::{PeerCertificate, Stats};

/// The service as one connection sees it.
#[derive(Clone, Debug)]
pub(crate) struct PerConnection<S> {
    pub(crate) service: S,
    pub(crate) peer: Peer,
    pub(crate) certificate: Option<PeerCertificate>,
    pub(crate) activity: Arc<Activity>,
    pub(crate) stats: Stats,
}

pin_project! {
    /// An answer's body, which keeps its request in flight until its end was handed over.
    pub(crate) struct Tracked<B> {
        #[pin]
        body: B,
        request: InFlight,
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for PerConnection<S>
where
    S: tower::Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
    B: 'static,
{
    type Response = Response<Tracked<B>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, mut http_request: Request<Incoming>) -> Self::Future {
        let request = self.activity.request(http_request.version() == Version::HTTP_2);
        self.stats.count(Event::Request);
        self.peer.tell(http_request.extensions_mut());
        if let Some(certificate) = &self.certificate {
            http_request.extensions_mut().insert(certificate.clone());
        }
        let answer = self.service.clone().oneshot(http_request);
        Box::pin(async move {
            let answer = answer.await?;
            request.awaits_peer();
            Ok(answer.map(|body| Tracked { body, request }))
        })
    }
}

impl<B: Body> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        // on HTTP/2 we are asked only when the peer has room, so being asked is progress
        let this = self.project();
        this.request.awaits_us();
        let frame = ready!(this.body.poll_frame(cx));
        this.request.awaits_peer();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
