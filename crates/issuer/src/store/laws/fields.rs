//! The first law: every field that is written is read back.

use countersign_proto::jose::Algorithm;
use countersign_proto::time::UnixTime;
use serde_json::json;

use super::samples::*;
use crate::api::{Api, BuiltIn};
use crate::audit::{AuditEvent, AuditRecord};
use crate::client::{AuthMethod, Client, ClientRecord};
use crate::keys::{KeyRecord, KeyState};
use crate::realm::{Dialect, Profile, Realm, Template};
use crate::store::{Command, RealmRecord, Trail};

/// A realm is read back as it was written, every value of every word in it.
pub async fn reads_back_every_realm_field(store: AStore) {
    let mut realms = vec![realm("r0"), full_realm("r1"), Realm { name: String::new(), ..realm("") }];
    for (n, algorithm) in Algorithm::ALL.into_iter().enumerate() {
        realms.push(Realm { algorithm: Some(algorithm), ..realm(&format!("a{n}")) });
    }
    for (n, profile) in Profile::ALL.iter().enumerate() {
        realms.push(Realm { profile: *profile, ..full_realm(&format!("p{n}")) });
    }
    for (n, template) in Template::ALL.iter().enumerate() {
        realms.push(Realm { template: Some(*template), ..full_realm(&format!("t{n}")) });
    }
    for (n, dialect) in Dialect::ALL.iter().enumerate() {
        realms.push(Realm { dialects: vec![*dialect], ..realm(&format!("d{n}")) });
    }
    for realm in &mut realms {
        let command = Command::CreateRealm { realm: realm.clone(), apis: vec![], keys: vec![] };
        realm.revision = make(&store, command).await;
    }
    for realm in &realms {
        let expected = RealmRecord { realm: realm.clone(), apis: vec![], keys: vec![] };
        assert_eq!(the_realm(&store, &realm.id).await, expected);
    }
    realms.sort_by(|a, b| a.name.cmp(&b.name));
    let (revision, all) = store.realms().await.unwrap();
    assert_eq!(revision, i64::try_from(realms.len()).unwrap());
    assert_eq!(all.into_iter().map(|record| record.realm).collect::<Vec<_>>(), realms);
    assert_eq!(store.realm("another").await.unwrap(), None);
}

/// An API is read back as it was written, with its scopes in their order, whether it came with its realm or alone.
pub async fn reads_back_every_api_field(store: AStore) {
    let mut with_realm = vec![
        full_api("r", "b0"),
        Api { builtin: Some(BuiltIn::Admin), ..api("r", "a0") },
        Api { identifier: "x".to_owned(), builtin: None, ..full_api("r", "c0") },
    ];
    let command = Command::CreateRealm { realm: realm("r"), apis: with_realm.clone(), keys: vec![] };
    let revision = make(&store, command).await;
    with_realm.iter_mut().for_each(|api| api.revision = revision);

    let mut alone = vec![full_api("r", "9"), api("r", "1")];
    for (n, algorithm) in Algorithm::ALL.into_iter().enumerate() {
        alone.push(Api { algorithm: Some(algorithm), ..api("r", &format!("k{n}")) });
    }
    for (n, profile) in Profile::ALL.iter().enumerate() {
        alone.push(Api { profile: Some(*profile), ..api("r", &format!("p{n}")) });
    }
    for api in &mut alone {
        api.revision = make(&store, Command::CreateApi { api: api.clone(), keys: vec![] }).await;
    }
    // another realm has the same identifiers, and they do not mix
    make_realm(&store, "q").await;
    make(&store, Command::CreateApi { api: full_api("q", "q9"), keys: vec![] }).await;

    let expected: Vec<_> = with_realm.into_iter().chain(alone).collect();
    assert_eq!(the_realm(&store, "r").await.apis, expected);
    let (_, all) = store.realms().await.unwrap();
    assert_eq!(all.into_iter().find(|record| record.realm.id == "r").unwrap().apis, expected);
}

/// A client is read back as it was written, with its secrets and grants in their order, alone and in a page.
pub async fn reads_back_every_client_field(store: AStore) {
    make_realm(&store, "r").await;
    for api in ["z", "y", "x"] {
        make_api(&store, "r", api, &[]).await;
    }
    let long = "s".repeat(255);
    let full = ClientRecord {
        client: full_client("r", &"~".repeat(255), "y"),
        secrets: vec![full_secret("2"), secret("1"), full_secret("3")],
        grants: vec![
            grant("y", &["b", "a"], &["z", &long, "!'%_"]),
            grant("z", &[], &[]),
            grant("x", &[], &["b"]),
        ],
    };
    let method = Some(AuthMethod::ClientSecretBasic);
    let basic = Client { token_endpoint_auth_method: method, ..full_client("r", "!", "z") };
    let mut records = vec![
        ClientRecord { client: basic, secrets: vec![full_secret("4")], grants: vec![] },
        ClientRecord { client: client("r", "$1"), secrets: vec![], grants: vec![grant("z", &["a"], &[])] },
        ClientRecord { client: client("r", "svc"), secrets: vec![], grants: vec![] },
        full,
    ];
    for record in &mut records {
        let ClientRecord { client, secrets, grants } = record.clone();
        record.client.revision = make(&store, Command::CreateClient { client, secrets, grants }).await;
    }
    for record in &records {
        assert_eq!(the_client(&store, "r", record.client.client_id.as_str()).await, *record);
    }
    assert_eq!(store.clients("r", None, 100).await.unwrap(), records);
    assert_eq!(store.count_clients("r").await.unwrap(), 4);
    assert_eq!(store.client("r", "SVC").await.unwrap(), None);
    assert_eq!(store.client("another", "svc").await.unwrap(), None);
    assert_eq!(store.count_clients("another").await.unwrap(), 0);
}

/// A key is read back as it was written, whichever command brought it.
pub async fn reads_back_every_key_field(store: AStore) {
    let mut keys = vec![];
    for (n, algorithm) in Algorithm::ALL.into_iter().enumerate() {
        for state in KeyState::ALL {
            keys.push(KeyRecord {
                algorithm,
                state: *state,
                sealed: (0..=255).collect(),
                sealed_by: HARD.to_owned(),
                public_jwk: json!({ "kty": HARD }).to_string(),
                created_at: UnixTime(i64::MIN),
                changed_at: UnixTime(i64::MAX),
                published_until: Some(UnixTime(i64::MIN)),
                ..key("r", &format!("{}{state}", 9 - n))
            });
        }
    }
    keys.push(key("r", ""));
    let (with_realm, rest) = keys.split_at(2);
    let (with_update, rest) = rest.split_at(2);
    let (with_api, rest) = rest.split_at(2);
    let (with_api_update, alone) = rest.split_at(2);
    let (some_realm, some_api) = (realm("r"), api("r", "a"));
    make(&store, Command::CreateRealm { realm: some_realm.clone(), apis: vec![], keys: with_realm.to_vec() })
        .await;
    let update = Command::UpdateRealm { realm: some_realm, keys: with_update.to_vec(), expected: None };
    make(&store, update).await;
    make(&store, Command::CreateApi { api: some_api.clone(), keys: with_api.to_vec() }).await;
    let update = Command::UpdateApi { api: some_api, keys: with_api_update.to_vec(), expected: None };
    make(&store, update).await;
    for key in alone {
        make(&store, Command::CreateKey { key: key.clone() }).await;
    }
    make_realm(&store, "q").await;

    assert_eq!(the_realm(&store, "r").await.keys, keys);
    let (_, all) = store.realms().await.unwrap();
    assert_eq!(all.into_iter().find(|record| record.realm.id == "r").unwrap().keys, keys);
}

/// An audit record is read back as it was written, each event, its id set by the store.
pub async fn reads_back_every_audit_field(store: AStore) {
    make_realm(&store, "r").await;
    let mut records = vec![];
    for (n, event) in AuditEvent::ALL.iter().enumerate() {
        let mut record = AuditRecord {
            id: i64::MAX,
            at: UnixTime(if n % 2 == 0 { i64::MIN } else { i64::MAX }),
            event: *event,
            realm: HARD.to_owned(),
            actor: format!("{HARD}@{n}"),
            subject: HARD.to_owned(),
            request_id: format!("{n}{HARD}"),
            detail: [json!(null), json!({ HARD: [HARD, 1, -0.5, true] }), json!("\u{0}")][n % 3].clone(),
        };
        let command = Command::CreateKey { key: key("r", &n.to_string()) };
        record.id = store.execute(command, record.clone()).await.unwrap();
        records.insert(0, record);
    }
    assert_eq!(store.audit(Trail::OfName(HARD), None, 1000).await.unwrap(), records);
    assert_eq!(store.audit(Trail::OfName("another"), None, 1000).await.unwrap(), []);
}
