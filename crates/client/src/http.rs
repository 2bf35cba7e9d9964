//! The HTTP client: one request, one answer, everything bounded.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Builder, Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

use crate::Endpoint;
use crate::trust::{TrustError, tls};

/// An HTTP/1.1 and HTTP/2 client; made once, used for all requests. Its connections and its TLS are set up at the first
/// request that needs them, so that making one costs nothing.
///
/// Redirects are not followed: they would carry a secret to a place that nobody named. Proxy variables of the
/// environment are not read.
#[derive(Debug, Default)]
pub struct HttpClient {
    settings: Settings,
    plain: OnceLock<Client<HttpConnector, Full<Bytes>>>,
    tls: OnceLock<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>,
}

/// The bounds and the trust of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A PEM file of authorities that are trusted besides the platform's.
    pub ca_file: Option<PathBuf>,
    /// For a connection to be made.
    pub connect_timeout: Duration,
    /// For a whole exchange, from the first byte to the last.
    pub timeout: Duration,
    /// The most bytes of an answer's body.
    pub max_body: usize,
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why there is no answer; `to` is scheme, host and port of the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The URL cannot be sent.
    #[error("{0} cannot be asked for: its URL is not one of HTTP")]
    Uri(String),
    /// No connection.
    #[error("cannot connect to {to}: {why}")]
    Connect {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// The server's certificate is not one that is trusted here.
    #[error("the certificate of {to} is not trusted: {why}")]
    Untrusted {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// Something else is spoken there: TLS where plain HTTP was, or the other way round.
    #[error("what answers at {to} does not speak this protocol: {why}")]
    OtherProtocol {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// The exchange broke off.
    #[error("no answer from {to}: {why}")]
    Exchange {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// The exchange took longer than it may.
    #[error("no answer from {to} within {within:?}")]
    Timeout {
        /// The server.
        to: String,
        /// How long it may take.
        within: Duration,
    },
    /// The answer is larger than it may be.
    #[error("the answer from {to} is larger than {max} bytes")]
    TooLarge {
        /// The server.
        to: String,
        /// The most that is read.
        max: usize,
    },
}

impl HttpClient {
    /// A client with these bounds.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings, plain: OnceLock::new(), tls: OnceLock::new() }
    }

    /// Sends `request` to `endpoint`, whatever URI it had, and reads the answer whole, whatever its status.
    ///
    /// # Errors
    /// [`HttpError`] when no answer came, or one that is too large.
    pub async fn send(&self, endpoint: &Endpoint, request: Request<Bytes>) -> Result<Answer, HttpError> {
        let to = endpoint.url().origin().ascii_serialization();
        let mut request = request.map(Full::new);
        *request.uri_mut() =
            Uri::try_from(endpoint.url().as_str()).map_err(|_| HttpError::Uri(to.clone()))?;
        request.headers_mut().entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));

        let sent = if endpoint.url().scheme() == "http" {
            self.plain().request(request)
        } else {
            self.tls()?.request(request)
        };
        let within = self.settings.timeout;
        let exchange = async { self.read(sent.await.map_err(|error| failed(&to, &error))?, &to).await };
        timeout(within, exchange).await.unwrap_or_else(|_| Err(HttpError::Timeout { to: to.clone(), within }))
    }

    async fn read(&self, response: http::Response<Incoming>, to: &str) -> Result<Answer, HttpError> {
        let (head, body) = response.into_parts();
        let max = self.settings.max_body;
        let body = Limited::new(body, max).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                HttpError::TooLarge { to: to.to_owned(), max }
            } else {
                HttpError::Exchange { to: to.to_owned(), why: deepest(&*error) }
            }
        })?;
        Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
    }

    fn plain(&self) -> &Client<HttpConnector, Full<Bytes>> {
        self.plain.get_or_init(|| builder().build(self.tcp()))
    }

    fn tls(&self) -> Result<&Client<HttpsConnector<HttpConnector>, Full<Bytes>>, TrustError> {
        if let Some(client) = self.tls.get() {
            return Ok(client);
        }
        let mut tcp = self.tcp();
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(self.settings.ca_file.as_deref())?)
            .https_only()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok(self.tls.get_or_init(|| builder().build(connector)))
    }

    fn tcp(&self) -> HttpConnector {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.settings.connect_timeout));
        tcp
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ca_file: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_body: 4 << 20,
        }
    }
}

impl Answer {
    /// Whether the `Content-Type` is this media type, parameters aside (RFC 9110 §8.3.1).
    #[must_use]
    pub fn is(&self, media_type: &str) -> bool {
        let value = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(media_type))
    }
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    builder
}

fn failed(to: &str, error: &Error) -> HttpError {
    let (to, why) = (to.to_owned(), deepest(error));
    match in_tls(error) {
        Some(rustls::Error::InvalidCertificate(_)) => return HttpError::Untrusted { to, why },
        Some(rustls::Error::InvalidMessage(_)) => return HttpError::OtherProtocol { to, why },
        _ => {}
    }
    let is_parse = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
    };
    if causes(error).any(is_parse) {
        HttpError::OtherProtocol { to, why }
    } else if error.is_connect() {
        HttpError::Connect { to, why }
    } else {
        HttpError::Exchange { to, why }
    }
}

/// What TLS found wrong.
fn in_tls(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// An error and what is below it; I/O errors hold others, and do not name them as their source.
fn causes<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |cause| {
        let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        held.map(|held| held as &(dyn std::error::Error + 'static)).or_else(|| cause.source())
    })
}

/// Wrappers say "client error (Connect)"; what a person needs is at the bottom.
fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
const IDLE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
