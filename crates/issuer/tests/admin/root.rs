//! The root client, and fidesops' root: nobody else can be taken for either.

use countersign_issuer::admin::{AdminError, Administrator, Right};
use countersign_issuer::clock::Clock as _;
use countersign_issuer::refusal::{Failure, Refusal};
use countersign_proto::admin::{GrantPut, NewApi, NewClient, NewRealm, NewSecret};
use countersign_proto::client_id::ClientId;
use countersign_proto::secret::ClientSecret;

use crate::harness::{Harness, ROOT_SECRET, ask};

/// threats 4, a realm's administrator becomes root: an API that was registered before the public URL moved to where it
/// is called like fidesops' root's audience gets no tokens any more, and is not what that audience means.
#[tokio::test]
async fn a_new_public_url_makes_no_root() {
    let h = Harness::start(1000).await;
    let secret = pretender(&h, "https://auth.example/realms/m/api/v1/oauth").await;
    let h = h.moved_to("https://auth.example").await;
    let realm = h.issuer.realm("m").unwrap();
    let door = realm.root_door().unwrap().identifier().to_owned();
    assert_eq!(door, "https://auth.example/realms/m/api/v1/oauth");
    let mut named = ask("root", &secret, None);
    named.request.audience = Some(door.clone().into());
    for request in [named, ask("root", &secret, None)] {
        let refused = h.issuer.issue(&realm, request).await;
        assert!(matches!(refused, Err(Failure::Refused(Refusal::UnknownTarget { .. }))));
    }
    let true_root = ask("root", ROOT_SECRET, None);
    let token = h.issuer.issue_root(&realm, &true_root.presented, true_root.source).await.unwrap();
    assert!(h.issuer.verify(&realm, &token.access_token, &door).await.is_ok());
}

/// The same, when tokens were made under a name that only later became the audience of root: subject and all.
#[tokio::test]
async fn root_is_known_by_a_subject_that_no_client_can_have() {
    let h = Harness::start(1000).await;
    let secret = pretender(&h, "https://api.example").await;
    let realm = h.issuer.realm("m").unwrap();
    let forged = h.issuer.issue(&realm, ask("root", &secret, None)).await.unwrap();
    let asked = ask("root", ROOT_SECRET, None);
    let genuine = h.issuer.issue_root(&realm, &asked.presented, asked.source).await.unwrap();
    assert_eq!(subject(&forged.access_token), "root");
    assert_eq!(subject(&genuine.access_token), "system:root");
}

/// A reset brings root back from all that can be done to it, and does not lose what it is.
#[tokio::test]
async fn a_reset_root_administers_again() {
    let h = Harness::start(1000).await;
    let (by, i) = (Administrator::offline("test"), &h.issuer);
    for lost in [
        r#"{"enabled":false}"#,
        r#"{"expires_at":1}"#,
        r#"{"allowed_cidrs":["192.0.2.7"]}"#,
        r#"{"token_endpoint_auth_method":"client_secret_basic"}"#,
        r#"{"default_api":"default"}"#,
        "grant",
        "client",
    ] {
        match lost {
            "grant" => i.delete_grant(&by, "system", "root", "admin", None).await.unwrap(),
            "client" => i.delete_client(&by, "system", "root", None).await.unwrap(),
            patch => {
                let patch = serde_json::from_str(patch).unwrap();
                i.update_client(&by, "system", "root", patch, None).await.unwrap();
            }
        }
        assert!(!administers(&h, "root", ROOT_SECRET).await, "{lost}");
        let reset = i.reset_root().await.unwrap();
        assert_eq!(reset.client_id, "root");
        assert!(administers(&h, "root", reset.secret.unwrap().expose()).await, "{lost}");
        give(&h, "root", ROOT_SECRET).await;
        assert!(administers(&h, "root", ROOT_SECRET).await, "{lost}");
    }
}

/// Threats 4, all administration ended by one request: root's own token cannot end root, whatever it has the rights
/// to; another client's standing is nobody's concern but its operators'.
#[tokio::test]
async fn no_request_ends_root() {
    let h = Harness::start(1000).await;
    let (i, system) = (&h.issuer, h.system());
    let token = i.issue(&system, ask("root", ROOT_SECRET, None)).await.unwrap().access_token;
    let by = i.administrator(&token, "").await.unwrap();
    let all: Vec<String> = Right::ALL.iter().map(|right| right.as_str().to_owned()).collect();
    let put = |default: &[String], optional: &[String]| GrantPut {
        default: default.to_vec(),
        optional: optional.to_vec(),
    };
    let boss = NewClient { client_id: Some("boss".to_owned()), ..NewClient::default() };
    i.create_client(&by, "system", boss).await.unwrap();
    i.put_grant(&by, "system", "boss", "admin", put(&all, &[]), None).await.unwrap();

    for patch in [r#"{"enabled":false}"#, r#"{"expires_at":1}"#, r#"{"expires_at":4000000000}"#] {
        let patch = || serde_json::from_str(patch).unwrap();
        conflict(i.update_client(&by, "system", "root", patch(), None).await);
        i.update_client(&by, "system", "boss", patch(), None).await.unwrap();
    }
    for grant in [put(&[], &[]), put(&all[1..], &[]), put(&all[1..], &all[..1])] {
        conflict(i.put_grant(&by, "system", "root", "admin", grant.clone(), None).await);
        i.put_grant(&by, "system", "boss", "admin", grant, None).await.unwrap();
    }
    conflict(i.delete_grant(&by, "system", "root", "admin", None).await);
    conflict(i.delete_client(&by, "system", "root", None).await);
    i.delete_grant(&by, "system", "boss", "admin", None).await.unwrap();
    i.delete_client(&by, "system", "boss", None).await.unwrap();

    let secrets = |h: &Harness| {
        let (i, by) = (h.issuer.clone(), by.clone());
        async move { i.read_client(&by, "system", "root").await.unwrap().body.secrets }
    };
    let first = secrets(&h).await.remove(0).id;
    conflict(i.delete_secret(&by, "system", "root", &first, None).await);
    // a rotation goes on working; a secret that has expired keeps nobody in
    let passing = NewSecret { expires_at: Some(h.clock.now().plus(60)), ..NewSecret::default() };
    i.create_secret(&by, "system", "root", passing).await.unwrap();
    h.clock.advance(61);
    conflict(i.delete_secret(&by, "system", "root", &first, None).await);
    let next = i.create_secret(&by, "system", "root", NewSecret::default()).await.unwrap().body;
    i.delete_secret(&by, "system", "root", &first, None).await.unwrap();
    conflict(i.delete_secret(&by, "system", "root", &next.id, None).await);
    assert!(administers(&h, "root", &next.secret).await);

    // and so does what ends nothing
    let harmless = r#"{"name":"R","allowed_cidrs":["127.0.0.0/8"],"expires_at":null,"enabled":true}"#;
    i.update_client(&by, "system", "root", serde_json::from_str(harmless).unwrap(), None).await.unwrap();
    i.put_grant(&by, "system", "root", "default", put(&[], &[]), None).await.unwrap();
    i.delete_grant(&by, "system", "root", "default", None).await.unwrap();
}

#[track_caller]
fn conflict<T>(done: Result<T, AdminError>) {
    let says = |detail: &str| detail.contains("countersign root reset");
    assert!(
        matches!(&done, Err(AdminError::Conflict { detail, .. }) if says(detail)),
        "{:?}",
        done.map(drop)
    );
}

/// A root that the environment names is root, also where an ordinary client had the id; a reset then is that one's.
#[tokio::test]
async fn a_given_root_has_every_right() {
    let h = Harness::start(1000).await;
    let by = Administrator::offline("test");
    let client = NewClient { client_id: Some("boss".to_owned()), ..NewClient::default() };
    let old = h.issuer.create_client(&by, "system", client).await.unwrap().body.secret.clone();
    give(&h, "boss", "the-secret-of-the-boss-0123456789").await;
    assert!(administers(&h, "boss", "the-secret-of-the-boss-0123456789").await);
    assert!(!administers(&h, "boss", &old).await);
    let reset = h.issuer.reset_root().await.unwrap();
    assert_eq!(reset.client_id, "boss");
    assert!(administers(&h, "boss", reset.secret.unwrap().expose()).await);
}

/// What an operator did to root on purpose survives a start that names it, and so does its secret.
#[tokio::test]
async fn a_start_undoes_nothing() {
    let h = Harness::start(1000).await;
    let by = Administrator::offline("test");
    let patch = serde_json::from_str(r#"{"enabled":false,"allowed_cidrs":["192.0.2.7/32"]}"#).unwrap();
    h.issuer.update_client(&by, "system", "root", patch, None).await.unwrap();
    let before = h.store.revision().await.unwrap();
    give(&h, "root", ROOT_SECRET).await;
    assert_eq!(h.store.revision().await.unwrap(), before);
    let root = h.issuer.read_client(&by, "system", "root").await.unwrap().body;
    assert!(!root.enabled && root.allowed_cidrs == ["192.0.2.7/32"]);
}

/// What the start does with an id and a secret from the environment.
async fn give(h: &Harness, client_id: &str, secret: &str) {
    let given = (ClientId::parse(client_id).unwrap(), ClientSecret::given(secret).ok().unwrap());
    h.issuer.ensure_root(Some(given)).await.unwrap();
}

/// Whether a token that names no API opens the admin API for everything, in every realm.
async fn administers(h: &Harness, client_id: &str, secret: &str) -> bool {
    let Ok(token) = h.issuer.issue(&h.system(), ask(client_id, secret, None)).await else { return false };
    let Ok(by) = h.issuer.administrator(&token.access_token, "").await else { return false };
    Right::ALL.iter().all(|&right| by.may_everywhere(right).is_ok())
}

/// What a realm's administrator with `api:write` and `client:write` can prepare: a client called `root` whose tokens
/// are for `audience`.
async fn pretender(h: &Harness, audience: &str) -> String {
    let by = Administrator::offline("test");
    let realm =
        NewRealm { name: "m".to_owned(), template: Some("fidesops".to_owned()), ..NewRealm::default() };
    h.issuer.create_realm(&by, realm).await.unwrap();
    let api = NewApi { identifier: audience.to_owned(), name: "x".to_owned(), ..NewApi::default() };
    h.issuer.create_api(&by, "m", api).await.unwrap();
    let client = NewClient { client_id: Some("root".to_owned()), ..NewClient::default() };
    let made = h.issuer.create_client(&by, "m", client).await.unwrap();
    h.issuer.put_grant(&by, "m", "root", audience, GrantPut::default(), None).await.unwrap();
    made.body.secret.clone()
}

fn subject(token: &str) -> String {
    let payload = countersign_proto::jose::jws::parse(token).unwrap();
    let claims = countersign_proto::jose::Claims::parse(payload.payload()).unwrap();
    claims.sub.unwrap()
}
