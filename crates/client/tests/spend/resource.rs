//! From an API to its issuer (RFC 9728).

use std::time::Duration;

use countersign_client::resource::{self, Resource, ResourceError};
use countersign_client::{Endpoint, HttpClient, HttpError, Settings};
use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::api::Api;
use super::scene::{Scene, secret};

const OWN: &str = "https://issuer.example/realms/x";
const JSON: (&str, &str) = ("content-type", "application/json");

/// An API on loopback, and what a client finds there.
struct Place {
    api: Api,
    url: String,
}

impl Place {
    async fn new() -> Self {
        let api = Api::default();
        let url = api.serve().await;
        Self { api, url }
    }

    /// Has it answer with these metadata next.
    fn publishes(&self, resource: &str, issuers: &[&str]) {
        let document = json!({"resource": resource, "authorization_servers": issuers}).to_string();
        self.api.says(200, &[JSON], &document);
    }

    async fn discover(
        &self,
        resource: &str,
        challenge: &str,
        allowed: &[&str],
    ) -> Result<Resource, ResourceError> {
        let timeout = Duration::from_millis(300);
        let http = HttpClient::new(Settings { timeout, ..Settings::default() });
        let mut answer = HeaderMap::new();
        answer.insert("www-authenticate", HeaderValue::from_str(challenge).unwrap());
        resource::discover(&http, &answer, resource, allowed, Endpoint::parse).await
    }

    /// With metadata at `/meta`, as a challenge says.
    async fn named(&self) -> Result<Resource, ResourceError> {
        self.discover(&self.url, &names(&format!("{}/meta", self.url)), &[OWN]).await
    }
}

fn names(url: &str) -> String {
    format!(r#"Bearer resource_metadata="{url}""#)
}

/// T-9728-02: a 401 leads to the metadata, and they to the issuer; nothing secret goes there.
#[tokio::test]
async fn a_challenge_leads_to_the_issuer() {
    let place = Place::new().await;
    place.publishes(&place.url, &["https://other.example", OWN]);
    let found = place.named().await.unwrap();
    assert_eq!((found.issuer(), &found.metadata().resource), (OWN, &place.url));
    let heard = place.api.heard().remove(0);
    assert_eq!((heard.method.as_str(), heard.uri.path()), ("GET", "/meta"));
    assert!(["authorization", "dpop", "cookie"].iter().all(|name| !heard.headers.contains_key(*name)));
}

/// T-9728-01: where the answer names no metadata, they are at the well-known place, put between host and path.
#[tokio::test]
async fn metadata_have_a_place_of_their_own() {
    let place = Place::new().await;
    let resource = format!("{}/orders/v1", place.url);
    place.publishes(&resource, &[OWN]);
    assert_eq!(place.discover(&resource, "Bearer", &[OWN]).await.unwrap().issuer(), OWN);
    assert_eq!(place.api.heard()[0].uri.path(), "/.well-known/oauth-protected-resource/orders/v1");
}

/// T-9728-01: metadata of another resource are not used.
#[tokio::test]
async fn another_resources_metadata_are_refused() {
    let place = Place::new().await;
    for other in [format!("{}/", place.url), place.url.to_uppercase(), "https://orders.example".to_owned()] {
        place.publishes(&other, &[OWN]);
        let error = place.named().await.unwrap_err();
        assert!(matches!(error, ResourceError::Metadata(_)), "{error}");
    }
}

/// T-9728-02, T-9728-04: metadata lie at the API's own origin, whatever an answer says; nobody else is asked.
#[tokio::test]
async fn metadata_elsewhere_are_not_asked_for() {
    let (place, elsewhere) = (Place::new().await, Place::new().await);
    let port = place.url.rsplit(':').next().unwrap();
    for url in [
        format!("{}/meta", elsewhere.url),
        format!("http://localhost:{port}/meta"),
        format!("https://127.0.0.1:{port}/meta"),
        format!("{}@{}/meta", place.url, elsewhere.url.trim_start_matches("http://")),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://metadata.example/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/meta".to_owned(),
        String::new(),
    ] {
        let error = place.discover(&place.url, &names(&url), &[OWN]).await.unwrap_err();
        let refused = matches!(error, ResourceError::OtherOrigin { .. } | ResourceError::Place(_));
        assert!(refused, "{url}: {error}");
    }
    let two = format!("{}, {}", names(&format!("{}/a", place.url)), names(&format!("{}/b", place.url)));
    let error = place.discover(&place.url, &two, &[OWN]).await.unwrap_err();
    assert!(matches!(error, ResourceError::Ambiguous), "{error}");
    let error = place.discover(&place.url, "Bearer resource_metadata=\"", &[OWN]).await.unwrap_err();
    assert!(matches!(error, ResourceError::Challenge(_)), "{error}");
    assert_eq!((place.api.heard().len(), elsewhere.api.heard().len()), (0, 0));
}

/// RFC 9700 §4.4: an API leads to no issuer that the caller did not allow, character by character.
#[tokio::test]
async fn only_an_issuer_that_was_allowed_is_found() {
    let place = Place::new().await;
    let strangers =
        ["https://evil.example", "https://issuer.example/realms/x/", "https://ISSUER.example/realms/x"];
    for issuers in [&strangers[..], &[]] {
        place.publishes(&place.url, issuers);
        let error = place.named().await.unwrap_err();
        let ResourceError::NotAllowed { named, .. } = error else { panic!("{error}") };
        assert_eq!(named, issuers);
    }
    place.publishes(&place.url, &[OWN]);
    let error = place.discover(&place.url, "Bearer", &[]).await.unwrap_err();
    assert!(matches!(error, ResourceError::NotAllowed { .. }), "{error}");
}

/// T-9728-04: size, time, type and redirects are bounded.
#[tokio::test]
async fn what_answers_badly_is_not_believed() {
    let place = Place::new().await;
    let to = [JSON, ("location", "/meta")];
    place.api.says(302, &to, "{}");
    let error = place.named().await.unwrap_err();
    assert!(matches!(error, ResourceError::Status { status, .. } if status == 302), "{error}");
    place.api.says(200, &[JSON], &" ".repeat(64 * 1024 + 1));
    let error = place.named().await.unwrap_err();
    assert!(matches!(error, ResourceError::Http(HttpError::TooLarge { max: 65_536, .. })), "{error}");
    place.api.says(200, &[("content-type", "text/html")], "{}");
    let error = place.named().await.unwrap_err();
    assert!(matches!(error, ResourceError::NotJson { .. }), "{error}");
    place.api.says(200, &[JSON], "{}");
    let error = place.named().await.unwrap_err();
    assert!(matches!(error, ResourceError::Metadata(_)), "{error}");
    assert_eq!(place.api.heard().len(), 4);
    // one that takes connections and says nothing
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let error = place.discover(&url, "Bearer", &[OWN]).await.unwrap_err();
    assert!(matches!(error, ResourceError::Http(HttpError::Timeout { .. })), "{error}");
}

/// From a 401 to a guarded call: the source asks that issuer, for that API, and sends there alone.
#[tokio::test]
async fn a_source_of_tokens_for_what_was_found() {
    let scene = Scene::with(|builder| builder).await;
    let place = Place::new().await;
    place.publishes(&place.url, &[scene.issuer.issuer()]);
    let found = place.discover(&place.url, "Bearer", &[scene.issuer.issuer()]).await.unwrap();
    let tokens = found.tokens().client_secret("svc", secret()).build().await.unwrap();
    let (get, mut headers) = (http::Method::GET, HeaderMap::new());
    let at = |url: String| url::Url::parse(&url).unwrap();
    tokens.authorize(&get, &at(format!("{}/1", place.url)), &mut headers).await.unwrap();
    let asked = scene.issuer.received(countersign_testkit::issuer::Document::Token).remove(0);
    assert_eq!(asked.parameter("resource"), Some(place.url.clone()));
    assert!(tokens.authorize(&get, &at(Scene::URL.to_owned()), &mut HeaderMap::new()).await.is_err());
}
