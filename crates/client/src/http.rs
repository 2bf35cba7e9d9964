//! The HTTP client: one request, one answer, everything bounded.

mod answer;
mod bounded;
mod date;
mod error;
mod held;
mod resolver;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::timeout;

use crate::Endpoint;
use crate::endpoint::NamedBy;
use crate::trust::{ClientCertificate, TrustError, tls_showing, without_tls};
pub use answer::Answer;
pub(crate) use answer::shown;
use bounded::Bounded;
use error::failed;
pub use error::{HttpError, causes, deepest_cause};
use held::Held;
use resolver::Names;

/// An HTTP/1.1 and HTTP/2 client; made once, used for all requests. Its connections and its TLS are set up at the first
/// request that needs them, so that making one costs nothing.
///
/// Redirects are not followed: they would carry a secret to a place that nobody named. Proxy variables of the
/// environment are not read. What a document named is called at public addresses alone, over connections of its own.
#[derive(Debug, Default)]
pub struct HttpClient {
    settings: Settings,
    plain: OnceLock<Connections>,
    tls: Held,
    public: Held,
}

/// One type for all three: each further one would be compiled whole once more.
type Connections = Client<Bounded<HttpsConnector<HttpConnector<Names<GaiResolver>>>>, Full<Bytes>>;

/// The bounds and the trust of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A PEM file of authorities that are trusted besides the platform's.
    pub ca_file: Option<PathBuf>,
    /// What is shown to servers that ask for a certificate (RFC 8705); its files are looked at for each request, and
    /// connections are made anew when they have changed.
    pub client_certificate: Option<ClientCertificate>,
    /// For a connection to be made, TLS included.
    pub connect_timeout: Duration,
    /// For a whole exchange, from the first byte to the last.
    pub timeout: Duration,
    /// The most bytes of an answer's body.
    pub max_body: usize,
}

impl HttpClient {
    /// A client with these bounds.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings, plain: OnceLock::new(), tls: Held::new(), public: Held::new() }
    }

    /// Sends `request` to `endpoint`, whatever URI it had, and reads the answer whole, whatever its status.
    ///
    /// # Errors
    /// [`HttpError`] when no answer came, or one that is too large.
    pub async fn send(&self, endpoint: &Endpoint, request: Request<Bytes>) -> Result<Answer, HttpError> {
        self.send_for(endpoint, request, self.settings.max_body).await
    }

    /// As [`Self::send`], for an answer of at most `max_body` bytes, and never more than the settings say.
    pub(crate) async fn send_for(
        &self,
        endpoint: &Endpoint,
        request: Request<Bytes>,
        max_body: usize,
    ) -> Result<Answer, HttpError> {
        let to = origin(endpoint);
        let max = max_body.min(self.settings.max_body);
        let exchange = async { read(self.head(endpoint, request.map(Full::new)).await?, max, &to).await };
        self.in_time(&to, exchange).await
    }

    /// Sends `request` to `endpoint`, whatever URI it had, and hands over the answer as it comes.
    ///
    /// Connection and head are bounded by the settings.
    ///
    /// Does not check: how large the body is, and how long it takes.
    ///
    /// # Errors
    /// [`HttpError`] when no answer began.
    pub async fn open(
        &self,
        endpoint: &Endpoint,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, HttpError> {
        self.in_time(&origin(endpoint), self.head(endpoint, request)).await
    }

    async fn head(
        &self,
        endpoint: &Endpoint,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, HttpError> {
        *request.uri_mut() =
            Uri::try_from(endpoint.url().as_str()).map_err(|_| HttpError::Uri(origin(endpoint)))?;
        request.headers_mut().entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));

        let connections = match (endpoint.named_by(), endpoint.url().scheme()) {
            (NamedBy::Operator, "http") => {
                once(&self.plain, || self.connections(Names::any(), without_tls()?)).cloned()
            }
            (NamedBy::Operator, _) => self.held(&self.tls, Names::any),
            (NamedBy::Document, _) => self.held(&self.public, Names::public),
        };
        connections?.request(request).await.map_err(|error| failed(&origin(endpoint), &error))
    }

    async fn in_time<T>(
        &self,
        to: &str,
        exchange: impl Future<Output = Result<T, HttpError>>,
    ) -> Result<T, HttpError> {
        let within = self.settings.timeout;
        let late = |_| Err(HttpError::Timeout { to: to.to_owned(), within });
        timeout(within, exchange).await.unwrap_or_else(late)
    }

    fn connections(&self, names: Names<GaiResolver>, trust: ClientConfig) -> Result<Connections, TrustError> {
        let mut tcp = HttpConnector::new_with_resolver(names);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(self.settings.connect_timeout));
        // which scheme may be called was judged with the endpoint
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(trust)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Ok(builder().build(Bounded::new(connector, self.settings.connect_timeout)))
    }

    fn held(&self, held: &Held, names: fn() -> Names<GaiResolver>) -> Result<Connections, TrustError> {
        let Settings { ca_file, client_certificate, .. } = &self.settings;
        held.get(client_certificate.as_ref(), || {
            self.connections(names(), tls_showing(ca_file.as_deref(), client_certificate.as_ref())?)
        })
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ca_file: None,
            client_certificate: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(30),
            max_body: 4 << 20,
        }
    }
}

fn once(
    place: &OnceLock<Connections>,
    make: impl FnOnce() -> Result<Connections, TrustError>,
) -> Result<&Connections, TrustError> {
    if let Some(made) = place.get() {
        return Ok(made);
    }
    let made = make()?;
    Ok(place.get_or_init(|| made))
}

/// Scheme, host and port, for errors.
fn origin(endpoint: &Endpoint) -> String {
    endpoint.url().origin().ascii_serialization()
}

async fn read(response: Response<Incoming>, max: usize, to: &str) -> Result<Answer, HttpError> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, max).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            HttpError::TooLarge { to: to.to_owned(), max }
        } else {
            HttpError::Exchange { to: to.to_owned(), why: deepest_cause(&*error) }
        }
    })?;
    Ok(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
}

fn builder() -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.timer(TokioTimer::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    // what is in between may forget a connection without a word; it is found out before a request hangs on it
    builder
        .http2_keep_alive_interval(ALIVE)
        .http2_keep_alive_timeout(ALIVE)
        .http2_keep_alive_while_idle(true);
    builder
}

const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"));
const IDLE: Duration = Duration::from_secs(60);
/// A connection is asked for a sign of life so often, and given up when there is none for as long.
const ALIVE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
