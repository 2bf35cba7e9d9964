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
