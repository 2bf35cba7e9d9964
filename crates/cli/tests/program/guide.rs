//! The commands of docs/client.md for each credential, as they stand there, against an issuer that takes that one alone.

use std::sync::Arc;

use countersign_client::SystemClock;
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_testkit::issuer::TestIssuerBuilder;
use countersign_testkit::{TestApi, TestAuthority, TestIdentity, TestIssuer};

use crate::harness::{PROGRAM, User};

const GUIDE: &str = include_str!("../../../../docs/client.md");

/// A machine with an issuer and an API, which the guide calls by other names.
struct Scene {
    user: User,
    issuer: TestIssuer,
    api: TestApi,
}

impl Scene {
    async fn new() -> Self {
        Self::with(TestIssuer::with(), None).await
    }

    async fn with(issuer: TestIssuerBuilder, authority: Option<&TestAuthority>) -> Self {
        let issuer = issuer.clock(Arc::new(SystemClock)).start().await;
        let api = TestApi::of(&issuer);
        let api = authority.into_iter().fold(api, |api, authority| api.tls(authority)).start().await;
        Self { user: User::new(), issuer, api }
    }

    /// Pastes the block that begins so into a shell; what it prints.
    #[track_caller]
    fn paste(&self, begins: &str) -> String {
        let begins = format!("```sh\n{begins}\n");
        let (_, rest) = GUIDE.split_once(&begins).unwrap();
        let (block, _) = rest.split_once("```").unwrap();
        let line = [
            ("countersign ", format!("{PROGRAM} ")),
            ("https://id.example/realms/shop", self.issuer.issuer().to_owned()),
            ("https://orders.example/1", self.api.url("/1")),
            ("/var/run/secrets/tokens/id", "projected".to_owned()),
        ]
        .iter()
        .fold(block.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours));
        let done = self.user.shell(&line);
        assert!(done.status.success(), "{line}{}{}", done.out, done.err);
        done.out
    }
}

/// Issue 5, "done when": each credential by copy and paste.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_key() {
    let scene = Scene::new().await;
    let key = TestIdentity::self_signed(&["billing"]);
    let public = SigningKey::from_pkcs8(Algorithm::ES256, "k", &key.key_der()).unwrap();
    let _ = scene.issuer.client("billing").without_secrets().key(public.public_jwk());
    scene.user.write("billing.key", &key.key_pem());
    assert!(!scene.paste("# a private key").is_empty());
}

/// Issue 5, "done when": the certificate is shown to both.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate() {
    let authority = TestAuthority::new();
    let scene = Scene::with(TestIssuer::with().tls(&authority).mtls(&authority), Some(&authority)).await;
    let identity = TestIdentity::self_signed(&["billing"]);
    let _ = scene.issuer.client("billing").without_secrets().certificate(&identity);
    scene.user.write("ca.pem", authority.pem());
    scene.user.write("billing.crt", identity.pem());
    scene.user.write("billing.key", &identity.key_pem());
    scene.paste("# a certificate");
    assert_eq!((scene.api.let_in(), scene.api.received()[0].certificate()), (1, Some(identity.der())));
}

/// Issue 5, "done when": somebody else's assertion.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion() {
    let scene = Scene::new().await;
    let cluster = TestIssuer::with().clock(Arc::new(SystemClock)).start().await;
    let trusted = scene.issuer.client("billing").without_secrets();
    let _ = trusted.trusts(&cluster, "system:serviceaccount:shop:billing");
    let token = cluster.kubernetes("shop", "billing", scene.issuer.issuer()).token();
    scene.user.write("projected", &token);
    assert!(!scene.paste("# an assertion").is_empty());
}

/// Issue 5, "done when": a token that is bound to a key, where issuer and API want a nonce.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("billing").secret("the-secret-of-billing").must_use_dpop();
    scene.issuer.demand_new_nonce();
    scene.api.demand_new_nonce();
    scene.user.write("billing.secret", "the-secret-of-billing\n");
    scene.paste("# a bound token");
    assert_eq!(scene.api.let_in(), 1);
}
