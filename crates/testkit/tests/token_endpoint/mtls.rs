//! Mutual TLS (RFC 8705).

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_proto::jose::{Algorithm, SigningKey, base64url};
use countersign_testkit::issuer::Document;
use countersign_testkit::{Answer, TestAuthority, TestClientKey, TestIdentity, TestIssuer};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Ask;
use crate::ask::{assertion, send, verdict};

struct Scene {
    authority: TestAuthority,
    issuer: TestIssuer,
}

impl Scene {
    async fn new() -> Self {
        let authority = TestAuthority::new();
        let issuer = TestIssuer::with().path("/realms/a").mtls(&authority).start().await;
        Self { authority, issuer }
    }

    async fn ask(&self, ask: &Ask, identity: Option<&TestIdentity>) -> Answer {
        over_tls(&self.authority, ask, &self.issuer.mtls_url(), identity).await
    }

    async fn verdict(&self, ask: &Ask, identity: Option<&TestIdentity>) -> String {
        verdict(&self.ask(ask, identity).await)
    }
}

/// Asks over TLS, with this certificate if any.
async fn over_tls(trusted: &TestAuthority, ask: &Ask, url: &str, identity: Option<&TestIdentity>) -> Answer {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.der().to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key_der()));
            config.with_client_auth_cert(vec![CertificateDer::from(identity.der().to_vec())], key).unwrap()
        }
    };
    let request = ask.request(url);
    let tcp = TcpStream::connect(request.uri().authority().unwrap().as_str()).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    connection.abort();
    Answer { status: head.status, headers: head.headers, body }
}

fn x5t(identity: &TestIdentity) -> String {
    base64url::encode(digest(&SHA256, identity.der()).as_ref())
}

/// T-8705-02, T-8705-03, T-8705-04, T-8705-07: testkit's issuer takes the one registered certificate, and binds the
/// token to it.
#[tokio::test]
async fn a_registered_certificate_authenticates() {
    let scene = Scene::new().await;
    let (own, other) =
        (TestIdentity::self_signed(&["svc.example"]), TestIdentity::self_signed(&["svc.example"]));
    scene.issuer.client("svc").certificate(&own);
    scene.issuer.client("other").certificate(&other);
    let svc = Ask::new().with("client_id", "svc");
    let answer = scene.ask(&svc, Some(&own)).await;
    assert_eq!(answer.claims()["cnf"]["x5t#S256"], x5t(&own));
    assert_eq!(answer.str("token_type"), "Bearer");
    assert_eq!(scene.issuer.received(Document::Token)[0].certificate(), Some(own.der()));
    assert_eq!(scene.verdict(&svc, Some(&other)).await, "401 invalid_client");
    assert_eq!(scene.verdict(&svc, None).await, "401 invalid_client");
    assert_eq!(scene.verdict(&Ask::new(), Some(&own)).await, "401 invalid_client", "no client_id");
}

/// T-8705-01: testkit's issuer takes certificates of the registered authority for the registered name.
#[tokio::test]
async fn an_authority_vouches_for_a_name() {
    let scene = Scene::new().await;
    scene.issuer.client("svc").certificate_of(&scene.authority, "svc.example");
    let svc = Ask::new().with("client_id", "svc");
    for (identity, expected) in [
        (scene.authority.identity(&["svc.example"]), "200 -"),
        (scene.authority.identity(&["other.example"]), "401 invalid_client"),
        (TestIdentity::self_signed(&["svc.example"]), "401 invalid_client"),
        (TestAuthority::new().identity(&["svc.example"]), "401 invalid_client"),
    ] {
        assert_eq!(scene.verdict(&svc, Some(&identity)).await, expected);
    }
}

/// T-8705-05: testkit's issuer names the endpoint for certificates apart; the ordinary one knows none, and each is
/// itself alone.
#[tokio::test]
async fn the_alias_stands_apart() {
    let scene = Scene::new().await;
    let own = TestIdentity::self_signed(&["svc.example"]);
    scene.issuer.client("svc").certificate(&own).secret("s3cret");
    let metadata = scene.issuer.document(Document::OauthMetadata);
    assert_eq!(metadata["mtls_endpoint_aliases"]["token_endpoint"], scene.issuer.mtls_url());
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
    assert_ne!(scene.issuer.mtls_url(), scene.issuer.url(Document::Token));
    let by_name = Ask::new().with("client_id", "svc");
    assert_eq!(by_name.verdict(&scene.issuer).await, "401 invalid_client");
    assert_eq!(Ask::new().svc().verdict(&scene.issuer).await, "200 -");
    let ordinary = scene.issuer.mtls_url().replace("/mtls/token", "/token");
    assert_eq!(over_tls(&scene.authority, &by_name, &ordinary, Some(&own)).await.status, 404);
    let alias = scene.issuer.url(Document::Token).replace("/token", "/mtls/token");
    assert_eq!(send(by_name.request(&alias)).await.status, 404);
}

/// T-8705-03, T-8705-04, T-9449-02: with testkit's issuer any certificate binds, beside a key and a proof that is for
/// the alias.
#[tokio::test]
async fn a_certificate_binds_whatever_authenticates() {
    let scene = Scene::new().await;
    let own = TestIdentity::self_signed(&["svc.example"]);
    let key = Arc::new(SigningKey::generate(Algorithm::ES256, "own").unwrap());
    scene.issuer.client("svc").key(key.public_jwk()).must_use_mtls();
    let ask = || Ask::new().assertion(&assertion(&scene.issuer, &key));
    assert_eq!(scene.ask(&ask(), Some(&own)).await.claims()["cnf"]["x5t#S256"], x5t(&own));
    assert_eq!(scene.verdict(&ask(), None).await, "400 invalid_request");
    assert_eq!(ask().verdict(&scene.issuer).await, "400 invalid_request");
    let dpop = TestClientKey::new(Algorithm::ES256);
    let both = ask().dpop(&dpop.proof("POST", &scene.issuer.mtls_url()));
    let claims = scene.ask(&both, Some(&own)).await.claims();
    assert_eq!((&claims["cnf"]["jkt"], &claims["cnf"]["x5t#S256"]), (&dpop.jkt().into(), &x5t(&own).into()));
    let ordinary = ask().dpop(&dpop.proof("POST", &scene.issuer.url(Document::Token)));
    assert_eq!(scene.verdict(&ordinary, Some(&own)).await, "400 invalid_dpop_proof");
}

#[tokio::test]
async fn all_of_it_may_be_behind_tls() {
    let authority = TestAuthority::new();
    let issuer = TestIssuer::with().tls(&authority).start().await;
    issuer.client("svc").secret("s3cret");
    assert!(issuer.issuer().starts_with("https://127.0.0.1:"));
    let url = issuer.url(Document::Token);
    let answer = over_tls(&authority, &Ask::new().svc(), &url, None).await;
    assert_eq!(answer.claims()["iss"], issuer.issuer());
    issuer.down().await;
    issuer.up();
    assert_eq!(over_tls(&authority, &Ask::new().svc(), &url, None).await.status, 200);
}
