//! The root client, and fidesops' root: nobody else can be taken for either.

use countersign_issuer::admin::Administrator;
use countersign_issuer::refusal::{Failure, Refusal};
use countersign_proto::admin::{GrantPut, NewApi, NewClient, NewRealm};

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
