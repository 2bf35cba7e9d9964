//! Rights are those of the moment in which a command is carried out.

use countersign_issuer::admin::{AdminError, Administrator};
use countersign_issuer::issuer::{Issuer, OwnTokenError};
use countersign_proto::admin::{Change, ClientPatch, GrantPut, NewClient, NewRealm, NewScope};
use countersign_proto::time::UnixTime;

use crate::harness::{Harness, ROOT_SECRET, ask};

/// Threats 4, time of check: a request that waited for its turn is judged by what its client has then, whatever its
/// token said when it came in.
#[tokio::test]
async fn a_command_is_judged_when_its_turn_comes() {
    type Undo = fn(ClientPatch) -> ClientPatch;
    let disabled: Undo = |patch| ClientPatch { enabled: Change::Set(false), ..patch };
    let expired: Undo = |patch| ClientPatch { expires_at: Change::Set(UnixTime(1)), ..patch };
    for undo in [None, Some(disabled), Some(expired)] {
        let h = Harness::start(1000).await;
        let (offline, i) = (Administrator::offline("test"), &h.issuer);
        let by = operator(&h, "client:write").await;
        make(i, &by, "before").await.unwrap();
        match undo {
            None => i.delete_client(&offline, "system", "op", None).await.unwrap(),
            Some(undo) => {
                let patch = undo(ClientPatch::default());
                i.update_client(&offline, "system", "op", patch, None).await.unwrap();
            }
        }
        let refused = make(i, &by, "after").await;
        assert!(matches!(refused, Err(AdminError::NotAllowed { right: "client:write", .. })));
    }
}

/// The same for a right that was taken, and for one that counts in `system` alone.
#[tokio::test]
async fn a_taken_right_is_gone_for_waiting_commands() {
    let h = Harness::start(1000).await;
    let (offline, i) = (Administrator::offline("test"), &h.issuer);
    let by = operator(&h, "realm:write").await;
    i.create_realm(&by, NewRealm { name: "one".to_owned(), ..NewRealm::default() }).await.unwrap();
    i.put_grant(&offline, "system", "op", "admin", scopes(&["realm:read"]), None).await.unwrap();
    let new = NewRealm { name: "two".to_owned(), ..NewRealm::default() };
    assert!(matches!(i.create_realm(&by, new).await, Err(AdminError::NotAllowed { .. })));
    assert!(matches!(i.delete_realm(&by, "one", None).await, Err(AdminError::NotAllowed { .. })));
}

/// A token of a deleted client is none of the client that has its id now; nor is a command that still waits.
#[tokio::test]
async fn a_namesake_inherits_no_token() {
    let h = Harness::start(1000).await;
    let offline = Administrator::offline("test");
    let secret = client(&h, "system", "op").await;
    h.issuer.put_grant(&offline, "system", "op", "admin", scopes(&["client:write"]), None).await.unwrap();
    let old = h.issuer.issue(&h.system(), ask("op", &secret, None)).await.unwrap().access_token;
    let by = h.issuer.administrator(&old, "").await.unwrap();
    h.issuer.delete_client(&offline, "system", "op", None).await.unwrap();
    h.clock.advance(5);
    let secret = client(&h, "system", "op").await;
    h.issuer.put_grant(&offline, "system", "op", "admin", scopes(&["client:write"]), None).await.unwrap();
    assert!(matches!(h.issuer.administrator(&old, "").await, Err(OwnTokenError::Standing)));
    assert!(make(&h.issuer, &by, "x").await.is_err(), "a command of the old one");
    let new = h.issuer.issue(&h.system(), ask("op", &secret, None)).await.unwrap().access_token;
    assert!(h.issuer.administrator(&new, "").await.is_ok());
}

/// One clock issues and verifies: a token opens our own doors until the second in which it expires.
#[tokio::test]
async fn our_own_clock_has_no_leeway() {
    let h = Harness::start(1000).await;
    let asked = ask("root", ROOT_SECRET, None);
    let token = h.issuer.issue(&h.system(), asked).await.unwrap();
    h.clock.advance(token.expires_in - 1);
    assert!(h.issuer.administrator(&token.access_token, "").await.is_ok());
    h.clock.advance(1);
    assert!(matches!(h.issuer.administrator(&token.access_token, "").await, Err(OwnTokenError::Invalid(_))));
}

/// fidesops' rules hold where the command is carried out, not only where the request came in: a client that rose
/// meanwhile is not touched, and administrators never are.
#[tokio::test]
async fn a_manager_touches_nobody_who_has_more() {
    let h = Harness::start(1000).await;
    let (offline, i) = (Administrator::offline("test"), &h.issuer);
    let new = NewRealm { name: "f".to_owned(), template: Some("fidesops".to_owned()), ..NewRealm::default() };
    i.create_realm(&offline, new).await.unwrap();
    let admins_own = NewScope { name: "client:write".to_owned(), description: String::new() };
    i.create_scope(&offline, "f", "default", admins_own).await.unwrap();
    let secret = client(&h, "f", "manager").await;
    let own = ["client:update", "client:write", "policy:read"];
    i.put_grant(&offline, "f", "manager", "default", scopes(&own), None).await.unwrap();
    for (name, api, scope) in [
        ("weaker", "default", "policy:read"),
        ("stronger", "default", "policy:delete"),
        ("administrator", "admin", "client:write"),
    ] {
        client(&h, "f", name).await;
        i.put_grant(&offline, "f", name, api, scopes(&[scope]), None).await.unwrap();
    }
    let realm = i.realm("f").unwrap();
    let token = i.issue(&realm, ask("manager", &secret, None)).await.unwrap().access_token;
    let by = i.manager(&realm, &token, "client:update", "").await.unwrap();
    assert!(i.replace_secrets(&by, "f", "weaker").await.is_ok());
    for beyond in ["stronger", "administrator"] {
        assert!(matches!(i.replace_secrets(&by, "f", beyond).await, Err(AdminError::NotAllowed { .. })));
        let patch = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
        assert!(i.update_client(&by, "f", beyond, patch, None).await.is_err());
        assert!(i.delete_client(&by, "f", beyond, None).await.is_err());
    }
    let given = i.put_grant(&by, "f", "weaker", "default", scopes(&["policy:delete"]), None).await;
    assert!(matches!(given, Err(AdminError::NotHeld(names)) if names == ["policy:delete"]));
    let risen = i.put_grant(&by, "f", "weaker", "admin", scopes(&["client:write"]), None).await;
    assert!(matches!(risen, Err(AdminError::NotAllowed { .. })), "a scope of the same name elsewhere");
    i.put_grant(&offline, "f", "manager", "default", scopes(&["policy:read"]), None).await.unwrap();
    assert!(i.replace_secrets(&by, "f", "weaker").await.is_err(), "what it lost meanwhile");
}

/// fidesops' new secret replaces the others in one change.
#[tokio::test]
async fn replaced_secrets_are_gone_at_once() {
    let h = Harness::start(1000).await;
    let offline = Administrator::offline("test");
    let old = client(&h, "system", "svc").await;
    h.issuer.put_grant(&offline, "system", "svc", "default", scopes(&[]), None).await.unwrap();
    let before = h.store.revision().await.unwrap();
    let new = h.issuer.replace_secrets(&offline, "system", "svc").await.unwrap();
    assert_eq!(h.store.revision().await.unwrap(), before + 1);
    assert!(h.issuer.issue(&h.system(), ask("svc", &old, None)).await.is_err());
    assert!(h.issuer.issue(&h.system(), ask("svc", new.expose(), None)).await.is_ok());
}

/// The caller of a request that has come in with a token for this right.
async fn operator(h: &Harness, right: &str) -> Administrator {
    let offline = Administrator::offline("test");
    let secret = client(h, "system", "op").await;
    h.issuer.put_grant(&offline, "system", "op", "admin", scopes(&[right]), None).await.unwrap();
    let token = h.issuer.issue(&h.system(), ask("op", &secret, None)).await.unwrap();
    h.issuer.administrator(&token.access_token, "").await.unwrap()
}

async fn client(h: &Harness, realm: &str, client_id: &str) -> String {
    let new = NewClient { client_id: Some(client_id.to_owned()), ..NewClient::default() };
    let made = h.issuer.create_client(&Administrator::offline("test"), realm, new).await.unwrap();
    made.body.secret.clone()
}

async fn make(issuer: &Issuer, by: &Administrator, client_id: &str) -> Result<(), AdminError> {
    let new = NewClient { client_id: Some(client_id.to_owned()), ..NewClient::default() };
    issuer.create_client(by, "system", new).await.map(drop)
}

fn scopes(names: &[&str]) -> GrantPut {
    GrantPut { default: names.iter().map(|&name| name.to_owned()).collect(), optional: Vec::new() }
}
