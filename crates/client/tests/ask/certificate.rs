//! Mutual TLS (RFC 8705).

use std::sync::Arc;

use countersign_client::{ClientAuth, ClientCertificate, PrivateKey, Settings, TokenSource};
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestAuthority, TestClock, TestIdentity, TestIssuer};

use super::scene::{Scene, setting, take};

struct Mtls {
    scene: Scene,
    authority: TestAuthority,
}

impl Mtls {
    async fn new() -> Self {
        let clock = Arc::new(TestClock::default());
        let authority = TestAuthority::new();
        let issuer = TestIssuer::with().clock(clock.clone()).tls(&authority).mtls(&authority).start().await;
        Self { scene: Scene::with(issuer, clock), authority }
    }

    fn settings(&self, identity: &TestIdentity) -> Settings {
        let client_certificate = ClientCertificate {
            certificate: self.scene.file("client.pem", identity.pem()),
            key: self.scene.file("client.key", &identity.key_pem()),
        };
        Settings {
            ca_file: Some(self.scene.file("ca.pem", self.authority.pem())),
            client_certificate: Some(client_certificate),
            ..Settings::default()
        }
    }
}

/// T-8705-03, T-8705-05: the id in the body, the certificate on the connection, at the endpoint of the aliases.
#[tokio::test]
async fn the_certificate_is_shown_at_the_alias() {
    let mtls = Mtls::new().await;
    let identity = mtls.authority.identity(&["orders.example"]);
    let _ = mtls.scene.issuer.client("svc").certificate_of(&mtls.authority, "orders.example");
    let settings = mtls.settings(&identity);
    let auth = ClientAuth::tls_client_auth("svc");
    take(mtls.scene.discover().http(settings.clone()).auth(auth.clone())).await.unwrap();
    let sent = mtls.scene.last();
    assert_eq!(sent.certificate(), Some(identity.der()));
    assert_eq!(sent.parameter("client_id").as_deref(), Some("svc"));
    assert!(sent.header("authorization").is_none());
    assert!(mtls.scene.issuer.mtls_url().ends_with(&sent.target), "{}", sent.target);
    // without metadata, where the operator says
    let at = TokenSource::at(mtls.scene.issuer.mtls_url()).clock(mtls.scene.clock.clone());
    take(at.http(settings).auth(auth)).await.unwrap();
}

/// T-8705-03: a certificate that merely binds the token goes with another credential, at the alias too.
#[tokio::test]
async fn a_certificate_binds_beside_another_credential() {
    let mtls = Mtls::new().await;
    let key = Arc::new(SigningKey::generate(Algorithm::ES256, "k").unwrap());
    let _ = mtls.scene.issuer.client("svc").key(key.public_jwk()).must_use_mtls();
    let identity = TestIdentity::self_signed(&["anything.example"]);
    let tokens = mtls.scene.discover().http(mtls.settings(&identity));
    take(tokens.private_key("svc", PrivateKey::from_signer(key))).await.unwrap();
    assert_eq!(mtls.scene.last().certificate(), Some(identity.der()));
}

/// Files that rotate: connections are made anew with what is in them; while they do not fit, the old ones go on.
#[tokio::test]
async fn a_certificate_that_rotated_is_shown() {
    let mtls = Mtls::new().await;
    let (old, new) = (TestIdentity::self_signed(&["a.example"]), TestIdentity::self_signed(&["b.example"]));
    let _ = mtls.scene.issuer.client("svc").certificate(&old).certificate(&new);
    let tokens = mtls.scene.discover().http(mtls.settings(&old)).auth(ClientAuth::tls_client_auth("svc"));
    let tokens = tokens.build().await.unwrap();
    let mut shown = Vec::new();
    for step in 0..4 {
        match step {
            1 => drop(mtls.scene.file("client.pem", &format!("{}\n", new.pem()))),
            2 => drop(mtls.scene.file("client.key", &format!("{}\n", new.key_pem()))),
            _ => {}
        }
        tokens.token().await.unwrap();
        mtls.scene.clock.advance(3600);
        shown.push(mtls.scene.last().certificate().unwrap().to_vec());
    }
    assert_eq!(shown, [old.der(), old.der(), new.der(), new.der()]);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let mtls = Mtls::new().await;
    let identity = TestIdentity::self_signed(&["a.example"]);
    let other = TestIdentity::self_signed(&["a.example"]);
    let certificate = mtls.scene.file("client.pem", identity.pem());
    let missing = certificate.with_file_name("none.pem");
    let foreign = mtls.scene.file("other.key", &other.key_pem());
    let tokens = || mtls.scene.discover().ca_file(mtls.scene.file("ca.pem", mtls.authority.pem()));
    for (certificate, key, said) in [
        (&missing, &foreign, "none.pem cannot be read"),
        (&certificate, &missing, "none.pem cannot be read"),
        (&foreign, &foreign, "holds no PEM certificate"),
        (&certificate, &certificate, "holds no private key"),
        (&certificate, &foreign, "does not fit to the certificate"),
    ] {
        let taken = take(tokens().client_certificate("svc", certificate, key)).await;
        let text = taken.as_ref().unwrap_err().to_string();
        assert!(text.contains(said), "{text}");
        assert_eq!(setting(taken), "client_certificate");
    }
    assert_eq!(setting(take(tokens().auth(ClientAuth::tls_client_auth("svc"))).await), "client_certificate");
    assert_eq!(mtls.scene.issuer.count(Document::Token), 0);
}
