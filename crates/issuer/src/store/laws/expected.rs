//! A change that expects a revision is refused at another one; what is not there cannot be changed.

use super::samples::*;
use crate::client::Client;
use crate::keys::KeyState;
use crate::store::{Command, KeyMove, StoreError};

/// Every command that expects a revision is refused when the row has another one, and runs when it has that.
pub async fn a_changed_row_is_stale(store: AStore) {
    make_realm(&store, "r").await;
    make_api(&store, "r", "a", &[]).await;
    make_client(&store, "r", "svc").await;

    let stale: [fn(i64) -> Command; 6] = [
        |r| Command::UpdateClient { client: client("r", "svc"), expected: Some(r) },
        |r| Command::DeleteClient {
            realm_id: "r".to_owned(),
            client_id: "svc".to_owned(),
            expected: Some(r),
        },
        |r| Command::UpdateApi { api: api("r", "a"), keys: vec![], expected: Some(r) },
        |r| Command::DeleteApi { realm_id: "r".to_owned(), api_id: "a".to_owned(), expected: Some(r) },
        |r| Command::UpdateRealm { realm: realm("r"), keys: vec![], expected: Some(r) },
        |r| Command::DeleteRealm { realm_id: "r".to_owned(), expected: Some(r) },
    ];
    for (n, command) in stale.into_iter().enumerate() {
        let there = match n {
            0 | 1 => the_client(&store, "r", "svc").await.client.revision,
            2 | 3 => the_realm(&store, "r").await.apis.iter().find(|api| api.id == "a").unwrap().revision,
            _ => the_realm(&store, "r").await.realm.revision,
        };
        for other in [there - 1, there + 1, 0, i64::MAX] {
            let error = fail(&store, command(other)).await;
            assert!(matches!(error, StoreError::Stale), "command {n} at {other}: {error}");
        }
        make(&store, command(there)).await;
    }
}

/// A command on what is not there, or is in another realm, is refused as such.
pub async fn what_is_not_there_is_missing(store: AStore) {
    make_realm(&store, "r").await;
    make_realm(&store, "q").await;
    make_api(&store, "r", "a", &["one"]).await;
    make_api(&store, "q", "qa", &["one"]).await;
    make_client(&store, "r", "svc").await;
    make_client(&store, "q", "qsvc").await;
    let revision = store.revision().await.unwrap();

    let s = str::to_owned;
    let mut commands = vec![
        Command::UpdateRealm { realm: realm("none"), keys: vec![], expected: None },
        Command::UpdateRealm { realm: realm("none"), keys: vec![], expected: Some(1) },
        Command::DeleteRealm { realm_id: s("none"), expected: None },
        Command::CreateKey { key: key("none", "k") },
        Command::CreateApi { api: api("none", "b"), keys: vec![] },
        Command::CreateClient { client: client("none", "svc"), secrets: vec![], grants: vec![] },
        Command::CreateClient {
            client: Client { default_api: Some(s("none")), ..client("r", "new") },
            secrets: vec![],
            grants: vec![],
        },
        Command::UpdateClient {
            client: Client { default_api: Some(s("qa")), ..client("r", "svc") },
            expected: None,
        },
    ];
    // an API that is not there, or is the other realm's
    for api_id in ["none", "qa"] {
        let (realm_id, api_id) = (s("r"), s(api_id));
        commands.extend([
            Command::UpdateApi { api: api("r", &api_id), keys: vec![], expected: None },
            Command::DeleteApi { realm_id: realm_id.clone(), api_id: api_id.clone(), expected: None },
            Command::CreateScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                scope: scope("new", ""),
                at: NOW,
            },
            Command::UpdateScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                scope: scope("one", ""),
                at: NOW,
            },
            Command::DeleteScope {
                realm_id: realm_id.clone(),
                api_id: api_id.clone(),
                name: scope_name("one"),
                at: NOW,
            },
            Command::PutGrant {
                realm_id: realm_id.clone(),
                client_id: s("svc"),
                grant: grant(&api_id, &[], &[]),
            },
            Command::DeleteGrant { realm_id, client_id: s("svc"), api_id },
        ]);
    }
    // a client that is not there, or is the other realm's
    for client_id in ["none", "qsvc"] {
        let (realm_id, client_id) = (s("r"), s(client_id));
        commands.extend([
            Command::UpdateClient { client: client("r", &client_id), expected: None },
            Command::DeleteClient {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                expected: None,
            },
            Command::CreateSecret {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                secret: secret("s"),
                alone: true,
            },
            Command::DeleteSecret {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                secret_id: s("s"),
            },
            Command::PutGrant {
                realm_id: realm_id.clone(),
                client_id: client_id.clone(),
                grant: grant("a", &[], &[]),
            },
            Command::DeleteGrant { realm_id, client_id, api_id: s("a") },
        ]);
    }
    let (realm_id, api_id, client_id) = (s("r"), s("a"), s("svc"));
    commands.extend([
        Command::UpdateScope {
            realm_id: realm_id.clone(),
            api_id: api_id.clone(),
            scope: scope("ONE", ""),
            at: NOW,
        },
        Command::DeleteScope {
            realm_id: realm_id.clone(),
            api_id: api_id.clone(),
            name: scope_name("ONE"),
            at: NOW,
        },
        Command::DeleteGrant { realm_id: realm_id.clone(), client_id: client_id.clone(), api_id },
        Command::DeleteSecret { realm_id, client_id, secret_id: s("none") },
    ]);
    for kid in ["none", "q-key"] {
        let kid = s(kid);
        let moves =
            vec![KeyMove { kid, from: KeyState::Active, to: KeyState::Retired, published_until: None }];
        commands.push(Command::MoveKeys { realm_id: s("r"), moves, at: NOW });
    }
    for command in commands {
        let text = format!("{command:?}");
        let error = fail(&store, command).await;
        assert!(matches!(error, StoreError::Missing), "{text}: {error}");
    }
    assert_eq!(store.revision().await.unwrap(), revision);
}
