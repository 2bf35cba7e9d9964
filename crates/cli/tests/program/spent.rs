//! Tokens that `call` takes and spends, from the issuer to our own guard: bound to a key, bound to a certificate, and in
//! the shape that Keycloak's users know.

use std::sync::Arc;

use countersign_client::SystemClock;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestAuthority, TestIdentity, TestIssuer};

use crate::guard::upstream::Upstream;
use crate::harness::User;
use crate::tokens::ORDERS;

/// A user who is the client `svc` of an issuer that binds tokens, which our server does not.
async fn client_of(issuer: &TestIssuer) -> User {
    let _ = issuer.client("svc").secret("the-secret-of-svc");
    User::new()
        .with("COUNTERSIGN_ISSUER", issuer.issuer())
        .with("COUNTERSIGN_CLIENT_ID", "svc")
        .with("COUNTERSIGN_RESOURCE", TestIssuer::AUDIENCE)
}

/// What `call` says of a guarded path: the exit code, and what the guard told the API of the caller.
#[track_caller]
fn called(user: &User, origin: &str, words: &[&str]) -> (Option<i32>, bool) {
    let url = format!("{origin}/orders/1?page=2");
    let done = user.run(&[&["call", "GET", &url, "--fail"][..], words].concat());
    (done.status.code(), done.out.to_ascii_lowercase().contains("x-auth-client: svc\r\n"))
}

const LET_IN: (Option<i32>, bool) = (Some(0), true);
const KEPT_OUT: (Option<i32>, bool) = (Some(22), false);

/// T-9449-01, T-9449-05: proof and nonce of each request are the guard's to judge, for one token in several processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_bound_to_a_key_passes_the_guard() {
    let issuer = TestIssuer::with().clock(Arc::new(SystemClock)).start().await;
    issuer.demand_new_nonce();
    let user = client_of(&issuer).await.with("COUNTERSIGN_CLIENT_SECRET", "the-secret-of-svc");
    let upstream = Upstream::start();
    let url = upstream.url();
    let words = ["--issuer", issuer.issuer(), "--audience", TestIssuer::AUDIENCE, "--upstream", &url];
    let guard = user.guard("proxy", &[&words[..], &["--dpop-nonce", "--require-bound", "dpop"]].concat());
    let origin = format!("http://{}", guard.address());
    for _ in 0..3 {
        assert_eq!(called(&user, &origin, &["--dpop"]), LET_IN);
    }
    // the first one without the issuer's nonce, the second one with it
    assert_eq!((issuer.count(Document::Token), upstream.seen()), (2, 3));
    assert_eq!(called(&user, &origin, &[]), KEPT_OUT, "a token that is not bound");
    assert_eq!(upstream.seen(), 3);
}

/// T-8705-04, T-8705-05: a token that is bound to a certificate, at a guard that asks for it (`--client-certs ask`).
#[tokio::test(flavor = "multi_thread")]
async fn a_token_bound_to_a_certificate_passes_the_guard() {
    let authority = TestAuthority::new();
    let issuer =
        TestIssuer::with().clock(Arc::new(SystemClock)).tls(&authority).mtls(&authority).start().await;
    let user = client_of(&issuer).await;
    let identity = TestIdentity::self_signed(&["svc"]);
    let _ = issuer.client("svc").without_secrets().certificate(&identity);
    let file = |name: &str, text: &str| user.write(name, text).display().to_string();
    let ca = file("ca.pem", authority.pem());
    let (cert, key) = (file("svc.crt", identity.pem()), file("svc.key", &identity.key_pem()));
    let own = authority.identity(&["localhost"]);
    let (own_cert, own_key) = (file("guard.crt", own.pem()), file("guard.key", &own.key_pem()));
    let upstream = Upstream::start();
    let url = upstream.url();
    let words = ["--issuer", issuer.issuer(), "--audience", TestIssuer::AUDIENCE, "--ca-file", &ca];
    let tls = ["--tls-cert", &own_cert, "--tls-key", &own_key, "--client-certs", "ask"];
    let behind = ["--upstream", &url, "--require-bound", "mtls"];
    let guard = user.guard("proxy", &[&words[..], &tls, &behind].concat());
    let shown = ["--ca-file", &ca, "--client-cert", &cert, "--client-key", &key];
    let origin = format!("https://localhost:{}", guard.address().rsplit(':').next().unwrap());
    for _ in 0..2 {
        assert_eq!(called(&user, &origin, &shown), LET_IN);
    }
    assert_eq!((issuer.count(Document::Token), upstream.seen()), (1, 2));
    // the same token from who has no certificate is of no use
    let token = user.ok(&[&["token"][..], &shown].concat());
    let stolen = format!("Authorization: Bearer {}", token.trim());
    let line = format!(
        "curl --silent --noproxy '*' --cacert ca.pem --output /dev/null --write-out '%{{http_code}}' \
         --header '{stolen}' {origin}/orders/1"
    );
    assert_eq!(user.shell(&line).out, "401");
    assert_eq!((issuer.count(Document::Token), upstream.seen()), (1, 2));
}

/// T-8414-02: a realm of Keycloak's profile by its metadata, and its tokens at a guard that takes their type.
#[test]
fn a_token_of_keycloaks_shape_passes_the_guard() {
    let user = User::new();
    let server = user.serve(&[]);
    user.ok(&["realm", "create", "kc", "--profile", "keycloak"]);
    user.ok(&["api", "create", ORDERS, "--realm", "kc", "--scope", "orders:read"]);
    let words = ["client", "create", "svc", "--realm", "kc", "--api", ORDERS, "--scope", "orders:read"];
    let secret = user.json(&words)["secret"].as_str().unwrap().to_owned();
    let file = user.write("svc.secret", &secret).display().to_string();
    let issuer = format!("{}/realms/kc", server.url());
    let (upstream, client) = (Upstream::start(), ["--client-id", "svc", "--client-secret-file", &file]);
    let url = upstream.url();
    let words = ["--issuer", &issuer, "--audience", ORDERS, "--upstream", &url];
    let source = [&["--issuer", &issuer, "--resource", ORDERS][..], &client].concat();
    let guard = user.guard("proxy", &[&words[..], &["--accept-typ", "JWT"]].concat());
    assert_eq!(called(&user, &format!("http://{}", guard.address()), &source), LET_IN);
    let strict = user.guard("proxy", &words);
    assert_eq!(
        called(&user, &format!("http://{}", strict.address()), &source),
        KEPT_OUT,
        "a type that nobody allowed"
    );
    assert_eq!(upstream.seen(), 1);
}
