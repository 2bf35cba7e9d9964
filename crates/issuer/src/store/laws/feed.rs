//! Revisions, the change feed and the audit trail tell the same story, without a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::samples::*;
use crate::keys::KeyState;
use crate::store::{Command, KeyMove, StoreError, Touched, Trail};

/// A new store is at revision 0; each command makes the next one, as its line in the feed and its audit record's id.
pub async fn each_command_makes_one_revision(store: AStore) {
    assert_eq!(store.revision().await.unwrap(), 0);
    assert_eq!(store.changes_since(0, 10).await.unwrap(), []);
    store.ping().await.unwrap();
    make_realm(&store, "r").await;
    for n in 2..20 {
        assert_eq!(make_client(&store, "r", &format!("c{n}")).await, n);
        assert_eq!(store.revision().await.unwrap(), n);
        assert_eq!(the_client(&store, "r", &format!("c{n}")).await.client.revision, n);
        let changes = store.changes_since(n - 1, 10).await.unwrap();
        assert_eq!(changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [n]);
        assert_eq!(store.audit(Trail::OfName("laws"), None, 1).await.unwrap()[0].id, n);
        // what fails makes none
        fail(&store, Command::CreateKey { key: key("r", "r-key") }).await;
    }
}

/// Each command's line names its realm and what must be read again.
pub async fn the_feed_says_what_was_touched(store: AStore) {
    let s = str::to_owned;
    let (svc, a) = (Touched::Client(s("svc")), Touched::Grants(s("a")));
    make_realm(&store, "r").await;
    let key_move =
        KeyMove { kid: s("k"), from: KeyState::Active, to: KeyState::Retired, published_until: Some(NOW) };
    let (realm_id, api_id, client_id) = (s("r"), s("a"), s("svc"));
    let commands = [
        (Command::UpdateRealm { realm: realm("r"), keys: vec![], expected: None }, &Touched::Realm),
        (Command::CreateApi { api: api("r", "a"), keys: vec![] }, &Touched::Realm),
        (Command::UpdateApi { api: api("r", "a"), keys: vec![], expected: None }, &Touched::Realm),
        (
            Command::CreateScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                scope: scope("one", ""),
                at: NOW,
            },
            &Touched::Realm,
        ),
        (
            Command::UpdateScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                scope: scope("one", "1"),
                at: NOW,
            },
            &Touched::Realm,
        ),
        (Command::CreateClient { client: client("r", "svc"), secrets: vec![], grants: vec![] }, &svc),
        (Command::UpdateClient { client: client("r", "svc"), expected: None }, &svc),
        (
            Command::CreateSecret {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                secret: secret("s"),
                alone: false,
            },
            &svc,
        ),
        (
            Command::DeleteSecret {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                secret_id: s("s"),
            },
            &svc,
        ),
        (
            Command::PutGrant {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                grant: grant("a", &["one"], &[]),
            },
            &svc,
        ),
        (
            Command::DeleteScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                name: scope_name("one"),
                at: NOW,
            },
            &a,
        ),
        (
            Command::DeleteGrant {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                api_id: api_id.clone(),
            },
            &svc,
        ),
        (Command::DeleteApi { realm_id: realm_id.clone(), api_id, expected: None }, &a),
        (Command::DeleteClient { realm_id: realm_id.clone(), client_id, expected: None }, &svc),
        (Command::CreateKey { key: key("r", "k") }, &Touched::Realm),
        (Command::MoveKeys { realm_id: realm_id.clone(), moves: vec![key_move], at: NOW }, &Touched::Realm),
        (Command::DeleteKey { realm_id: realm_id.clone(), kid: s("k"), at: NOW }, &Touched::Realm),
        (Command::DeleteRealm { realm_id, expected: None }, &Touched::Realm),
    ];
    let count = i64::try_from(commands.len()).unwrap();
    for (command, touched) in commands {
        let text = format!("{command:?}");
        let revision = make(&store, command).await;
        let changes = store.changes_since(revision - 1, 10).await.unwrap();
        assert_eq!(changes.len(), 1, "{text}");
        assert_eq!((changes[0].revision, changes[0].realm_id.as_str()), (revision, "r"), "{text}");
        assert_eq!(&changes[0].touched, touched, "{text}");
    }
    assert_eq!(store.revision().await.unwrap(), count + 1);
}

/// A page of the feed is the oldest changes after a revision.
pub async fn the_feed_is_paged(store: AStore) {
    make_realm(&store, "r").await;
    for n in 0..9 {
        make_client(&store, "r", &format!("c{n}")).await;
    }
    let page = async |since, limit| {
        let changes = store.changes_since(since, limit).await.unwrap();
        changes.into_iter().map(|change| change.revision).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 3).await, [1, 2, 3]);
    assert_eq!(page(3, 3).await, [4, 5, 6]);
    assert_eq!(page(8, 3).await, [9, 10]);
    assert_eq!(page(10, 3).await, Vec::<i64>::new());
    assert_eq!(page(i64::MAX, 3).await, Vec::<i64>::new());
    assert_eq!(page(-1, 1).await, [1]);
    assert_eq!(page(0, 0).await, Vec::<i64>::new());
}

/// While many write, one who polls sees every revision exactly once and in order: commits do not overtake one another.
pub async fn concurrent_writers_leave_no_gap_in_the_feed(store: AStore) {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    make_realm(&store, "r").await;

    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let mut seen = vec![];
            loop {
                let last_look = done.load(Ordering::SeqCst);
                let since = seen.last().copied().unwrap_or(1);
                let changes = store.changes_since(since, 7).await.unwrap();
                seen.extend(changes.iter().map(|change| change.revision));
                if last_look && changes.is_empty() {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let mut made = vec![];
            for n in 0..EACH {
                made.push(make_client(&store, "r", &format!("c{writer}.{n}")).await);
                // and one that fails: its revision is used by the next
                let twice = client("r", &format!("c{writer}.{n}"));
                let twice = Command::CreateClient { client: twice, secrets: vec![], grants: vec![] };
                assert!(matches!(fail(&store, twice).await, StoreError::Conflict(_)));
            }
            assert!(made.is_sorted());
            made
        });
    }
    let mut made: Vec<_> = writers.join_all().await.concat();
    done.store(true, Ordering::SeqCst);
    made.sort_unstable();
    let last = i64::try_from(WRITERS * EACH).unwrap() + 1;
    assert_eq!(made, (2..=last).collect::<Vec<_>>());
    assert_eq!(reader.await.unwrap(), made);
    let audit = store.audit(Trail::OfName("laws"), None, 10_000).await.unwrap();
    assert_eq!(
        audit.iter().map(|record| record.id).collect::<Vec<_>>(),
        (1..=last).rev().collect::<Vec<_>>()
    );
}
