//! The view in memory: what the token path reads is what is registered, now, however it got there.

#![expect(clippy::panic, reason = "anything else is a failure of the test")]

mod harness;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_issuer::admin::Administrator;
use countersign_issuer::refusal::{AuthnFailure, Failure, Refusal};
use countersign_issuer::store::Command;
use countersign_proto::admin::{Change, ClientPatch, GrantPut, NewClient, NewScope, NewSecret};
use harness::{Harness, ask};

/// Why a client with this secret is refused, or `None` when it gets a token.
async fn refused(harness: &Harness, client_id: &str, secret: &str) -> Option<AuthnFailure> {
    match harness.issuer.issue(&harness.system(), ask(client_id, secret, None)).await {
        Ok(_) => None,
        Err(Failure::Refused(Refusal::Unauthenticated(why))) => Some(why),
        Err(other) => panic!("{other}"),
    }
}

/// Design rule 3: before the clients are loaded the store is asked, and knows the same.
#[tokio::test]
async fn clients_are_known_before_they_are_loaded() {
    let harness = Harness::start(1000).await;
    harness.add_clients(3).await;
    assert_eq!(harness.issuer.sizes().clients, 1, "only root is in memory");
    assert_eq!(refused(&harness, "client-000001", WRONG).await, Some(AuthnFailure::WrongSecret));
    assert_eq!(refused(&harness, "client-000009", WRONG).await, Some(AuthnFailure::UnknownClient));
    harness.issuer.load_clients().await.unwrap();
    assert_eq!(harness.issuer.sizes().clients, 4);
    assert_eq!(refused(&harness, "client-000001", WRONG).await, Some(AuthnFailure::WrongSecret));
    assert_eq!(refused(&harness, "client-000009", WRONG).await, Some(AuthnFailure::UnknownClient));
}

/// Design rule 3: beyond `registry.max_clients` memory stays bounded, answers stay right, and what does not exist is
/// noticed when it comes to be.
#[tokio::test]
async fn beyond_the_maximum_memory_is_bounded_and_answers_are_right() {
    let harness = Harness::start(100).await;
    harness.add_clients(400).await;
    harness.issuer.load_clients().await.unwrap();
    for n in 0..400 {
        let id = format!("client-{n:06}");
        assert_eq!(refused(&harness, &id, WRONG).await, Some(AuthnFailure::WrongSecret), "{id}");
        let nobody = format!("nobody-{n:06}");
        assert_eq!(refused(&harness, &nobody, WRONG).await, Some(AuthnFailure::UnknownClient));
    }
    assert!(harness.issuer.sizes().clients <= 128, "{:?}", harness.issuer.sizes());
    let by = Administrator::offline("test");
    let new = NewClient { client_id: Some("nobody-000001".to_owned()), ..NewClient::default() };
    let made = harness.issuer.create_client(&by, "system", new).await.unwrap().body;
    let secret = made.secret.as_str();
    assert!(!matches!(
        refused_or_target(&harness, "nobody-000001", secret).await,
        Some(AuthnFailure::UnknownClient)
    ));
    harness.issuer.delete_client(&by, "system", "nobody-000001", None).await.unwrap();
    assert_eq!(refused(&harness, "nobody-000001", secret).await, Some(AuthnFailure::UnknownClient));
}

/// Item 2: disabling and expiring count from the next request on, in memory as in the store.
#[tokio::test]
async fn a_change_counts_from_the_next_request_on() {
    let harness = Harness::start(1000).await;
    harness.issuer.load_clients().await.unwrap();
    let by = Administrator::offline("test");
    let new = NewClient { client_id: Some("svc".to_owned()), ..NewClient::default() };
    let secret = harness.issuer.create_client(&by, "system", new).await.unwrap().body.secret;
    assert_eq!(refused_or_target(&harness, "svc", &secret).await, None);
    let patch = |patch| harness.issuer.update_client(&by, "system", "svc", patch, None);
    patch(ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() }).await.unwrap();
    assert_eq!(refused(&harness, "svc", &secret).await, Some(AuthnFailure::ClientDisabled));
    let soon = harness.issuer.now().plus(10);
    patch(ClientPatch {
        enabled: Change::Set(true),
        expires_at: Change::Set(soon),
        ..ClientPatch::default()
    })
    .await
    .unwrap();
    assert_eq!(refused_or_target(&harness, "svc", &secret).await, None);
    harness.clock.advance(10);
    assert_eq!(refused(&harness, "svc", &secret).await, Some(AuthnFailure::ClientExpired));
}

/// Design rule 3: "a stale load never overwrites a newer revision": clients change while they are being loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_and_changing_at_the_same_time_end_in_what_is_stored() {
    let harness = Arc::new(Harness::start(100_000).await);
    harness.add_clients(1500).await;
    let loader = tokio::spawn({
        let harness = Arc::clone(&harness);
        async move { harness.issuer.load_clients().await.unwrap() }
    });
    let by = Administrator::offline("test");
    for n in (0..1500).step_by(25) {
        let id = format!("client-{n:06}");
        if n % 50 == 0 {
            harness.issuer.delete_client(&by, "system", &id, None).await.unwrap();
        } else {
            let patch = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
            harness.issuer.update_client(&by, "system", &id, patch, None).await.unwrap();
        }
    }
    loader.await.unwrap();
    for n in 0..1500 {
        let expected = match (n % 50, n % 25) {
            (0, _) => AuthnFailure::UnknownClient,
            (_, 0) => AuthnFailure::ClientDisabled,
            _ => AuthnFailure::WrongSecret,
        };
        assert_eq!(refused(&harness, &format!("client-{n:06}"), WRONG).await, Some(expected), "{n}");
    }
}

/// Design rule 12: while clients cannot be loaded, the other work behind the requests is done.
#[tokio::test]
async fn what_is_due_each_minute_does_not_wait_for_the_load() {
    let (harness, flaky) = Harness::start_flaky().await;
    flaky.pages_fail.store(true, Ordering::SeqCst);
    assert_eq!(refused_or_target(&harness, "root", harness::ROOT_SECRET).await, None);
    let behind = tokio::spawn(Arc::clone(&harness.issuer).run());
    let written = async {
        loop {
            let root = harness.store.client(harness.system().id(), "root").await.unwrap().unwrap();
            if root.secrets.iter().any(|secret| secret.last_used_at.is_some()) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), written).await.unwrap();
    behind.abort();
}

/// Item 2: an answer of the store that was on its way while its client was removed is not kept, although the feed has
/// not been applied to its end.
#[tokio::test]
async fn an_answer_older_than_a_change_is_not_kept() {
    let (mut harness, flaky) = Harness::start_flaky_with(4).await;
    harness.add_clients(10).await;
    harness.issuer = harness.open_again(&harness.keys_text).await.unwrap();
    harness.issuer.load_clients().await.unwrap();
    let (late, slow) = (flaky.hold("client-000009"), flaky.hold("client-000008"));
    let harness = Arc::new(harness);
    let question = tokio::spawn({
        let harness = Arc::clone(&harness);
        async move { refused(&harness, "client-000009", WRONG).await }
    });
    late.holds.notified().await;
    for id in ["client-000009", "client-000008"] {
        let (realm_id, client_id) = (harness.system().id().to_owned(), id.to_owned());
        let command = Command::DeleteClient { realm_id, client_id, expected: None };
        harness.store.execute(command, harness::audit()).await.unwrap();
    }
    let other = tokio::spawn({
        let issuer = Arc::clone(&harness.issuer);
        async move { issuer.create_client(&Administrator::offline("test"), "system", NewClient::default()).await }
    });
    // The feed has removed the one client, and waits at the other.
    slow.holds.notified().await;
    late.open.add_permits(1);
    assert_eq!(question.await.unwrap(), Some(AuthnFailure::WrongSecret), "it was asked before");
    slow.open.add_permits(1);
    other.await.unwrap().unwrap();
    assert_eq!(refused(&harness, "client-000009", WRONG).await, Some(AuthnFailure::UnknownClient));
}

/// Design rule 3: clients in daily use, fewer than fit, stay in memory, whatever else there is.
#[tokio::test]
async fn clients_in_use_stay_in_memory() {
    let (mut harness, flaky) = Harness::start_flaky_with(640).await;
    harness.add_clients(1200).await;
    harness.issuer = harness.open_again(&harness.keys_text).await.unwrap();
    harness.issuer.load_clients().await.unwrap();
    let mut asked = 0;
    for _ in 0..8 {
        let before = flaky.asked.load(Ordering::SeqCst);
        for n in 900..1200 {
            refused(&harness, &format!("client-{n:06}"), WRONG).await;
        }
        asked = flaky.asked.load(Ordering::SeqCst) - before;
    }
    assert!(asked < 60, "{asked} of 300 are still asked for");
}

/// Design rule 3: a change of a client that is in memory needs no more room.
#[tokio::test]
async fn a_change_at_the_maximum_crowds_nothing() {
    let (mut harness, flaky) = Harness::start_flaky_with(4).await;
    harness.add_clients(3).await;
    harness.issuer = harness.open_again(&harness.keys_text).await.unwrap();
    harness.issuer.load_clients().await.unwrap();
    let patch = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    let by = Administrator::offline("test");
    harness.issuer.update_client(&by, "system", "client-000001", patch, None).await.unwrap();
    let before = flaky.asked.load(Ordering::SeqCst);
    assert_eq!(refused(&harness, "nobody", WRONG).await, Some(AuthnFailure::UnknownClient));
    assert_eq!(flaky.asked.load(Ordering::SeqCst), before, "all are in memory");
}

/// Item 2: a secret that is registered twice works as long as one of the two does, whichever was added last.
#[tokio::test]
async fn a_secret_registered_twice_works_until_the_last_expires() {
    let harness = Harness::start(1000).await;
    let by = Administrator::offline("test");
    for (client_id, lifetimes) in [("early", [10, 20]), ("late", [20, 10])] {
        let new = NewClient { client_id: Some(client_id.to_owned()), ..NewClient::default() };
        harness.issuer.create_client(&by, "system", new).await.unwrap();
        for seconds in lifetimes {
            let expires_at = Some(harness.issuer.now().plus(seconds));
            let new = NewSecret { secret: Some(WRONG.to_owned()), expires_at, label: None };
            harness.issuer.create_secret(&by, "system", client_id, new).await.unwrap();
        }
    }
    for (seconds, expected) in [(15, None), (10, Some(AuthnFailure::ExpiredSecret))] {
        harness.clock.advance(seconds);
        assert_eq!(refused_or_target(&harness, "early", WRONG).await, expected);
        assert_eq!(refused_or_target(&harness, "late", WRONG).await, expected);
    }
}

/// Item 2: a scope that is removed leaves the grants of all clients in memory, few or many, and many are read by pages.
#[tokio::test]
async fn a_removed_scope_leaves_every_client_in_memory() {
    for (count, most) in [(3, 5), (1100, 2)] {
        let (harness, flaky) = Harness::start_flaky_with(10_000).await;
        harness.add_clients(count).await;
        harness.issuer.load_clients().await.unwrap();
        let by = Administrator::offline("test");
        let new = NewScope { name: "orders:read".to_owned(), ..NewScope::default() };
        harness.issuer.create_scope(&by, "system", "default", new).await.unwrap();
        let last = format!("client-{:06}", count - 1);
        let new = NewSecret { secret: Some(WRONG.to_owned()), ..NewSecret::default() };
        harness.issuer.create_secret(&by, "system", &last, new).await.unwrap();
        let grant = GrantPut { default: vec!["orders:read".to_owned()], optional: Vec::new() };
        harness.issuer.put_grant(&by, "system", &last, "default", grant, None).await.unwrap();
        let scope = async || {
            harness.issuer.issue(&harness.system(), ask(&last, WRONG, None)).await.unwrap().scope.to_string()
        };
        assert_eq!(scope().await, "orders:read");
        let before = flaky.asked.load(Ordering::SeqCst);
        harness.issuer.delete_scope(&by, "system", "default", "orders:read", None).await.unwrap();
        let asked = flaky.asked.load(Ordering::SeqCst) - before;
        assert!(asked <= most, "{asked} clients were read one by one");
        assert_eq!(scope().await, "");
    }
}

/// threats 5: what cannot be a client id is refused like an unknown one, without a question to the store, which might
/// not even take it, and without a memory of it.
#[tokio::test]
async fn an_id_that_no_client_can_have_is_not_asked_for() {
    let (harness, flaky) = Harness::start_flaky().await;
    let before = flaky.asked.load(Ordering::SeqCst);
    for id in ["", "with\0nul", "two words", "default", &"x".repeat(60_000)] {
        assert_eq!(refused(&harness, id, WRONG).await, Some(AuthnFailure::UnknownClient));
    }
    assert_eq!(flaky.asked.load(Ordering::SeqCst), before);
    assert_eq!(refused(&harness, "nobody", WRONG).await, Some(AuthnFailure::UnknownClient));
    assert_eq!(flaky.asked.load(Ordering::SeqCst), before + 1);
}

/// As [`refused`], where a client that proves itself and has no grant is as good as one that gets a token.
async fn refused_or_target(harness: &Harness, client_id: &str, secret: &str) -> Option<AuthnFailure> {
    match harness.issuer.issue(&harness.system(), ask(client_id, secret, None)).await {
        Ok(_) | Err(Failure::Refused(Refusal::NoGrant { .. })) => None,
        Err(Failure::Refused(Refusal::Unauthenticated(why))) => Some(why),
        Err(other) => panic!("{other}"),
    }
}

const WRONG: &str = "a-wrong-secret-for-tests-0123456789";
