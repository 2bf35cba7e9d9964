//! The one server behind the proxy, and the connections to it that are kept.

use std::error::Error as StdError;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use countersign_client::{
    Endpoint, EndpointError, TrustError, causes, deepest_cause, plain_config, tls_config,
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use super::body::{BodyError, Place, Upload};
use super::dial::Dial;
use super::pace::Turn;
use super::told;

/// Where requests go that are let in: scheme, host and port.
pub struct Upstream {
    scheme: Scheme,
    authority: Authority,
    client: Client<HttpsConnector<Dial>, Upload>,
    patience: Duration,
}

/// Why there is no upstream, or no answer of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// Its URL is none.
    #[error("the upstream's URL: {0}")]
    Url(EndpointError),
    /// Its URL has more than scheme, host and port.
    #[error("the upstream's URL is scheme, host and port alone: paths reach it as they came")]
    Path,
    /// TLS to it cannot be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The caller's body broke off, or could not be read.
    #[error("the caller's body broke off: {0}")]
    Body(String),
    /// The caller began a body, and sends no more of it, or less than 1,000 bytes a second.
    #[error("the caller sent nothing of its body for {0:?}, or too little")]
    Stalled(Duration),
    /// It cannot be reached, or hung up; with the deepest cause in its own words.
    #[error("{0}: {1}")]
    Exchange(Authority, String),
    /// It did not answer in time.
    #[error("{0} did not answer within {1:?}")]
    Timeout(Authority, Duration),
    /// It changed to another protocol (101, RFC 9110 §15.2.2), which nobody asked for: `Upgrade` is not passed on.
    #[error("{0} answered with 101, which nobody asked for: no WebSocket goes through here")]
    Switched(Authority),
    /// It works on as many requests as it may get at a time.
    #[error("{0} has as many requests as it may get at a time")]
    Busy(Authority),
}

impl Upstream {
    /// The server at this URL, https, or plain HTTP on loopback; it is spoken to in HTTP/1.1. Its certificate is verified
    /// against the platform's authorities and those of `ca_file`. `patience` is how long it may take to begin its answer
    /// once it has the whole request, and how long either side may be silent in the middle of a body.
    ///
    /// # Errors
    /// [`UpstreamError`], when the URL is not one of scheme, host and port, or TLS cannot be set up.
    pub fn new(url: &str, ca_file: Option<&Path>, patience: Duration) -> Result<Self, UpstreamError> {
        Self::at(Endpoint::parse(url), ca_file, patience)
    }

    /// The same, also plain HTTP beyond loopback: whoever is in between may say that anybody calls.
    ///
    /// # Errors
    /// As [`Upstream::new`].
    pub fn danger_any_http(
        url: &str,
        ca_file: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, UpstreamError> {
        Self::at(Endpoint::danger_parse_any_http(url), ca_file, patience)
    }

    fn at(
        endpoint: Result<Endpoint, EndpointError>,
        ca_file: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, UpstreamError> {
        let endpoint = endpoint.map_err(UpstreamError::Url)?;
        let url = endpoint.url();
        let (scheme, host) = (url.scheme(), url.host_str().unwrap_or_default());
        if url.path() != "/" || url.query().is_some() {
            return Err(UpstreamError::Path);
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let authority = authority.parse().map_err(|_| UpstreamError::Path)?;
        let (scheme, trust) = match scheme {
            "https" => (Scheme::HTTPS, tls_config(ca_file)?),
            _ => (Scheme::HTTP, plain_config()?),
        };
        let patience = patience.min(LONGEST);
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust)
            .https_or_http()
            // in HTTP/2 the upstream would see an :authority of ours beside the caller's Host
            .enable_http1()
            .wrap_connector(Dial { tcp, patience });
        Ok(Self { scheme, authority, client: builder().build(connector), patience })
    }

    /// This path at the upstream.
    pub(super) fn uri(&self, target: PathAndQuery) -> Option<Uri> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts).ok()
    }

    /// Scheme, host and port.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// How long it may be silent.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Waits for the head of its answer, for which its time runs only while it is its turn.
    pub(super) async fn send(
        &self,
        request: Request<Upload>,
        place: &Place,
    ) -> Result<Response<Incoming>, UpstreamError> {
        let mut answer = pin!(self.client.request(request));
        let mut due = Instant::now() + self.patience;
        loop {
            match timeout_at(due, answer.as_mut()).await {
                Ok(Ok(answer)) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    return Err(UpstreamError::Switched(self.authority.clone()));
                }
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => return Err(self.failure(&error)),
                Err(_) => {}
            }
            let turn = place.pace().map(|pace| pace.turn());
            match turn.map(|(turn, since)| (turn, since + self.patience)) {
                Some((_, later)) if later > due => due = later,
                Some((Turn::Caller, _)) => return Err(UpstreamError::Stalled(self.patience)),
                _ => return Err(UpstreamError::Timeout(self.authority.clone(), self.patience)),
            }
        }
    }

    fn failure(&self, error: &Error) -> UpstreamError {
        let body = causes(error).find_map(|cause| cause.downcast_ref::<BodyError>());
        match body {
            Some(BodyError::Silent(patience)) => UpstreamError::Stalled(*patience),
            Some(BodyError::Broken(_)) => UpstreamError::Body(deepest_cause(error)),
            // the connection and who waits for the answer lose patience at the same moment: whichever is first, it is silence
            None if !error.is_connect() && causes(error).any(is_timeout) => {
                UpstreamError::Timeout(self.authority.clone(), self.patience)
            }
            None => UpstreamError::Exchange(self.authority.clone(), deepest_cause(error)),
        }
    }
}

impl UpstreamError {
    /// 504 for silence, 503 where it has enough to do, 502 for everything else that is not the caller's fault (RFC 9110
    /// §15.5.9, §15.6.3 to §15.6.5).
    pub(super) fn response(&self) -> Response<Bytes> {
        let (status, body) = match self {
            Self::Body(_) => (StatusCode::BAD_REQUEST, told("invalid_request", "the body broke off")),
            Self::Stalled(_) => {
                (StatusCode::REQUEST_TIMEOUT, told("invalid_request", "the rest of the body did not come"))
            }
            Self::Timeout(..) => {
                (StatusCode::GATEWAY_TIMEOUT, told("upstream_timeout", "the upstream did not answer in time"))
            }
            Self::Busy(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                told("temporarily_unavailable", "the upstream has enough to do"),
            ),
            _ => (StatusCode::BAD_GATEWAY, told("upstream_unreachable", "the upstream gave no answer")),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn is_timeout(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    // the caller's Host, not the upstream's
    builder.set_host(false).timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    builder
}

const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than what servers keep idle connections for, so that we are the ones who close: a request that crosses their
/// close is lost, and only some may be repeated. Gunicorn keeps them for 2 s, Node and Uvicorn for 5 s.
const IDLE: Duration = Duration::from_millis(1500);
/// A year: later than anybody waits, and far from overflow.
const LONGEST: Duration = Duration::from_secs(31_536_000);

#[cfg(test)]
mod tests {
    use super::*;

    /// Who is between guard and upstream could say that anybody calls.
    #[test]
    fn plain_http_beyond_loopback_is_a_danger() {
        let url = "http://192.0.2.1:8080";
        let plain = Upstream::new(url, None, LONGEST).map(|_| ());
        assert!(matches!(plain, Err(UpstreamError::Url(EndpointError::PlainHttp))));
        assert!(Upstream::danger_any_http(url, None, LONGEST).is_ok());
        assert!(Upstream::new("http://127.0.0.1:8080", None, LONGEST).is_ok());
        assert!(Upstream::new("https://orders.example", None, LONGEST).is_ok());
    }
}
