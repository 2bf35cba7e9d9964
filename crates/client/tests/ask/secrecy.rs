//! No secret in what is printed or logged.

use std::io::Write;
use std::sync::{Arc, Mutex};

use countersign_client::token::{Ask, compose};
use countersign_client::{Answer, ClientAuth, PrivateKey, SecretSource, TokenCache, TokenError};
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::time::UnixTime;
use countersign_testkit::issuer::{Document, Reply};
use http::{HeaderMap, StatusCode};
use tower::Layer as _;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::scene::{Scene, pem, take};

const CANARY: &str = "canary-5b1f";

/// Threats 4 "secrets, tokens, assertions in logs": all that can be formatted is, at the most talkative level.
#[tokio::test]
async fn nothing_secret_is_printed_or_logged() {
    let (log, _guard) = listen();
    let scene = Scene::new().await;
    let key = SigningKey::generate(Algorithm::ES256, "k").unwrap();
    let (key_file, lines) = (scene.file("key.pem", &pem(&key)), pem(&key));
    let _ = scene.issuer.client("svc").secret(CANARY).key(key.public_jwk());
    let platform = scene.issuer.kubernetes("shop", "orders", scene.issuer.issuer()).token();
    let mut printed = String::new();
    let mut secrets: Vec<String> = vec![CANARY.to_owned(), "c3ZjOmNhbmFyeS01YjFm".to_owned()];
    secrets.extend(lines.lines().filter(|line| line.len() > 20 && !line.starts_with('-')).map(str::to_owned));
    for auth in [
        ClientAuth::client_secret_basic("svc", CANARY.to_owned()),
        ClientAuth::client_secret_post("svc", SecretSource::file(scene.file("secret", CANARY))),
        ClientAuth::client_secret_post("svc", SecretSource::command("printf", [CANARY])),
        ClientAuth::client_secret_post(
            "svc",
            SecretSource::command("sh", ["-c", &format!("echo {CANARY} >&2; echo {CANARY}")]),
        ),
        ClientAuth::private_key_jwt("svc", PrivateKey::from_file(&key_file)),
        ClientAuth::assertion_file(None, scene.file("token", &platform)),
        ClientAuth::client_secret_basic("nobody", CANARY.to_owned()),
    ] {
        for reply in [None, Some(Reply::status(503)), Some(Reply::status(404)), Some(Reply::status(400))] {
            match reply {
                Some(reply) => scene.issuer.answer(Document::Token, reply),
                None => scene.issuer.restore(Document::Token),
            }
            let tokens = scene.discover().auth(auth.clone()).build().await.unwrap();
            printed.push_str(&format!(
                "{tokens:?} {:?} {:?} {:?} {:?} {:?}",
                scene.discover().auth(auth.clone()),
                tokens.layer(),
                tokens.layer().layer(()),
                tokens.call(),
                TokenCache::default()
            ));
            let composed =
                compose(&Ask::default(), &auth.clone().for_issuer("i"), UnixTime(0)).await.unwrap();
            printed.push_str(&format!("{composed:?}"));
            match tokens.token().await {
                Ok(token) => {
                    secrets.push(token.expose().to_owned());
                    printed.push_str(&format!("{token:?} {:?}", token.authorization()));
                }
                Err(error) => {
                    printed.push_str(&format!("{error} {error:?}"));
                    if let TokenError::Refused(refused) = error {
                        printed.push_str(&format!("{:?}", refused.advice()));
                    }
                }
            }
        }
    }
    let body = bytes::Bytes::from(CANARY);
    let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body };
    printed.push_str(&format!("{answer:?}"));
    secrets.extend(scene.asked().iter().filter_map(|sent| sent.parameter("client_assertion")));
    printed.push_str(&log.text());
    assert!(secrets.len() > 12, "{}", secrets.len());
    for secret in secrets {
        assert!(!printed.contains(&secret), "{secret} in {printed}");
    }
}

/// A server that echoes what it was sent is the last from whom a log should learn a secret.
#[tokio::test]
async fn what_a_server_echoes_is_blanked() {
    let (log, _guard) = listen();
    let scene = Scene::new().await;
    let assertion = format!("eyJ0.eyJ1.{}", "c".repeat(43));
    let (secret, sent, basic) = ("canary 5b/1f", "canary+5b%2F1f", "c3ZjOmNhbmFyeSs1YiUyRjFm");
    let mut printed = String::new();
    for (auth, echoes) in [
        (ClientAuth::client_secret_basic("svc", secret.to_owned()), vec![secret, sent, basic]),
        (ClientAuth::client_secret_post("svc", secret.to_owned()), vec![secret, sent]),
        (ClientAuth::assertion_file(None, scene.file("token", &assertion)), vec![assertion.as_str()]),
    ] {
        for echo in echoes {
            for status in [400, 401, 503] {
                // at the end, where cutting a long text would leave a half of it
                let body = serde_json::json!({
                    "error": format!("no {echo}"),
                    "error_description": format!("{} got {echo}, and what else?", "x".repeat(185)),
                });
                scene.issuer.answer(
                    Document::Token,
                    Reply::status(status).body("application/json", body.to_string()),
                );
                let error = take(scene.discover().auth(auth.clone())).await.unwrap_err();
                printed.push_str(&format!("{error} {error:?}"));
                assert!(error.to_string().contains("no ***"), "{error}");
            }
        }
    }
    printed.push_str(&log.text());
    for told in ["canary", "c3ZjOmNhbmFyeSs1", "cccc"] {
        assert!(!printed.contains(told), "{told} in {printed}");
    }
}

/// Each request is logged, and of failures in a row the first one stands out.
#[tokio::test]
async fn a_failure_is_told_once() {
    let (log, _guard) = listen();
    let scene = Scene::new().await;
    let tokens = scene.discover().client_secret("svc", "secret".to_owned()).build().await.unwrap();
    for _ in 0..3 {
        tokens.token().await.unwrap_err();
    }
    let _ = scene.issuer.client("svc").secret("secret");
    tokens.token().await.unwrap();
    let text = log.text();
    let ours = |level: &str| {
        text.lines().filter(|line| line.contains(level) && line.contains("client_id=\"svc\"")).count()
    };
    assert_eq!((ours("WARN"), ours("DEBUG")), (1, 3), "{text}");
    assert!(text.contains(scene.issuer.issuer()), "{text}");
}

/// Hears what this thread logs.
fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    // whether anybody wants a line is found out once for all threads: those of other tests, which want none, must not say
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let log = Log::default();
    let subscriber = tracing_subscriber::registry()
        .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone()));
    (log, tracing::subscriber::set_default(subscriber))
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
