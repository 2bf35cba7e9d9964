//! Keys move from state to state, all that a command names or none.

use countersign_proto::time::UnixTime;

use super::samples::*;
use crate::keys::{KeyRecord, KeyState};
use crate::store::{Command, KeyMove, StoreError};

/// A move sets state, time and the end of publication, of the keys that it names.
pub async fn keys_move_from_the_state_that_they_are_in(store: AStore) {
    make(&store, Command::CreateRealm { realm: realm("r"), apis: vec![], keys: start() }).await;
    let moves = vec![
        moved("next", KeyState::Announced, KeyState::Active, None),
        moved("now", KeyState::Active, KeyState::Retired, Some(i64::MAX)),
    ];
    make(&store, Command::MoveKeys { realm_id: "r".to_owned(), moves, at: UnixTime(77) }).await;
    let mut expected = start();
    expected[0].state = KeyState::Active;
    expected[1].state = KeyState::Retired;
    expected[1].published_until = Some(UnixTime(i64::MAX));
    expected[0].changed_at = UnixTime(77);
    expected[1].changed_at = UnixTime(77);
    assert_eq!(the_realm(&store, "r").await.keys, expected);
}

/// When one key is not in the state that its move starts from, or not there, no key moves.
pub async fn keys_move_all_or_none(store: AStore) {
    make(&store, Command::CreateRealm { realm: realm("r"), apis: vec![], keys: start() }).await;
    let fine = moved("next", KeyState::Announced, KeyState::Active, None);
    let stale = moved("now", KeyState::Announced, KeyState::Retired, Some(1));
    let missing = moved("none", KeyState::Active, KeyState::Retired, Some(1));
    let twice = fine.clone();
    for (bad, is_missing) in [(stale, false), (missing, true), (twice, false)] {
        let moves = vec![fine.clone(), bad];
        let error = fail(&store, Command::MoveKeys { realm_id: "r".to_owned(), moves, at: NOW }).await;
        assert!(
            matches!((&error, is_missing), (StoreError::Missing, true) | (StoreError::Stale, false)),
            "{error}"
        );
        assert_eq!(the_realm(&store, "r").await.keys, start());
    }
}

/// A key is removed once it has left the JWKS, and neither before nor while it is in use.
pub async fn only_keys_that_left_the_jwks_are_deleted(store: AStore) {
    let keys = start().into_iter().chain([
        // an active key has no end; were one kept, it would not make it deletable
        KeyRecord { published_until: Some(UnixTime(1)), ..key("r", "odd") },
        KeyRecord { state: KeyState::Retired, ..key("r", "endless") },
        KeyRecord { state: KeyState::Retired, published_until: Some(UnixTime(100)), ..key("r", "old") },
    ]);
    let keys: Vec<_> = keys.collect();
    make(&store, Command::CreateRealm { realm: realm("r"), apis: vec![], keys: keys.clone() }).await;
    make_realm(&store, "q").await;
    let delete = |realm_id: &str, kid: &str, at| Command::DeleteKey {
        realm_id: realm_id.to_owned(),
        kid: kid.to_owned(),
        at: UnixTime(at),
    };
    for (kid, at) in
        [("next", 1000), ("now", 1000), ("still", 1000), ("odd", 1000), ("endless", 1000), ("old", 99)]
    {
        let error = fail(&store, delete("r", kid, at)).await;
        assert!(matches!(error, StoreError::Stale), "{kid}: {error}");
    }
    for (realm_id, kid) in [("r", "none"), ("q", "old"), ("none", "old")] {
        let error = fail(&store, delete(realm_id, kid, 1000)).await;
        assert!(matches!(error, StoreError::Missing), "{kid} of {realm_id}: {error}");
    }
    assert_eq!(the_realm(&store, "r").await.keys, keys);
    make(&store, delete("r", "old", 100)).await;
    assert_eq!(the_realm(&store, "r").await.keys, keys[..keys.len() - 1]);
    assert!(matches!(fail(&store, delete("r", "old", 100)).await, StoreError::Missing));
}

fn start() -> Vec<KeyRecord> {
    vec![
        KeyRecord { state: KeyState::Announced, ..key("r", "next") },
        key("r", "now"),
        KeyRecord { published_until: Some(UnixTime(5)), ..key("r", "still") },
    ]
}

fn moved(kid: &str, from: KeyState, to: KeyState, published_until: Option<i64>) -> KeyMove {
    KeyMove { kid: kid.to_owned(), from, to, published_until: published_until.map(UnixTime) }
}
