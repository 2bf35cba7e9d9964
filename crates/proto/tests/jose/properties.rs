//! What must hold for every input, tried on many.

use std::sync::LazyLock;

use countersign_proto::jose::{
    Algorithm, Claims, EncodedHeader, Header, Jwk, JwkSet, base64url, compact,
    json::{self, Limits},
    jws, verify,
};
use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value};

use crate::support::{NOW, check, claims, forge, header, key, keys, rules};

/// The algorithms whose signatures are quick enough to make in thousands.
const QUICK: [Algorithm; 3] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::ES384];

static GOOD: LazyLock<Vec<String>> = LazyLock::new(|| {
    Algorithm::ALL.into_iter().map(|alg| forge(&header(alg), &claims().to_string(), &key(alg))).collect()
});

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What is nearly a token: three parts, each of them sometimes sensible.
fn nearly_a_token() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64).prop_map(|bytes| base64url::encode(&bytes)),
        any_json().prop_map(|json| base64url::encode(json.to_string().as_bytes())),
        Just(base64url::encode(header(Algorithm::ES256).as_bytes())),
        "[A-Za-z0-9_.{}\"-]{0,40}",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.join("."))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever we sign, we read back the same.
    #[test]
    fn what_is_signed_verifies(other in any_json(), kid in "\\PC{1,40}", which in any::<Index>()) {
        let key = key(*which.get(&QUICK));
        let mut payload = claims();
        payload["x"] = other.clone();
        let header = EncodedHeader::of(&*key, Some("at+jwt"));
        let token = compact::sign(&header, payload.to_string().as_bytes(), &*key).unwrap();
        let verified = verify::<Claims>(&token, &keys(), &rules(), NOW).unwrap();
        // As a plain reader would read it: the last bit of a decimal need not survive.
        let plain: Value = serde_json::from_str(&payload.to_string()).unwrap();
        prop_assert_eq!(&verified.claims().other["x"], &plain["x"]);
        let named = compact::sign(&EncodedHeader::new(key.algorithm(), None, Some(&kid)), b"{}", &*key).unwrap();
        let jws = jws::parse(&named).unwrap();
        prop_assert_eq!(jws.header().kid(), Some(kid.as_str()));
    }

    /// T-8725-03: no change of one character leaves a token that verifies.
    #[test]
    fn a_changed_token_never_verifies(which in any::<Index>(), at in any::<Index>(), byte in 0x20_u8..0x7f, kind in 0..4) {
        let good = which.get(&GOOD);
        let at = at.index(good.len());
        let mut changed = good.clone().into_bytes();
        match kind {
            0 => changed[at] = byte,
            1 => drop(changed.remove(at)),
            2 => changed.insert(at, byte),
            _ => changed.truncate(at),
        }
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(check(&changed).is_ok(), &changed == good);
    }

    /// No bytes make a parser panic; what is refused is refused by an error that can be shown.
    #[test]
    fn parsers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), text in any::<String>(), near in nearly_a_token()) {
        for token in [&text, &near, &String::from_utf8_lossy(&bytes).into_owned()] {
            if let Err(error) = check(token) {
                prop_assert!(error.to_string().len() < 1000);
            }
            if let Err(error) = jws::parse(token) {
                prop_assert!(error.to_string().len() < 1000);
            }
        }
        for document in [&bytes[..], text.as_bytes()] {
            let _ = (Claims::parse(document), Header::parse(document), Jwk::parse(document), JwkSet::parse(document));
        }
    }

    /// JSON of any shape, where claims, a header or keys are expected.
    #[test]
    fn any_json_is_read_or_refused(json in any_json()) {
        let text = json.to_string();
        let _ = (Claims::parse(text.as_bytes()), Header::parse(text.as_bytes()), Jwk::parse(text.as_bytes()));
        let _ = JwkSet::parse(format!(r#"{{"keys":[{text}]}}"#).as_bytes());
        let limits = Limits { bytes: 1 << 20, depth: 16 };
        let expected: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(json::value(text.as_bytes(), limits).unwrap(), expected);
    }

    /// Each text decodes to at most one value and that value encodes to this text alone.
    #[test]
    fn base64url_is_one_to_one(text in "[A-Za-z0-9_-]{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(decoded) = base64url::decode(&text) {
            prop_assert_eq!(base64url::encode(&decoded), text);
        }
        prop_assert_eq!(base64url::decode(base64url::encode(&bytes)).unwrap(), bytes);
    }
}
