//! Scopes come to an API, and leave it and every grant.

use countersign_proto::time::UnixTime;

use super::samples::*;
use crate::api::Api;
use crate::store::Command;

/// A scope is added behind the others and described anew; its API's revision and time of change say so.
pub async fn scopes_are_added_and_described(store: AStore) {
    make_realm(&store, "r").await;
    make_api(&store, "r", "a", &["m"]).await;
    let s = str::to_owned;
    for (at, new) in [scope("z", HARD), scope("b", "")].into_iter().enumerate() {
        let at = UnixTime(i64::try_from(at).unwrap() + 7);
        let command = Command::CreateScope { realm_id: s("r"), api_id: s("a"), scope: new, at };
        let revision = make(&store, command).await;
        let api = the_api(&store).await;
        assert_eq!((api.revision, api.updated_at), (revision, at));
    }
    assert_eq!(the_api(&store).await.scopes, [scope("m", ""), scope("z", HARD), scope("b", "")]);

    let update = scope("z", "new");
    let command = Command::UpdateScope { realm_id: s("r"), api_id: s("a"), scope: update, at: UnixTime(50) };
    let revision = make(&store, command).await;
    let api = the_api(&store).await;
    assert_eq!(api.scopes, [scope("m", ""), scope("z", "new"), scope("b", "")]);
    assert_eq!((api.revision, api.updated_at, api.created_at), (revision, UnixTime(50), UnixTime(0)));
}

/// A scope that is removed leaves every grant on its API, whatever stands beside it, and no other grant.
pub async fn a_deleted_scope_leaves_every_grant(store: AStore) {
    make_realm(&store, "r").await;
    make_api(&store, "r", "a", &["read", "rea", "ead", "READ", "read:all"]).await;
    make_api(&store, "r", "b", &["read"]).await;
    let grants = vec![
        grant("a", &["read", "rea", "ead", "READ", "read:all"], &["rea", "read", "read"]),
        grant("b", &["read"], &["read"]),
    ];
    create(&store, "many", grants).await;
    create(&store, "only", vec![grant("a", &[], &["read"])]).await;
    create(&store, "none", vec![grant("a", &["rea"], &["ead"])]).await;
    let untouched = the_client(&store, "r", "none").await;

    let (realm_id, api_id) = ("r".to_owned(), "a".to_owned());
    let command = Command::DeleteScope { realm_id, api_id, name: scope_name("read"), at: UnixTime(9) };
    let revision = make(&store, command).await;

    let apis = the_realm(&store, "r").await.apis;
    let a = apis.iter().find(|api| api.id == "a").unwrap();
    assert_eq!(a.scopes, ["rea", "ead", "READ", "read:all"].map(|name| scope(name, "")));
    assert_eq!((a.revision, a.updated_at), (revision, UnixTime(9)));
    assert_eq!(apis.iter().find(|api| api.id == "b").unwrap().scopes, [scope("read", "")]);
    let many = the_client(&store, "r", "many").await;
    assert_eq!(
        many.grants,
        [grant("a", &["rea", "ead", "READ", "read:all"], &["rea"]), grant("b", &["read"], &["read"])]
    );
    assert_eq!(many.client.revision, revision);
    let only = the_client(&store, "r", "only").await;
    assert_eq!((only.grants, only.client.revision), (vec![grant("a", &[], &[])], revision));
    assert_eq!(the_client(&store, "r", "none").await, untouched);
}

async fn create(store: &AStore, client_id: &str, grants: Vec<crate::client::Grant>) {
    let client = client("r", client_id);
    make(store, Command::CreateClient { client, secrets: vec![], grants }).await;
}

async fn the_api(store: &AStore) -> Api {
    the_realm(store, "r").await.apis.into_iter().find(|api| api.id == "a").unwrap()
}
