//! A row that cannot be read is reported by table, row and column, on both databases; nothing panics.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what fails in a test must be seen")]

// The testkit's own file: depending on the testkit would build the whole server before these tests.
#[path = "../../testkit/src/postgres.rs"]
pub mod databases;

use std::sync::Arc;

use countersign_issuer::api::{Api, Scope};
use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::client::{Client, Grant, SecretRecord};
use countersign_issuer::keys::{KeyRecord, KeyState};
use countersign_issuer::realm::{Profile, Realm};
use countersign_issuer::store::{Command, RealmName, Store, StoreError, Trail};
use countersign_proto::client_id::ClientId;
use countersign_proto::jose::Algorithm;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;
use countersign_store::DatabaseUrl;
use databases::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

#[tokio::test]
async fn sqlite_reports_damaged_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("damaged.db");
    let store = filled(&DatabaseUrl::sqlite(&path)).await;
    for Damage { statement, expected } in DAMAGE {
        let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
        let mut damage = connection.begin().await.unwrap();
        damage.execute(AssertSqlSafe(*statement)).await.unwrap();
        damage.commit().await.unwrap();
        check(&store, expected).await;
    }
}

#[tokio::test]
async fn postgres_reports_damaged_rows() {
    let Some(database) = TestDatabase::create() else { return };
    let store = filled(&DatabaseUrl::parse(database.url()).unwrap()).await;
    for Damage { statement, expected } in DAMAGE {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        connection.execute(AssertSqlSafe(*statement)).await.unwrap();
        check(&store, expected).await;
    }
}

struct Damage {
    statement: &'static str,
    expected: &'static str,
}

/// One after the other, each found before those that are there already.
const DAMAGE: &[Damage] = &[
    Damage {
        statement: "UPDATE audit SET detail = '{'",
        expected: "table audit, row 1: detail is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE audit SET event = 'party'",
        expected: "table audit, row 1: event is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE client_grant SET optional_scopes = ' \"quoted\" '",
        expected: "table client_grant, row svc / a: optional_scopes is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE client SET claims = '[]'",
        expected: "table client, row r / svc: claims is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE client SET allowed_cidrs = '10.0.0.0/8 10.0.0.0/64'",
        expected: "table client, row r / svc: allowed_cidrs is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE client SET token_endpoint_auth_method = ''",
        expected: "table client, row r / svc: token_endpoint_auth_method is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE signing_key SET algorithm = 'none'",
        expected: "table signing_key, row k: algorithm is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE scope SET name = 'two words'",
        expected: "table scope, row a / two words: name is not one of the values that may stand there",
    },
    Damage {
        statement: "UPDATE realm SET profile = 'Keycloak'",
        expected: "table realm, row r: profile is not one of the values that may stand there",
    },
    Damage { statement: "DELETE FROM revision", expected: "table revision has no row" },
];

/// Reads everything; the last thing that was damaged must be told of first.
async fn check(store: &Arc<dyn Store>, expected: &str) {
    let results = [
        store.realms().await.err(),
        store.client("r", "svc").await.err(),
        store.clients("r", None, 10).await.err(),
        store.audit(Trail::OfName("r"), None, 10).await.err(),
    ];
    let texts: Vec<_> = results
        .into_iter()
        .flatten()
        .map(|error| match error {
            StoreError::Corrupt(text) => text,
            other => panic!("{other}"),
        })
        .collect();
    assert!(texts.iter().any(|text| text == expected), "{expected}: {texts:?}");
    // What is damaged can still be named.
    assert_eq!(store.client_ids("r", None, 10).await.unwrap(), ["svc"]);
    if let Ok((_, names)) = store.realm_names().await {
        assert_eq!(names, [RealmName { id: "r".to_owned(), name: "r".to_owned() }]);
    } else {
        assert_eq!(expected, "table revision has no row");
    }
}

/// A store with one row in each table.
async fn filled(url: &DatabaseUrl) -> Arc<dyn Store> {
    let store = countersign_store::open(url).await.unwrap();
    let (realm_id, at) = ("r".to_owned(), UnixTime(1));
    let realm = Realm {
        id: realm_id.clone(),
        name: "r".to_owned(),
        issuer: None,
        hosts: vec!["h".to_owned()],
        profile: Profile::Rfc9068,
        template: None,
        dialects: vec![],
        algorithm: None,
        token_lifetime: None,
        enabled: true,
        created_at: at,
        updated_at: at,
        revision: 0,
    };
    let api = Api {
        id: "a".to_owned(),
        realm_id: realm_id.clone(),
        identifier: "a".to_owned(),
        builtin: None,
        name: String::new(),
        scopes: vec![Scope { name: ScopeName::parse("s").unwrap(), description: String::new() }],
        token_lifetime: None,
        algorithm: None,
        profile: None,
        enabled: true,
        created_at: at,
        updated_at: at,
        revision: 0,
    };
    let key = KeyRecord {
        kid: "k".to_owned(),
        realm_id: realm_id.clone(),
        algorithm: Algorithm::ES256,
        state: KeyState::Active,
        sealed: vec![],
        sealed_by: String::new(),
        public_jwk: String::new(),
        created_at: at,
        changed_at: at,
        published_until: None,
    };
    let client = Client {
        id: "c".to_owned(),
        realm_id,
        client_id: ClientId::parse("svc").unwrap(),
        name: String::new(),
        description: String::new(),
        enabled: true,
        expires_at: None,
        default_api: None,
        token_endpoint_auth_method: None,
        allowed_cidrs: vec![],
        token_lifetime: None,
        claims: serde_json::Map::new(),
        created_at: at,
        updated_at: at,
        revision: 0,
    };
    let secret = SecretRecord {
        id: "sec".to_owned(),
        digest: [1; 32],
        pepper: String::new(),
        label: None,
        created_at: at,
        expires_at: None,
        last_used_at: None,
    };
    let grant = Grant { api_id: "a".to_owned(), default: vec![], optional: vec![] };
    let audit = AuditRecord {
        id: 0,
        at,
        event: AuditEvent::RealmCreated,
        realm: "r".to_owned(),
        actor: String::new(),
        subject: String::new(),
        request_id: String::new(),
        detail: serde_json::Value::Null,
    };
    let commands = [
        Command::CreateRealm { realm, apis: vec![api], keys: vec![key] },
        Command::CreateClient { client, secrets: vec![secret], grants: vec![grant] },
    ];
    for (n, command) in commands.into_iter().enumerate() {
        let realm = if n == 0 { "r" } else { "clients" }.to_owned();
        store.execute(command, AuditRecord { realm, ..audit.clone() }).await.unwrap();
    }
    check_whole(&store).await;
    store
}

async fn check_whole(store: &Arc<dyn Store>) {
    assert_eq!(store.realms().await.unwrap().1.len(), 1);
    assert_eq!(store.clients("r", None, 10).await.unwrap().len(), 1);
    assert_eq!(store.audit(Trail::OfName("r"), None, 10).await.unwrap().len(), 1);
}
