//! What the laws register: small records, and records that fill every field with what is hard to keep.

use std::sync::Arc;

use countersign_proto::client_id::ClientId;
use countersign_proto::jose::Algorithm;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;

use crate::api::{Api, BuiltIn, Scope};
use crate::audit::{AuditEvent, AuditRecord};
use crate::client::{AuthMethod, Client, ClientRecord, Grant, SecretRecord};
use crate::keys::{KeyRecord, KeyState};
use crate::realm::{Dialect, Profile, Realm, Template};
use crate::store::{Command, RealmRecord, Store, StoreError};

/// The store under test.
pub(super) type AStore = Arc<dyn Store>;

/// The time in the records of [`audit`].
pub(super) const NOW: UnixTime = UnixTime(1_700_000_000);

/// Text that bytes, cases, quotes and escapes are easily lost from.
pub(super) const HARD: &str =
    "Zoë's \"cöffee\" \\ 100% ☕ 𝒳 e\u{301} \u{feff}\r\n\t'); DROP TABLE realm; -- $1 ?2 \u{10ffff}";

/// Runs a command that must succeed; gives its revision.
pub(super) async fn make(store: &AStore, command: Command) -> i64 {
    store.execute(command, audit("")).await.expect("the command succeeds")
}

/// Runs a command that must fail; gives why.
pub(super) async fn fail(store: &AStore, command: Command) -> StoreError {
    store.execute(command, audit("")).await.expect_err("the command fails")
}

/// Makes a realm `r` with the built-in APIs `r-default` and `r-admin`, and one key `r-key`; names follow from `id`.
pub(super) async fn make_realm(store: &AStore, id: &str) -> i64 {
    let apis = vec![
        Api { builtin: Some(BuiltIn::Default), ..api(id, &format!("{id}-default")) },
        Api { builtin: Some(BuiltIn::Admin), ..api(id, &format!("{id}-admin")) },
    ];
    make(store, Command::CreateRealm { realm: realm(id), apis, keys: vec![key(id, &format!("{id}-key"))] })
        .await
}

/// Makes an API of the realm with these scopes.
pub(super) async fn make_api(store: &AStore, realm_id: &str, id: &str, names: &[&str]) -> i64 {
    let scopes = names.iter().map(|name| scope(name, "")).collect();
    make(store, Command::CreateApi { api: Api { scopes, ..api(realm_id, id) }, keys: vec![] }).await
}

/// Makes a client with nothing.
pub(super) async fn make_client(store: &AStore, realm_id: &str, client_id: &str) -> i64 {
    let client = client(realm_id, client_id);
    make(store, Command::CreateClient { client, secrets: vec![], grants: vec![] }).await
}

/// A realm that is there.
pub(super) async fn the_realm(store: &AStore, id: &str) -> RealmRecord {
    store.realm(id).await.unwrap().expect("the realm is there")
}

/// A client that is there.
pub(super) async fn the_client(store: &AStore, realm_id: &str, client_id: &str) -> ClientRecord {
    store.client(realm_id, client_id).await.unwrap().expect("the client is there")
}

pub(super) fn audit(subject: &str) -> AuditRecord {
    AuditRecord {
        id: -1,
        at: NOW,
        event: AuditEvent::ClientUpdated,
        realm: "laws".to_owned(),
        actor: "root@system".to_owned(),
        subject: subject.to_owned(),
        request_id: String::new(),
        detail: serde_json::Value::Null,
    }
}

/// A realm whose every option is absent.
pub(super) fn realm(id: &str) -> Realm {
    Realm {
        id: id.to_owned(),
        name: format!("name of {id}"),
        issuer: None,
        hosts: vec![],
        profile: Profile::Rfc9068,
        template: None,
        dialects: vec![],
        algorithm: None,
        token_lifetime: None,
        enabled: false,
        created_at: UnixTime(0),
        updated_at: UnixTime(-1),
        revision: 0,
    }
}

/// A realm whose every option is present.
pub(super) fn full_realm(id: &str) -> Realm {
    Realm {
        id: id.to_owned(),
        name: format!("{id} {HARD}"),
        issuer: Some(format!("https://{id}.example/{HARD}")),
        hosts: vec![format!("{id}.example:8443"), format!("a.{id}.example"), format!("[::1]:{id}")],
        profile: Profile::Keycloak,
        template: Some(Template::Fidesops),
        dialects: vec![Dialect::Fidesops, Dialect::Keycloak, Dialect::Auth0],
        algorithm: Some(Algorithm::EdDSA),
        token_lifetime: Some(i64::MAX),
        enabled: true,
        created_at: UnixTime(i64::MIN),
        updated_at: UnixTime(i64::MAX),
        revision: 0,
    }
}

/// An API whose every option is absent.
pub(super) fn api(realm_id: &str, id: &str) -> Api {
    Api {
        id: id.to_owned(),
        realm_id: realm_id.to_owned(),
        identifier: format!("https://{id}.example"),
        builtin: None,
        name: String::new(),
        scopes: vec![],
        token_lifetime: None,
        algorithm: None,
        profile: None,
        enabled: false,
        created_at: UnixTime(0),
        updated_at: UnixTime(-1),
        revision: 0,
    }
}

/// An API whose every option is present.
pub(super) fn full_api(realm_id: &str, id: &str) -> Api {
    Api {
        id: id.to_owned(),
        realm_id: realm_id.to_owned(),
        identifier: format!("urn:{id}:~!@$%^&*()_+|`-={{}}[]:;'<>?,./"),
        builtin: Some(BuiltIn::Default),
        name: HARD.to_owned(),
        scopes: vec![
            scope("z", HARD),
            scope("!#$%&'()*+,-./", ""),
            scope(&"s".repeat(255), "long"),
            scope("a", "b"),
        ],
        token_lifetime: Some(i64::MIN),
        algorithm: Some(Algorithm::PS256),
        profile: Some(Profile::Auth0),
        enabled: true,
        created_at: UnixTime(i64::MAX),
        updated_at: UnixTime(i64::MIN),
        revision: 0,
    }
}

pub(super) fn scope(name: &str, description: &str) -> Scope {
    Scope { name: scope_name(name), description: description.to_owned() }
}

pub(super) fn scope_name(name: &str) -> ScopeName {
    ScopeName::parse(name).unwrap()
}

pub(super) fn scope_names(names: &[&str]) -> Vec<ScopeName> {
    names.iter().map(|name| scope_name(name)).collect()
}

/// A client whose every option is absent.
pub(super) fn client(realm_id: &str, client_id: &str) -> Client {
    Client {
        id: format!("id of {client_id} in {realm_id}"),
        realm_id: realm_id.to_owned(),
        client_id: ClientId::parse(client_id).unwrap(),
        name: String::new(),
        description: String::new(),
        enabled: false,
        expires_at: None,
        default_api: None,
        token_endpoint_auth_method: None,
        allowed_cidrs: vec![],
        token_lifetime: None,
        claims: serde_json::Map::new(),
        created_at: UnixTime(0),
        updated_at: UnixTime(-1),
        revision: 0,
    }
}

/// A client whose every option is present.
pub(super) fn full_client(realm_id: &str, client_id: &str, default_api: &str) -> Client {
    let claims = serde_json::json!({
        "tenant": HARD,
        "realm_access": { "roles": ["a", HARD, null, true] },
        HARD: [i64::MIN, u64::MAX, 0, -1, 0.5, 1e300, {}, []],
        "": "",
        "nul": "\u{0}",
    });
    Client {
        id: format!("id of {client_id} in {realm_id}"),
        realm_id: realm_id.to_owned(),
        client_id: ClientId::parse(client_id).unwrap(),
        name: HARD.to_owned(),
        description: HARD.repeat(100),
        enabled: true,
        expires_at: Some(UnixTime(i64::MAX)),
        default_api: Some(default_api.to_owned()),
        token_endpoint_auth_method: Some(AuthMethod::ClientSecretPost),
        allowed_cidrs: ["10.0.0.0/8", "192.0.2.7/24", "2001:db8::/32", "::1/128", "0.0.0.0/0"]
            .map(|cidr| cidr.parse().unwrap())
            .to_vec(),
        token_lifetime: Some(i64::MIN),
        claims: claims.as_object().unwrap().clone(),
        created_at: UnixTime(i64::MIN),
        updated_at: UnixTime(i64::MAX),
        revision: 0,
    }
}

/// A secret whose every option is absent.
pub(super) fn secret(id: &str) -> SecretRecord {
    SecretRecord {
        id: id.to_owned(),
        digest: [0; 32],
        pepper: String::new(),
        label: None,
        created_at: UnixTime(0),
        expires_at: None,
        last_used_at: None,
    }
}

/// A secret whose every option is present.
pub(super) fn full_secret(id: &str) -> SecretRecord {
    SecretRecord {
        id: id.to_owned(),
        digest: std::array::from_fn(|n| u8::try_from(n * 8).unwrap() ^ 0xff),
        pepper: HARD.to_owned(),
        label: Some(String::new()),
        created_at: UnixTime(i64::MIN),
        expires_at: Some(UnixTime(i64::MIN)),
        last_used_at: Some(UnixTime(i64::MAX)),
    }
}

pub(super) fn grant(api_id: &str, default: &[&str], optional: &[&str]) -> Grant {
    Grant { api_id: api_id.to_owned(), default: scope_names(default), optional: scope_names(optional) }
}

/// A key whose option is absent.
pub(super) fn key(realm_id: &str, kid: &str) -> KeyRecord {
    KeyRecord {
        kid: kid.to_owned(),
        realm_id: realm_id.to_owned(),
        algorithm: Algorithm::ES256,
        state: KeyState::Active,
        sealed: vec![],
        sealed_by: String::new(),
        public_jwk: String::new(),
        created_at: UnixTime(0),
        changed_at: UnixTime(-1),
        published_until: None,
    }
}
