//! Master keys: a database is opened with those that it was made with, or not at all. Signing keys: how they go.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

mod harness;

use std::sync::Arc;
use std::time::Duration;

use countersign_issuer::admin::{Administrator, PageAsk};
use countersign_issuer::issuer::OpenError;
use countersign_issuer::keys::MasterKeys;
use countersign_issuer::random::SystemRandom;
use countersign_proto::admin::RotateKeys;
use harness::{Harness, ROOT_SECRET, ask};

/// Design rule 6: another key refuses the start, and so does another name for the same key, which rows know it by.
#[tokio::test]
async fn the_start_is_refused_with_other_keys_or_other_names_for_them() {
    let harness = Harness::start(10).await;
    let text = &harness.keys_text;
    assert!(harness.open_again(text).await.is_ok());
    for kind in ["sealing", "pepper"] {
        let line = |text: &str| text.lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
        let ours = line(text);
        let id = ours.split(' ').nth(1).unwrap();
        let renamed = text.replace(id, "another");
        let foreign = MasterKeys::generate(&SystemRandom).unwrap().to_text();
        let foreign = format!("{} {id} {}", kind, line(&foreign).split(' ').nth(2).unwrap());
        for keys in [renamed, text.replace(&ours, &foreign)] {
            let told = harness.open_again(&keys).await.err();
            assert!(matches!(told, Some(OpenError::ForeignKeys(_))), "{kind}: {told:?}");
        }
    }
}

/// Design rule 12: once a retired key has left the JWKS its private half is of use to thieves alone, so it is deleted,
/// on record; not a second earlier.
#[tokio::test]
async fn keys_that_left_the_jwks_are_deleted() {
    let harness = Harness::start(10).await;
    let (issuer, by) = (&harness.issuer, Administrator::offline("test"));
    let old = harness.system().record().keys[0].kid.clone();
    let force = RotateKeys { force: true, ..RotateKeys::default() };
    let new = issuer.rotate_keys(&by, "system", force).await.unwrap().kid;

    harness.clock.advance(30 * 24 * 3600 + 299);
    issuer.delete_departed_keys().await.unwrap();
    assert_eq!(stored(&harness).await, [old.clone(), new.clone()]);
    harness.clock.advance(1);
    let behind = tokio::spawn(Arc::clone(issuer).run());
    let deleted = async {
        while stored(&harness).await.len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), deleted).await.unwrap();
    behind.abort();

    assert_eq!(stored(&harness).await, [new]);
    let trail = issuer.list_audit(&by, "system", &PageAsk::default()).await.unwrap();
    let last = &trail.items[0];
    assert_eq!((&*last.event, &*last.actor, &last.subject), ("key.deleted", "server", &old));
    issuer.delete_departed_keys().await.unwrap();
    let token = issuer.issue(&harness.system(), ask("root", ROOT_SECRET, None)).await;
    assert!(token.is_ok(), "the key that signs is there");
}

async fn stored(harness: &Harness) -> Vec<String> {
    let realm = harness.store.realm(harness.system().id()).await.unwrap().unwrap();
    realm.keys.into_iter().map(|key| key.kid).collect()
}
