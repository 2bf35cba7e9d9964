//! Master keys: a database is opened with those that it was made with, or not at all. Signing keys: how they go.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

mod harness;

use std::sync::Arc;
use std::time::Duration;

use countersign_issuer::admin::{AdminError, Administrator, PageAsk};
use countersign_issuer::issuer::OpenError;
use countersign_issuer::keys::MasterKeys;
use countersign_issuer::random::SystemRandom;
use countersign_proto::admin::{
    ApiPatch, Change, NewApi, NewClient, NewKey, NewRealm, RealmPatch, RotateKeys,
};
use harness::held::HeldNonces;
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
    soon(deleted).await;
    behind.abort();

    assert_eq!(stored(&harness).await, [new]);
    let trail = issuer.list_audit(&by, "system", &PageAsk::default()).await.unwrap();
    let last = &trail.items[0];
    assert_eq!((&*last.event, &*last.actor, &last.subject), ("key.deleted", "server", &old));
    issuer.delete_departed_keys().await.unwrap();
    let token = issuer.issue(&harness.system(), ask("root", ROOT_SECRET, None)).await;
    assert!(token.is_ok(), "the key that signs is there");
}

/// The making of a key holds up no other command, whichever command needs it; and it is judged anew when the key is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_making_holds_up_no_command() {
    let random = Arc::new(HeldNonces::default());
    let harness = Harness::start_with(10, Arc::<HeldNonces>::clone(&random), |store| store).await;
    let by = Administrator::offline("test");
    let named = |name: &str| NewRealm { name: name.to_owned(), ..NewRealm::default() };
    harness.issuer.create_realm(&by, named("r")).await.unwrap();
    let eddsa = Some("EdDSA".to_owned());
    let api = NewApi { identifier: "a".to_owned(), algorithm: eddsa.clone(), ..NewApi::default() };
    let to_es384 = ApiPatch { algorithm: Change::Set("ES384".to_owned()), ..ApiPatch::default() };
    let to_rs256 = RealmPatch { profile: Change::Set("keycloak".to_owned()), ..RealmPatch::default() };
    let force = RotateKeys { force: true, ..RotateKeys::default() };
    for (number, need) in
        ["realm", "api", "api again", "realm again", "key", "rotation"].into_iter().enumerate()
    {
        let hold = random.hold();
        let (issuer, api, to_es384) = (Arc::clone(&harness.issuer), api.clone(), to_es384.clone());
        let (to_rs256, force, algorithm) = (to_rs256.clone(), force.clone(), eddsa.clone());
        let (other, by_another) = (named("other"), by.clone());
        let needing = tokio::spawn(async move {
            let by = by_another;
            match need {
                "realm" => issuer.create_realm(&by, other).await.map(drop),
                "api" => issuer.create_api(&by, "r", api).await.map(drop),
                "api again" => issuer.update_api(&by, "r", "a", to_es384, None).await.map(drop),
                "realm again" => issuer.update_realm(&by, "r", to_rs256, None).await.map(drop),
                "key" => {
                    issuer.create_key(&by, "r", NewKey { algorithm, ..NewKey::default() }).await.map(drop)
                }
                _ => issuer.rotate_keys(&by, "r", force).await.map(drop),
            }
        });
        random.are_awaited_by(1).await;
        let client = NewClient { client_id: Some(format!("c{number}")), ..NewClient::default() };
        soon(harness.issuer.create_client(&by, "r", client)).await.unwrap();
        assert!(!needing.is_finished(), "{need}");
        drop(hold);
        soon(needing).await.unwrap().unwrap();
    }
    let algorithms = |realm: &str| -> Vec<_> {
        let view = harness.issuer.realm(realm).unwrap();
        view.record().keys.iter().map(|key| key.algorithm.as_str()).collect()
    };
    assert_eq!(algorithms("r"), ["ES256", "EdDSA", "ES384", "RS256", "EdDSA", "RS256"]);
    assert_eq!(algorithms("other"), ["ES256"]);
}

/// What a command found before its key was made need not hold any more: of two who want one name, one gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_command_is_judged_anew_when_its_key_is_there() {
    let random = Arc::new(HeldNonces::default());
    let harness = Harness::start_with(10, Arc::<HeldNonces>::clone(&random), |store| store).await;
    let hold = random.hold();
    let both = [(); 2].map(|()| {
        let issuer = Arc::clone(&harness.issuer);
        let new = NewRealm { name: "r".to_owned(), ..NewRealm::default() };
        tokio::spawn(async move { issuer.create_realm(&Administrator::offline("test"), new).await })
    });
    random.are_awaited_by(2).await;
    drop(hold);
    let [one, other] = both;
    let (one, other) = (soon(one).await.unwrap(), soon(other).await.unwrap());
    let is_taken =
        |told: &Result<_, _>| matches!(told, Err(AdminError::Conflict { field, .. }) if field == "name");
    assert!(one.is_ok() != other.is_ok() && (is_taken(&one) || is_taken(&other)), "{one:?} {other:?}");
}

async fn soon<F: Future>(work: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), work).await.unwrap()
}

async fn stored(harness: &Harness) -> Vec<String> {
    let realm = harness.store.realm(harness.system().id()).await.unwrap().unwrap();
    realm.keys.into_iter().map(|key| key.kid).collect()
}
