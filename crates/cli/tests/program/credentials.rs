//! Each credential by its flags, against an issuer that takes that one alone.

use std::sync::Arc;

use countersign_client::SystemClock;
use countersign_proto::jose::{Algorithm, SigningKey, base64url};
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestApi, TestAuthority, TestClientKey, TestIdentity, TestIssuer};

use crate::harness::User;

async fn issuer() -> TestIssuer {
    TestIssuer::with().clock(Arc::new(SystemClock)).start().await
}

/// A key as a file of the user's home (RFC 7468 §10).
fn file_of(user: &User, name: &str, key: &SigningKey) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(&*key.to_pkcs8().unwrap());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    user.write(name, &pem).display().to_string()
}

/// T-7523-01, T-7523-05: `--private-key` with `--key-id` and `--signing-alg`.
#[tokio::test(flavor = "multi_thread")]
async fn a_private_key_signs_assertions() {
    let (user, issuer) = (User::new(), issuer().await);
    let key = TestClientKey::new(Algorithm::RS256);
    let _ = issuer.client("svc").without_secrets().key(key.key().public_jwk());
    let file = file_of(&user, "client.pem", key.key());
    let words = ["token", "--issuer", issuer.issuer(), "--client-id", "svc", "--private-key", &file];
    user.ok(&[&words[..], &["--signing-alg", "RS256", "--key-id", key.key().kid()]].concat());
    let received = issuer.received(Document::Token);
    let assertion = received[0].parameter("client_assertion").unwrap();
    let header = base64url::decode(assertion.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!((&header["alg"], &header["kid"]), (&"RS256".into(), &key.key().kid().into()), "{header}");
    let said = user.fails(&[&words[..], &["--signing-alg", "ES256", "--no-cache"]].concat());
    assert!(said.contains("private_key"), "{said}");
    let done = user.run(&[&words[..], &["--signing-alg", "HS256"]].concat());
    assert!(done.status.code() == Some(2) && done.err.contains("PS256"), "{}", done.err);
}

/// The contract: an assertion that somebody else renews, with or without the client's id.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_comes_from_a_file() {
    let (user, issuer, cluster) = (User::new(), issuer().await, issuer().await);
    let _ = issuer.client("svc").without_secrets().trusts(&cluster, "system:serviceaccount:shop:svc");
    let token = cluster.kubernetes("shop", "svc", issuer.issuer()).token();
    let file = user.write("projected", &token).display().to_string();
    let words = ["token", "--issuer", issuer.issuer(), "--assertion-file", &file];
    user.ok(&[&words[..], &["--client-id", "svc"]].concat());
    assert_eq!(issuer.received(Document::Token)[0].parameter("client_assertion").unwrap(), token);
    let said = user.fails(&["token", "--issuer", issuer.issuer()]);
    assert!(said.contains("--client-id"), "{said}");
    // who has no id is told by the server, and not by us
    let done = user.run(&words);
    assert_eq!(issuer.count(Document::Token), 2, "{}", done.err);
}

/// T-8705-05: the certificate is shown to the issuer's door for certificates and to the API; a bound token needs it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_to_issuer_and_api() {
    let user = User::new();
    let authority = TestAuthority::new();
    let issuer =
        TestIssuer::with().clock(Arc::new(SystemClock)).tls(&authority).mtls(&authority).start().await;
    let identity = TestIdentity::self_signed(&["svc"]);
    let _ = issuer.client("svc").without_secrets().certificate(&identity);
    let api = TestApi::of(&issuer).tls(&authority).start().await;
    let ca = user.write("ca.pem", authority.pem()).display().to_string();
    let cert = user.write("svc.crt", identity.pem()).display().to_string();
    let key = user.write("svc.key", &identity.key_pem()).display().to_string();
    let url = api.url("/orders");
    let client = ["--issuer", issuer.issuer(), "--client-id", "svc", "--ca-file", &ca];
    let words = [&["call", "GET", &url, "--fail"][..], &client].concat();
    let done = user.run(&[&words[..], &["--client-cert", &cert, "--client-key", &key]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", done.err);
    assert_eq!((api.let_in(), api.received()[0].certificate()), (1, Some(identity.der())));
    let done = user.run(&[&words[..], &["--client-cert", &cert]].concat());
    assert!(done.status.code() == Some(2) && done.err.contains("--client-key"), "{}", done.err);
}

/// A newline at the end of a variable is no part of the secret, what is no name of a variable is not repeated, and a file
/// that others may read is warned about.
#[tokio::test(flavor = "multi_thread")]
async fn where_a_secret_is_may_be_sloppy_and_is_never_repeated() {
    let (user, issuer) = (User::new().with("MINE", "the-secret-of-svc\n"), issuer().await);
    let _ = issuer.client("svc").secret("the-secret-of-svc");
    let words = ["token", "--no-cache", "--issuer", issuer.issuer(), "--client-id", "svc"];
    let with = |more: &[&str]| user.run(&[&words[..], more].concat());
    assert_eq!(
        (with(&["--client-secret-env", "MINE"]).status.code(), issuer.count(Document::Token)),
        (Some(0), 1)
    );
    for secret in ["the-secret-of-svc", "csk_0123456789abcdef"] {
        let done = with(&["--client-secret-env", secret]);
        assert!(done.status.code() == Some(1) && !done.err.contains(secret), "{}", done.err);
    }
    let add = ["context", "add", "x", "--server", "http://localhost:1", "--client-id", "svc"];
    let said = user.fails(&[&add[..], &["--client-secret-env", "the-secret-of-svc"]].concat());
    assert!(!said.contains("the-secret"), "{said}");

    let file = user.write("secret", "the-secret-of-svc");
    let done = with(&["--client-secret-file", "secret"]);
    assert_eq!((done.status.code(), &*done.err), (Some(0), ""));
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let done = with(&["--client-secret-file", "secret"]);
    assert!(done.status.success() && done.err.contains("chmod 600 secret"), "{}", done.err);
}

/// A secret that comes through a pipe is read once; one in a file is read when it is needed.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_may_come_through_a_pipe() {
    let (user, issuer) = (User::new(), issuer().await);
    let _ = issuer.client("svc").secret("the-secret-of-svc");
    let line = format!(
        "mkfifo pipe && (printf the-secret-of-svc > pipe &) && {} token --issuer {} --client-id svc \
         --client-secret-file pipe",
        crate::harness::PROGRAM,
        issuer.issuer()
    );
    let done = user.shell(&line);
    assert!(done.status.success(), "{}", done.err);
    let file = user.write("secret", "").display().to_string();
    let words = ["token", "--issuer", issuer.issuer(), "--client-id", "svc", "--client-secret-file", &file];
    assert!(user.fails(&words).contains("is empty"));
}

/// What cannot work, or would do nothing, is said before anybody is asked.
#[test]
fn flags_that_do_nothing_here_are_refused() {
    let user = User::new();
    let of_realm = ["token", "--realm", "r", "--client-id", "svc"];
    let said = user.fails(&[&of_realm[..], &["--private-key", "key.pem"]].concat());
    assert!(said.contains("--issuer"), "{said}");
    let said = user.fails(&[&of_realm[..], &["--endpoints-at", "https://x.example"]].concat());
    assert!(said.contains("--endpoints-at") && said.contains("--issuer"), "{said}");
    let said = user.fails(&["token", "--context", "c", "--endpoints-at", "https://x.example"]);
    assert!(said.contains("--endpoints-at"), "{said}");
    let words = ["token", "--issuer", "http://127.0.0.1:1", "--assertion-file", "token", "--dpop=ES256"];
    let said = user.fails(&words);
    assert!(said.contains("--client-id"), "{said}");
}
