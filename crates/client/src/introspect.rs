//! Asks the issuer about tokens that only it can read (RFC 7662).

mod error;
mod flights;

use std::sync::Arc;

use bytes::Bytes;
use countersign_proto::introspection::{ACCESS_TOKEN, IntrospectionResponse, TOKEN, TOKEN_TYPE_HINT};
use countersign_proto::time::{Clock, UnixTime};
use http::Request;

use crate::SystemClock;
use crate::auth::{ClientAuth, Proven, Recipient, Unsaid};
use crate::discovery::Judge;
use crate::origin;
use crate::token::Misconfigured;
use crate::token::request::post_form;
use crate::{Answer, Endpoint, HttpClient, JwksSettings, RemoteJwks};
pub use error::IntrospectError;
use flights::Flights;

/// A client of one introspection endpoint; a handle that is cheap to clone.
#[derive(Clone)]
pub struct Introspector {
    inner: Arc<Inner>,
    clock: Arc<dyn Clock>,
}

struct Inner {
    http: Arc<HttpClient>,
    place: Place,
    auth: ClientAuth,
    flights: Flights,
}

/// How an introspection endpoint is found by metadata.
#[derive(Clone, Debug, Default)]
pub struct IntrospectionSettings {
    /// How often the metadata is read, and how long it is good.
    pub metadata: JwksSettings,
    /// Origins besides the issuer's own host at which the metadata may name the endpoint, such as
    /// `https://introspect.id.example`: credentials and tokens go to no other.
    pub endpoints_at: Vec<String>,
}

/// Where the endpoint is.
enum Place {
    Given(Endpoint),
    Discovered(RemoteJwks),
}

impl Introspector {
    /// Asks at `endpoint`, which an operator named; one that signs assertions is told the issuer by
    /// [`ClientAuth::for_issuer`].
    #[must_use]
    pub fn at(http: Arc<HttpClient>, endpoint: Endpoint, auth: ClientAuth) -> Self {
        Self::new(http, Place::Given(endpoint), auth)
    }

    /// Asks where the issuer's metadata says (RFC 8414, then OpenID Connect Discovery), which is read at once and then as
    /// often as the keys of a [`RemoteJwks`]; the issuer's keys are not fetched, and need not be there. An endpoint on
    /// another host than the issuer's is asked only where [`IntrospectionSettings::endpoints_at`] names its origin.
    ///
    /// # Errors
    /// [`Misconfigured`], when the issuer is no URL that is called, or what is to be an origin is none.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn discover(
        http: Arc<HttpClient>,
        issuer: &str,
        judge: Judge,
        settings: IntrospectionSettings,
        auth: ClientAuth,
    ) -> Result<Self, Misconfigured> {
        judge(issuer).map_err(|error| Misconfigured::new("issuer", error))?;
        let named = origin::parse("endpoints_at", &settings.endpoints_at, judge)?;
        let metadata =
            RemoteJwks::discover_introspection(Arc::clone(&http), issuer, judge, named, settings.metadata);
        Ok(Self::new(http, Place::Discovered(metadata), auth))
    }

    /// Whence the time of assertions comes; unless given, the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whether it is known where to ask.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        match &self.inner.place {
            Place::Given(_) => true,
            Place::Discovered(metadata) => metadata.introspection_endpoint().is_some(),
        }
    }

    /// Why the metadata could not be read the last time, or names no place to ask; `None` when all is well.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        match &self.inner.place {
            Place::Given(_) => None,
            Place::Discovered(metadata) => metadata.state().error,
        }
    }

    fn new(http: Arc<HttpClient>, place: Place, auth: ClientAuth) -> Self {
        let inner = Arc::new(Inner { http, place, auth, flights: Flights::default() });
        Self { inner, clock: Arc::new(SystemClock) }
    }

    /// Asks whether `token` is active, and what it says (RFC 7662 §2).
    ///
    /// All who ask about one token at one time wait for one answer. Nothing is kept beyond it. Dropping the future
    /// leaves the exchange to the others. At most 128 exchanges are under way at one time; beyond that the error is
    /// there at once.
    ///
    /// Does not check: anything of the answer but its form; see [`IntrospectionResponse::parse`].
    ///
    /// # Errors
    /// [`IntrospectError`]: nothing is known about the token then, so that it is neither good nor bad.
    pub async fn introspect(&self, token: &str) -> Result<IntrospectionResponse, IntrospectError> {
        let (inner, asked) = (Arc::clone(&self.inner), token.to_owned());
        let now = self.clock.now();
        self.inner.flights.join(token, async move { inner.ask(&asked, now).await }).await
    }
}

impl Inner {
    async fn ask(&self, token: &str, now: UnixTime) -> Result<IntrospectionResponse, IntrospectError> {
        let endpoint = self.endpoint().await.ok_or(IntrospectError::NoEndpoint)?;
        let issuer = match &self.place {
            Place::Given(_) => None,
            Place::Discovered(metadata) => Some(metadata.issuer()),
        };
        // its metadata is read for its endpoint alone: an RSA key signs PS256, unless it is told otherwise
        let to = Recipient { issuer, algorithms: &[], now };
        let proven = self.auth.prove(&to).await.map_err(IntrospectError::Misconfigured)?;
        let unsaid = Unsaid::of(&proven).and(token);
        let request = compose(token, proven);
        read(&self.http.send_for(&endpoint, request, MAX_ANSWER).await?, &unsaid)
    }

    async fn endpoint(&self) -> Option<Endpoint> {
        match &self.place {
            Place::Given(endpoint) => Some(endpoint.clone()),
            Place::Discovered(metadata) => {
                if metadata.introspection_endpoint().is_none() {
                    metadata.refresh().await;
                }
                metadata.introspection_endpoint()
            }
        }
    }
}

/// The request (RFC 7662 §2.1).
fn compose(token: &str, proven: Proven) -> Request<Bytes> {
    let mut parameters = vec![(TOKEN, token), (TOKEN_TYPE_HINT, ACCESS_TOKEN)];
    parameters.extend(proven.pairs());
    post_form(&parameters, proven.authorization.clone())
}

/// Reads what the endpoint answered.
fn read(answer: &Answer, unsaid: &Unsaid) -> Result<IntrospectionResponse, IntrospectError> {
    if answer.status != http::StatusCode::OK {
        return Err(IntrospectError::of(answer, unsaid));
    }
    answer
        .json()
        .and_then(|body| IntrospectionResponse::parse(body).map_err(|error| error.to_string()))
        .map_err(IntrospectError::NotUnderstood)
}

/// As much as is read of it.
const MAX_ANSWER: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use http::header::CONTENT_TYPE;
    use http::{HeaderValue, Method};

    use super::*;
    use crate::token::Secret;

    const TO: Recipient<'_> = Recipient { issuer: None, algorithms: &[], now: UnixTime(0) };

    /// RFC 7662 §2.1: the token as a form, the caller by its credentials.
    #[tokio::test]
    async fn the_request_is_the_standards() {
        let secret = || Secret::new("s&t".to_owned());
        let basic = ClientAuth::client_secret_basic("api", secret()).prove(&TO).await.unwrap();
        let request = compose("a+b&token=c", basic);
        assert_eq!(request.method(), Method::POST);
        assert_eq!(&request.body()[..], b"token=a%2Bb%26token%3Dc&token_type_hint=access_token");
        assert!(request.headers()["authorization"].is_sensitive());
        let body = ClientAuth::client_secret_post("api", secret()).prove(&TO).await.unwrap();
        let request = compose("t", body);
        assert!(!request.headers().contains_key("authorization"));
        let body = b"token=t&token_type_hint=access_token&client_id=api&client_secret=s%26t";
        assert_eq!(&request.body()[..], body);
    }

    /// A fault of the server or of our registration is no word about the token.
    #[test]
    fn no_error_says_that_a_token_is_bad() {
        let answer = |status: u16, kind: &'static str, body: &'static str| {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(kind))].into_iter().collect();
            let status = http::StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers, body: Bytes::from_static(body.as_bytes()) };
            read(&answer, &Unsaid::default())
        };
        const JSON: &str = "application/json;charset=UTF-8";
        assert_eq!(answer(200, JSON, r#"{"active":false}"#).unwrap(), IntrospectionResponse::Inactive);
        assert!(matches!(answer(200, JSON, r#"{"active":true}"#), Ok(IntrospectionResponse::Active(_))));
        for (kind, body) in [
            (JSON, "{}"),
            (JSON, r#"{"active":"false"}"#),
            (JSON, r#"{"active":true,"active":false}"#),
            (JSON, ""),
            ("text/html", r#"{"active":true}"#),
            ("application/token-introspection+jwt", "e30.e30."),
        ] {
            assert!(
                matches!(answer(200, kind, body), Err(IntrospectError::NotUnderstood(_))),
                "{kind} {body}"
            );
        }
        let refused = answer(401, JSON, r#"{"error":"invalid_client\u001b","error_description":"no"}"#);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("status 401") && text.contains("invalid_client?"), "{text}");
        assert!(matches!(answer(403, JSON, ""), Err(IntrospectError::Refused { .. })));
        assert!(matches!(answer(503, JSON, ""), Err(IntrospectError::Unavailable { .. })));
        assert!(matches!(answer(429, JSON, ""), Err(IntrospectError::Unavailable { .. })));
        assert!(matches!(answer(302, JSON, ""), Err(IntrospectError::NotUnderstood(_))));
        assert!(matches!(answer(204, JSON, ""), Err(IntrospectError::NotUnderstood(_))));
    }
}
