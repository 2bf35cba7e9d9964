//! What is committed is seen, whatever happens to the one who asked for it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a test must be seen")]

mod harness;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_issuer::admin::{AdminError, Administrator};
use countersign_issuer::refusal::{AuthnFailure, Failure, Refusal};
use countersign_issuer::store::Command;
use countersign_proto::admin::{Change, ClientPatch, GrantPut, NewClient};
use harness::flaky::Flaky;
use harness::{Harness, ask};

/// Item 2: the client hangs up after the commit and before the registry has seen it; the next requests see it.
#[tokio::test]
async fn a_change_is_seen_although_its_caller_hung_up() {
    let (harness, flaky, secret) = start().await;
    flaky.feed_gate.forget_permits(usize::MAX);
    let issuer = Arc::clone(&harness.issuer);
    let call = tokio::spawn(async move { disable(&issuer).await.map(drop) });
    flaky.feed_waits.notified().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(refused(&harness, &secret).await, None, "the feed has not been read");
    flaky.feed_gate.add_permits(1000);
    becomes_disabled(&harness, &secret).await;
}

/// Item 2: a command whose caller is gone is at its end before the next one is judged.
#[tokio::test]
async fn the_next_command_waits_for_one_whose_caller_is_gone() {
    let (harness, flaky, secret) = start().await;
    flaky.feed_gate.forget_permits(usize::MAX);
    let issuer = Arc::clone(&harness.issuer);
    let call = tokio::spawn(async move { disable(&issuer).await.map(drop) });
    flaky.feed_waits.notified().await;
    call.abort();
    let _ = call.await;
    let mut next = Box::pin(disable(&harness.issuer));
    assert!(tokio::time::timeout(Duration::from_millis(20), &mut next).await.is_err());
    flaky.feed_gate.add_permits(1000);
    next.await.unwrap();
    assert_eq!(refused(&harness, &secret).await, Some(AuthnFailure::ClientDisabled));
}

/// Item 2: the feed fails after the commit. The caller is told of a fault; a command that is tried again and finds
/// nothing to change says so only when requests see it as well.
#[tokio::test]
async fn no_change_is_answered_only_when_requests_see_what_is_stored() {
    let (harness, flaky, secret) = start().await;
    flaky.feed_fails.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let told = disable(&harness.issuer).await;
        assert!(matches!(told, Err(AdminError::Fault(_))), "{told:?}");
        assert_eq!(refused(&harness, &secret).await, None);
    }
    flaky.feed_fails.store(false, Ordering::SeqCst);
    disable(&harness.issuer).await.unwrap();
    assert_eq!(refused(&harness, &secret).await, Some(AuthnFailure::ClientDisabled));
}

/// Item 2: the feed fails after a realm is removed; nobody is told that it is gone while requests still reach it.
#[tokio::test]
async fn not_found_is_answered_only_when_requests_see_what_is_stored() {
    let (harness, flaky, _) = start().await;
    let by = Administrator::offline("test");
    let new = countersign_proto::admin::NewRealm { name: "other".to_owned(), ..Default::default() };
    harness.issuer.create_realm(&by, new).await.unwrap();
    flaky.feed_fails.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let told = harness.issuer.delete_realm(&by, "other", None).await;
        assert!(matches!(told, Err(AdminError::Fault(_))), "{told:?}");
    }
    flaky.feed_fails.store(false, Ordering::SeqCst);
    let told = harness.issuer.delete_realm(&by, "other", None).await;
    assert!(matches!(told, Err(AdminError::NotFound(_) | AdminError::Stale)), "{told:?}");
    assert!(harness.issuer.realm("other").is_none());
}

/// Item 2: where nobody tries again, the issuer does.
#[tokio::test]
async fn the_feed_is_read_again_without_another_command() {
    let (harness, flaky, secret) = start().await;
    flaky.feed_fails.store(true, Ordering::SeqCst);
    disable(&harness.issuer).await.unwrap_err();
    flaky.feed_fails.store(false, Ordering::SeqCst);
    let behind = tokio::spawn(Arc::clone(&harness.issuer).run());
    becomes_disabled(&harness, &secret).await;
    behind.abort();
}

/// Design rule 9: a server whose database another one has taken says so, until it is its own again; then it reads what
/// the other did.
#[tokio::test]
async fn a_server_without_its_database_says_so() {
    let (harness, flaky, secret) = start().await;
    for taken in [true, false] {
        flaky.taken.store(taken, Ordering::SeqCst);
        if !taken {
            let mut record = harness.store.client(harness.system().id(), "svc").await.unwrap().unwrap();
            record.client.enabled = false;
            let command = Command::UpdateClient { client: record.client, expected: None };
            harness.store.execute(command, harness::audit()).await.unwrap();
        }
        // It looks when it starts to run, and then every few seconds.
        let behind = tokio::spawn(Arc::clone(&harness.issuer).run());
        let seen = async {
            while harness.issuer.is_ousted() != taken {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
        if !taken {
            becomes_disabled(&harness, &secret).await;
        }
        behind.abort();
    }
}

/// An issuer with a client `svc` that gets tokens, on a store that can fail.
async fn start() -> (Harness, Arc<Flaky>, String) {
    let (harness, flaky) = Harness::start_flaky().await;
    harness.issuer.load_clients().await.unwrap();
    let by = Administrator::offline("test");
    let new = NewClient { client_id: Some("svc".to_owned()), ..NewClient::default() };
    let secret = harness.issuer.create_client(&by, "system", new).await.unwrap().body.secret;
    harness.issuer.put_grant(&by, "system", "svc", "default", GrantPut::default(), None).await.unwrap();
    // What the commands above left.
    tokio::time::timeout(Duration::ZERO, flaky.feed_waits.notified()).await.ok();
    (harness, flaky, secret)
}

async fn disable(
    issuer: &countersign_issuer::issuer::Issuer,
) -> Result<countersign_issuer::admin::At<countersign_proto::admin::ClientBody>, AdminError> {
    let patch = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    issuer.update_client(&Administrator::offline("test"), "system", "svc", patch, None).await
}

/// Waits until requests see that the client is disabled.
async fn becomes_disabled(harness: &Harness, secret: &str) {
    let seen = async {
        while refused(harness, secret).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
    assert_eq!(refused(harness, secret).await, Some(AuthnFailure::ClientDisabled));
}

async fn refused(harness: &Harness, secret: &str) -> Option<AuthnFailure> {
    match harness.issuer.issue(&harness.system(), ask("svc", secret, None)).await {
        Ok(_) => None,
        Err(Failure::Refused(Refusal::Unauthenticated(why))) => Some(why),
        Err(other) => panic!("{other}"),
    }
}
