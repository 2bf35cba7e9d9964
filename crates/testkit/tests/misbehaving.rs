//! That each misbehaviour is what its name says, seen by a client that is nobody's.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test that uses it")]

use std::collections::HashSet;

use bytes::Bytes;
use countersign_testkit::misbehaving::{GOOD, Misbehaviour, Must, misbehaviour};
use countersign_testkit::{Answer, MisbehavingServer, misbehaviours};
use http::Request;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// What a plain HTTP client hears: an answer, a failure, or nothing at all.
enum Heard {
    Answer(Answer),
    NoAnswer,
    Nothing,
}

async fn hear(server: &MisbehavingServer) -> Heard {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let body = Full::from("grant_type=client_credentials");
    let request = Request::post(server.token_endpoint()).body(body).unwrap();
    let exchange = async {
        let (head, body) = match client.request(request).await {
            Ok(response) => response.into_parts(),
            Err(_) => return Heard::NoAnswer,
        };
        match Limited::new(body, 16 << 20).collect().await {
            Ok(body) => {
                Heard::Answer(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })
            }
            Err(_) => Heard::NoAnswer,
        }
    };
    let before = server.count();
    let silence = async {
        server.asked(before + 1).await;
        // time stands still but for who waits: whoever is heard after ten seconds was not silent
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    };
    tokio::select! {
        heard = exchange => heard,
        () = silence => Heard::Nothing,
    }
}

async fn server(behaviour: &Misbehaviour) -> MisbehavingServer {
    let server = MisbehavingServer::start().await;
    server.behaves(behaviour);
    server
}

#[test]
fn each_has_a_name_of_its_own() {
    let all = misbehaviours();
    let names: HashSet<_> = all.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.len() > 150, "{}", all.len());
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')));
}

/// T-6749-19: what a client must take is a token response by the letter but for its member `expires_in`.
#[tokio::test]
async fn what_must_be_taken_is_good() {
    let mut seen = 0;
    for behaviour in misbehaviours().iter().filter(|one| matches!(one.must, Must::Take { .. })) {
        let server = server(behaviour).await;
        let Heard::Answer(answer) = hear(&server).await else { panic!("{}: no answer", behaviour.name) };
        assert_eq!(answer.token(), GOOD, "{}", behaviour.name);
        assert!(answer.str("token_type").eq_ignore_ascii_case("bearer"), "{}", behaviour.name);
        assert_eq!((server.count(), server.strayed()), (1, 0));
        seen += 1;
    }
    assert!(seen >= 30, "{seen}");
}

#[tokio::test]
async fn refusals_are_refusals() {
    for behaviour in misbehaviours() {
        let Must::Refused(code) = behaviour.must else { continue };
        let Heard::Answer(answer) = hear(&server(&behaviour).await).await else {
            panic!("{}", behaviour.name)
        };
        assert_eq!(answer.str("error"), code, "{}", behaviour.name);
        assert!(answer.status.is_client_error());
    }
}

#[tokio::test]
async fn redirects_tempt() {
    for (name, status, path) in [
        ("302-to-itself", 302, "/token"),
        ("307-to-another-path", 307, "/elsewhere"),
        ("308-to-another-server", 308, "/token"),
    ] {
        let server = server(&misbehaviour(name)).await;
        let Heard::Answer(answer) = hear(&server).await else { panic!("{name}") };
        let location = answer.header("location").unwrap();
        assert!(answer.status == status && location.ends_with(path), "{name}: {location}");
        assert_eq!(location == server.token_endpoint(), name.ends_with("itself"), "{name}");
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let followed = Request::post(location).body(Full::default()).unwrap();
        let followed = client.request(followed).await.unwrap();
        if !name.ends_with("itself") {
            assert_eq!((followed.status().as_u16(), server.strayed(), server.count()), (200, 1, 1), "{name}");
        }
    }
}

#[tokio::test]
async fn broken_connections_break() {
    for behaviour in misbehaviours() {
        let name = behaviour.name;
        if name.starts_with("closed-") || name.starts_with("reset-") || name == "no-http" {
            let heard = hear(&server(&behaviour).await).await;
            assert!(matches!(heard, Heard::NoAnswer), "{name}");
        }
    }
}

/// Silence lasts: ten seconds of tokio's time, which only passes while nothing else happens.
#[tokio::test(start_paused = true)]
async fn the_silent_are_silent() {
    for name in [
        "silent",
        "silent-before-the-request",
        "half-a-head",
        "half-a-body",
        "body-without-its-end",
        "slow-head",
        "slow-body",
    ] {
        let heard = hear(&server(&misbehaviour(name)).await).await;
        assert!(matches!(heard, Heard::Nothing), "{name}");
    }
}

#[tokio::test]
async fn the_endless_end_only_with_their_reader() {
    for name in
        ["body-that-never-ends", "token-that-never-ends", "body-of-a-gigabyte", "head-that-never-ends"]
    {
        let heard = hear(&server(&misbehaviour(name)).await).await;
        assert!(matches!(heard, Heard::NoAnswer), "{name}");
    }
}

#[tokio::test]
async fn the_metadata_stay_true() {
    let server = server(&misbehaviour("closed-at-accept")).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let url = format!("{}/.well-known/oauth-authorization-server", server.issuer());
    let answer = client.get(url.parse().unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let metadata: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&metadata["issuer"], &metadata["token_endpoint"]),
        (&server.issuer().into(), &server.token_endpoint().into())
    );
    assert_eq!((server.count(), server.strayed()), (0, 0));
    assert!(matches!(hear(&server).await, Heard::NoAnswer));
    assert_eq!(server.count(), 1);
}
