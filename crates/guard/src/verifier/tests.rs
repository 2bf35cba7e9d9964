use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use countersign_client::ClientAuth;
use countersign_client::token::Secret;
use countersign_proto::jose::keys::KeyError;
use countersign_proto::jose::{Algorithm, EncodedHeader, JwkSet, SigningKey, VerifyError, compact};
use countersign_proto::time::UnixTime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::noted::lines::Lines;

const ISSUER: &str = "https://issuer.example";
const API: &str = "https://orders.example";
const NOW: i64 = 1_767_225_600;

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixTime {
        UnixTime(NOW)
    }
}

struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(SeqCst))
    }
}

fn token(key: &SigningKey, exp: i64) -> String {
    let claims = serde_json::json!({
        "iss": ISSUER, "aud": API, "sub": "svc", "client_id": "svc", "jti": "1", "iat": NOW, "exp": exp,
    });
    compact::sign(&EncodedHeader::of(key, Some("at+jwt")), claims.to_string().as_bytes(), key).unwrap()
}

/// A place that answers with another key at first, and then with this one.
async fn rotating(key: &SigningKey) -> String {
    publish([&SigningKey::generate(Algorithm::ES256, "former").unwrap(), key]).await
}

/// A place that answers with this key, once.
async fn publishing(key: &SigningKey) -> String {
    publish([key]).await
}

async fn publish<const N: usize>(keys: [&SigningKey; N]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let sets = keys.map(|key| {
        let set: JwkSet = std::iter::once(key.public_jwk().clone()).collect();
        serde_json::to_string(&set).unwrap()
    });
    tokio::spawn(async move {
        for set in sets {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:";
            let answer = format!("{head} {}\r\n\r\n{set}", set.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

/// Threats 2: right after a rotation a good token passes, though the keys that it needs came for another between the
/// look-up and the question for new ones, and within the cool-down nothing more is fetched.
#[tokio::test]
async fn keys_that_came_for_another_are_looked_at() {
    let key = SigningKey::generate(Algorithm::ES256, "new").unwrap();
    let issuer = TrustedIssuer::discover(ISSUER, API).jwks_uri(rotating(&key).await);
    let verifier = Verifier::builder(issuer).clock(Arc::new(Still)).build().unwrap();
    let Vouches::Keys(keys) = &verifier.0.issuers[0].vouches else { panic!("keys") };
    keys.ready().await;
    let token = token(&key, NOW + 300);
    let Known::AfterKeys(at, generation, error) = verifier.known(&token, NOW) else {
        panic!("not known yet")
    };
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    tokio::time::resume();
    assert!(keys.refresh().await, "for another token");
    assert!(!keys.refresh().await, "the cool-down");
    assert!(verifier.learn(&token, at, generation, error).await.is_ok());
    let unknown = KeyError::UnknownKid("none".to_owned());
    let nothing_new = verifier.learn(&token, at, keys.generation(), unknown.clone()).await;
    assert_eq!(nothing_new.err(), Some(Refusal::Token(VerifyError::Key(unknown))));
}

/// Threats 7: an issuer that takes connections and says nothing holds up a request for two seconds, and not for as long as a
/// fetch may take.
#[tokio::test(start_paused = true)]
async fn an_issuer_that_hangs_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    let issuer = TrustedIssuer::discover(ISSUER, API).jwks_uri(url);
    let verifier = Verifier::builder(issuer).clock(Arc::new(Still)).build().unwrap();
    let begun = tokio::time::Instant::now();
    let refused = verifier.learn("", 0, None, KeyError::Unavailable).await.unwrap_err();
    assert_eq!((refused, begun.elapsed().as_secs()), (Refusal::Unavailable, 2));
}

/// Threats 7: one that is asked about tokens holds a request up for no longer, and what it says then is there for whoever
/// asks meanwhile.
#[tokio::test(start_paused = true)]
async fn an_introspection_that_hangs_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/introspect", listener.local_addr().unwrap());
    let auth = ClientAuth::client_secret_basic("guard", Secret::new("secret".to_owned()));
    let issuer = TrustedIssuer::discover(ISSUER, API).introspect(Some(url), auth);
    let verifier = Verifier::builder(issuer).clock(Arc::new(Still)).build().unwrap();
    let (lines, _guard) = Lines::of_this_thread();
    let begun = tokio::time::Instant::now();
    let refused = verifier.genuine("opaque").await.unwrap_err();
    assert_eq!((refused, begun.elapsed().as_secs(), lines.count()), (Refusal::Unavailable, 2, 1));

    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let says = format!(r#"{{"active":true,"aud":"{API}","client_id":"svc"}}"#);
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length:";
        stream.write_all(format!("{head} {}\r\n\r\n{says}", says.len()).as_bytes()).await.unwrap();
    };
    // in time that runs, in which the answer takes none
    tokio::time::resume();
    let (access, ()) = tokio::join!(verifier.genuine("opaque"), answer);
    assert_eq!(access.unwrap().client_id(), Some("svc"));
}

/// Threats 2 (stale JWKS): a token that was verified does not outlive the bound on its keys, also where nobody lets the task run
/// that would see them grow too old.
#[test]
fn kept_tokens_end_with_their_keys() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let key = SigningKey::generate(Algorithm::ES256, "former").unwrap();
    let clock = Arc::new(Moved(AtomicI64::new(NOW)));
    let theirs = runtime();
    let verifier = theirs.block_on(async {
        let issuer = TrustedIssuer::discover(ISSUER, API).jwks_uri(publishing(&key).await);
        let verifier = Verifier::builder(issuer).clock(clock.clone()).build().unwrap();
        verifier.ready().await;
        for _ in 0..100 {
            tokio::task::yield_now().await; // whoever watches the keys' age has a turn
        }
        verifier
    });
    let token = token(&key, NOW + 100_000);
    let known = |later: i64| {
        clock.0.store(NOW + later, SeqCst);
        verifier.known(&token, NOW + later)
    };
    let stale = 3600;
    runtime().block_on(async {
        assert!(matches!(known(0), Known::Access(_)));
        for (waits, later, is_known) in [(stale - 10, stale - 10, true), (20, stale + 10, false)] {
            tokio::time::pause();
            tokio::time::advance(std::time::Duration::from_secs(waits.try_into().unwrap())).await;
            assert_eq!(matches!(known(later), Known::Access(_)), is_known, "{later}");
            assert_eq!(verifier.is_ready(), is_known);
            tokio::time::resume();
        }
        let said = known(stale + 10);
        assert!(matches!(said, Known::AfterKeys(_, _, KeyError::Unavailable)), "{said:?}");
    });
}
