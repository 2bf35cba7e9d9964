//! Updates replace what they say that they replace, and nothing else.

use countersign_proto::time::UnixTime;

use super::samples::*;
use crate::api::Api;
use crate::client::Client;
use crate::realm::{Realm, Template};
use crate::store::Command;

/// From every option absent to every option present; ids, names, creation and belongings stay.
pub async fn updates_change_what_they_may(store: AStore) {
    make_realm(&store, "r").await;
    let before = the_realm(&store, "r").await;
    let wanted = Realm { id: "r".to_owned(), ..full_realm("other") };
    let update = Command::UpdateRealm { realm: wanted.clone(), keys: vec![key("r", "new")], expected: None };
    let revision = make(&store, update).await;
    let after = the_realm(&store, "r").await;
    let kept = Realm { name: before.realm.name, template: None, created_at: UnixTime(0), revision, ..wanted };
    assert_eq!(after.realm, kept);
    assert_eq!(after.apis, before.apis);
    assert_eq!(after.keys, [key("r", "r-key"), key("r", "new")]);

    make_api(&store, "r", "a", &["one", "two"]).await;
    let wanted = Api { id: "a".to_owned(), ..full_api("r", "other") };
    let update = Command::UpdateApi { api: wanted.clone(), keys: vec![], expected: None };
    let revision = make(&store, update).await;
    let after = the_realm(&store, "r").await.apis.pop().unwrap();
    let scopes = vec![scope("one", ""), scope("two", "")];
    let identifier = api("r", "a").identifier;
    assert_eq!(after, Api { identifier, builtin: None, scopes, created_at: UnixTime(0), revision, ..wanted });

    let created = client("r", "svc");
    let (secrets, grants) = (vec![secret("s")], vec![grant("a", &["one"], &[])]);
    let command = Command::CreateClient { client: created.clone(), secrets, grants };
    make(&store, command).await;
    let wanted = Client { id: "another".to_owned(), ..full_client("r", "svc", "r-admin") };
    let revision = make(&store, Command::UpdateClient { client: wanted.clone(), expected: None }).await;
    let after = the_client(&store, "r", "svc").await;
    assert_eq!(after.client, Client { id: created.id, created_at: UnixTime(0), revision, ..wanted });
    assert_eq!(after.secrets, [secret("s")]);
    assert_eq!(after.grants, [grant("a", &["one"], &[])]);
}

/// From every option present to every option absent.
pub async fn updates_take_back_every_option(store: AStore) {
    make(&store, Command::CreateRealm { realm: full_realm("r"), apis: vec![], keys: vec![] }).await;
    let update = Command::UpdateRealm { realm: realm("r"), keys: vec![], expected: None };
    let revision = make(&store, update).await;
    let (name, created_at) = (full_realm("r").name, UnixTime(i64::MIN));
    let template = Some(Template::Fidesops);
    assert_eq!(
        the_realm(&store, "r").await.realm,
        Realm { name, template, created_at, revision, ..realm("r") }
    );

    let full = full_api("r", "a");
    make(&store, Command::CreateApi { api: full.clone(), keys: vec![] }).await;
    let update = Command::UpdateApi { api: api("r", "a"), keys: vec![], expected: None };
    let revision = make(&store, update).await;
    let kept = Api {
        identifier: full.identifier,
        builtin: full.builtin,
        scopes: full.scopes,
        created_at: full.created_at,
        revision,
        ..api("r", "a")
    };
    assert_eq!(the_realm(&store, "r").await.apis, [kept]);

    let full = full_client("r", "svc", "a");
    make(&store, Command::CreateClient { client: full.clone(), secrets: vec![], grants: vec![] }).await;
    let update = Command::UpdateClient { client: client("r", "svc"), expected: None };
    let revision = make(&store, update).await;
    let kept = Client { created_at: full.created_at, revision, ..client("r", "svc") };
    assert_eq!(the_client(&store, "r", "svc").await.client, kept);
}
