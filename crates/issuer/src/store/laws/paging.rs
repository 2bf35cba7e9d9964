//! Pages are complete, in order, and do not overlap.

use super::samples::*;
use crate::audit::AuditEvent;
use crate::client::Client;
use crate::realm::Realm;
use crate::store::{Command, RealmName, Trail};

/// Clients come in the bytewise order of their ids, each once, with all that they have, whatever the size of the page.
pub async fn clients_are_paged_bytewise(store: AStore) {
    make_realm(&store, "r").await;
    make_realm(&store, "q").await;
    let odd = [
        "a", "A", "b", "B", "Z", "z", "a-", "a_", "a.", "a/b", "aa", "a1", "a10", "a2", "!", "~", "#", "_",
        "0",
    ];
    let mut ids: Vec<String> = odd.iter().map(|id| (*id).to_owned()).collect();
    ids.extend((0..40).map(|n| format!("c{n}")));
    for (n, id) in ids.iter().enumerate() {
        let secrets = (0..n % 3).map(|s| secret(&format!("{id}:{s}"))).collect();
        let grants = ["r-default", "r-admin"].iter().take(n % 4).map(|api| grant(api, &["s"], &[])).collect();
        make(&store, Command::CreateClient { client: client("r", id), secrets, grants }).await;
        let foreign = Client { name: "foreign".to_owned(), ..client("q", id) };
        make(&store, Command::CreateClient { client: foreign, secrets: vec![], grants: vec![] }).await;
    }
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    for limit in [1, 2, 7, 59, 1000] {
        let mut seen = vec![];
        loop {
            let after =
                seen.last().map(|record: &crate::client::ClientRecord| record.client.client_id.to_string());
            let page = store.clients("r", after.as_deref(), limit).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen.iter().map(|r| r.client.client_id.as_str()).collect::<Vec<_>>(), sorted);
        let mut named: Vec<String> = vec![];
        loop {
            let page = store.client_ids("r", named.last().map(String::as_str), limit).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            if page.is_empty() {
                break;
            }
            named.extend(page);
        }
        assert_eq!(named, sorted);
        for record in &seen {
            let n = ids.iter().position(|id| id == record.client.client_id.as_str()).unwrap();
            assert_eq!(record.secrets.len(), n % 3);
            assert_eq!(record.grants.len(), (n % 4).min(2));
        }
    }
    assert_eq!(store.clients("r", None, 0).await.unwrap(), []);
    // after an id that is not there
    assert_eq!(store.clients("r", Some("a0"), 1).await.unwrap()[0].client.client_id.as_str(), "a1");
    assert_eq!(store.clients("r", Some("~~"), 1).await.unwrap(), []);
    assert_eq!(store.count_clients("r").await.unwrap(), 59);
}

/// The trail of a realm comes newest first, without that of others.
pub async fn audit_is_paged_newest_first(store: AStore) {
    make_realm(&store, "r").await;
    for n in 2..=31 {
        let mut record = audit(&n.to_string());
        record.realm = ["even", "odd"][n % 2].to_owned();
        let command = Command::CreateKey { key: key("r", &n.to_string()) };
        store.execute(command, record).await.unwrap();
    }
    let page = async |before, limit| {
        let records = store.audit(Trail::OfName("even"), before, limit).await.unwrap();
        records.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None, 4).await, [30, 28, 26, 24]);
    assert_eq!(page(Some(24), 4).await, [22, 20, 18, 16]);
    assert_eq!(page(Some(25), 1).await, [24]);
    assert_eq!(page(Some(6), 100).await, [4, 2]);
    assert_eq!(page(Some(2), 100).await, Vec::<i64>::new());
    assert_eq!(page(None, 0).await, Vec::<i64>::new());
    assert_eq!(store.audit(Trail::OfName("laws"), None, 100).await.unwrap().len(), 1);
}

/// The trail of a realm is its own: not that of a namesake before or after it, were all of it within one second.
pub async fn namesakes_share_no_audit_trail(store: AStore) {
    let record = |event| {
        let mut record = audit("");
        record.event = event;
        record.realm = "name".to_owned();
        record
    };
    let found = async |id: &str| {
        let realm = Realm { name: "name".to_owned(), ..realm(id) };
        let command = Command::CreateRealm { realm, apis: vec![], keys: vec![] };
        store.execute(command, record(AuditEvent::RealmCreated)).await.unwrap();
        let command = Command::CreateKey { key: key(id, &format!("{id}-key")) };
        store.execute(command, record(AuditEvent::KeyCreated)).await.unwrap();
    };
    let end = async |id: &str| {
        let command = Command::DeleteRealm { realm_id: id.to_owned(), expected: None };
        store.execute(command, record(AuditEvent::RealmDeleted)).await.unwrap();
    };
    let page = async |id: &str, before, limit| {
        let realm = RealmName { id: id.to_owned(), name: "name".to_owned() };
        let records = store.audit(Trail::OfRealm(&realm), before, limit).await.unwrap();
        records.into_iter().map(|record| record.id).collect::<Vec<_>>()
    };
    found("one").await;
    assert_eq!(page("one", None, 100).await, [2, 1]);
    end("one").await;
    assert_eq!(page("one", None, 100).await, Vec::<i64>::new());
    // another realm's creation in between is not this name's
    make_realm(&store, "r").await;
    found("two").await;
    assert_eq!(page("two", None, 100).await, [6, 5]);
    assert_eq!(page("two", None, 1).await, [6]);
    assert_eq!(page("two", Some(6), 100).await, [5]);
    assert_eq!(page("two", Some(4), 100).await, Vec::<i64>::new());
    assert_eq!(page("one", None, 100).await, Vec::<i64>::new());
    assert_eq!(store.audit(Trail::OfName("name"), None, 100).await.unwrap().len(), 5);
}
