//! Bodies of the admin API: what is accepted means the same after it is written and read again, and a member that
//! nobody knows or that stands twice is never accepted. The first byte of the input chooses the body.
#![no_main]

use countersign_proto::admin::{
    self, ApiPatch, ClientPatch, GrantPut, MAX_BODY, NewApi, NewClient, NewKey, NewRealm, NewScope, NewSecret,
    RealmPatch, RetireKey, RotateKeys, ScopePatch,
};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    match kind % 13 {
        0 => round_trip::<NewRealm>(body),
        1 => round_trip::<RealmPatch>(body),
        2 => round_trip::<NewApi>(body),
        3 => round_trip::<ApiPatch>(body),
        4 => round_trip::<NewScope>(body),
        5 => round_trip::<ScopePatch>(body),
        6 => round_trip::<NewClient>(body),
        7 => round_trip::<ClientPatch>(body),
        8 => round_trip::<NewSecret>(body),
        9 => round_trip::<GrantPut>(body),
        10 => round_trip::<NewKey>(body),
        11 => round_trip::<RotateKeys>(body),
        _ => round_trip::<RetireKey>(body),
    }
});

fn round_trip<T: Serialize + DeserializeOwned>(body: &[u8]) {
    let Ok(read) = admin::read::<T>(body) else { return };
    assert!(body.len() <= MAX_BODY, "the body is capped");
    let written = serde_json::to_value(&read).expect("what was read can be written");
    let sent: Value = serde_json::from_slice(body).expect("what was accepted is JSON to others too");
    let (Value::Object(sent), Value::Object(members)) = (sent, &written) else {
        panic!("an object was read and an object is written");
    };
    for (name, value) in members {
        // A member that was not sent may be written with its default; one that was sent keeps its value.
        if let Some(sent) = sent.get(name).filter(|sent| !sent.is_null()) {
            assert!(contains(value, sent), "{name} became another value");
        }
    }
    let again: T = serde_json::from_value(written.clone()).expect("what we write, we accept");
    assert_eq!(serde_json::to_value(&again).expect("it can be written again"), written);

    if let Some(name) = sent.keys().next() {
        let mut foreign = sent.clone();
        foreign.insert(format!("{name}-unknown"), Value::Null);
        let foreign = serde_json::to_vec(&foreign).expect("it can be written");
        assert!(admin::read::<T>(&foreign).is_err(), "an unknown member was accepted");
    }
}

/// Whether all that was sent is in what is written, which may name defaults besides.
fn contains(written: &Value, sent: &Value) -> bool {
    match (written, sent) {
        (Value::Object(written), Value::Object(sent)) => {
            sent.iter().all(|(name, value)| written.get(name).is_some_and(|found| contains(found, value)))
        }
        (Value::Array(written), Value::Array(sent)) => {
            written.len() == sent.len() && written.iter().zip(sent).all(|(a, b)| contains(a, b))
        }
        _ => written == sent,
    }
}
