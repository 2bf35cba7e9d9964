//! The one server behind the proxy, and the connections to it that are kept.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use countersign_client::{Endpoint, EndpointError, TrustError, plain_config, tls_config};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use super::body::Upload;
use super::told;

/// Where requests go that are let in: scheme, host and port.
pub struct Upstream {
    scheme: Scheme,
    authority: Authority,
    client: Client<HttpsConnector<HttpConnector>, Upload>,
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
    Body(Error),
    /// It cannot be reached, or hung up.
    #[error("{0}: {1}")]
    Exchange(Authority, Error),
    /// It did not answer in time.
    #[error("{0} did not answer within {1:?}")]
    Timeout(Authority, Duration),
}

impl Upstream {
    /// The server at this URL, plain HTTP or https; the latter is verified against the platform's authorities and those of
    /// `ca_file`. `patience` is for the head of an answer.
    ///
    /// # Errors
    /// [`UpstreamError`], when the URL is not one of scheme, host and port, or TLS cannot be set up.
    pub fn new(url: &str, ca_file: Option<&Path>, patience: Duration) -> Result<Self, UpstreamError> {
        let endpoint = Endpoint::danger_parse_any_http(url).map_err(UpstreamError::Url)?;
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
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
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

    pub(super) async fn send(&self, request: Request<Upload>) -> Result<Response<Incoming>, UpstreamError> {
        match timeout(self.patience, self.client.request(request)).await {
            Ok(Err(error)) if is_body(&error) => Err(UpstreamError::Body(error)),
            Ok(answer) => answer.map_err(|error| UpstreamError::Exchange(self.authority.clone(), error)),
            Err(_) => Err(UpstreamError::Timeout(self.authority.clone(), self.patience)),
        }
    }
}

impl UpstreamError {
    /// 504 for silence, 502 for everything else that is not the caller's fault (RFC 9110 §15.6.3, §15.6.5).
    pub(super) fn response(&self) -> Response<Bytes> {
        let (status, body) = match self {
            Self::Body(_) => (StatusCode::BAD_REQUEST, told("invalid_request", "the body broke off")),
            Self::Timeout(..) => {
                (StatusCode::GATEWAY_TIMEOUT, told("upstream_timeout", "the upstream did not answer in time"))
            }
            _ => (StatusCode::BAD_GATEWAY, told("upstream_unreachable", "the upstream gave no answer")),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether it was the request's own body that failed.
fn is_body(error: &Error) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<hyper::Error>()).is_some_and(hyper::Error::is_user)
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    // the caller's Host, not the upstream's
    builder.set_host(false).timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    builder
}

const CONNECT: Duration = Duration::from_secs(5);
/// Shorter than what servers keep idle connections for, so that we are the ones who close.
const IDLE: Duration = Duration::from_secs(30);
