//! Which API, which scopes: what a client gets for what it asks.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

mod harness;

use countersign_issuer::admin::Administrator;
use countersign_issuer::api::BuiltIn;
use countersign_issuer::issuer::Ask;
use countersign_issuer::policy::ScopeRule;
use countersign_issuer::refusal::{Failure, Refusal};
use countersign_proto::admin::{GrantPut, NewApi, NewClient, NewRealm, NewScope};
use harness::{Harness, ask};

/// RFC 8707 §2, threats 4: a client that names no API, or several, reads which it may name, as for an unknown one.
#[tokio::test]
async fn a_refused_target_names_the_clients_own() {
    let (harness, secret) = start(NewRealm::default(), 1).await;
    let own = vec![API.to_owned()];
    let several = |ask: &mut Ask<'_>| ask.request.many_targets = true;
    assert_eq!(refused(&harness, &secret, several).await, Refusal::ManyTargets { allowed: own.clone() });
    let broken = |ask: &mut Ask<'_>| ask.request.resource = Some("orders".into());
    let told = refused(&harness, &secret, broken).await;
    assert!(told.description().contains(API), "{}", told.description());
    assert_eq!(told, Refusal::TargetSyntax { allowed: own });
}

/// Dialects a: in Keycloak's shape a token needs no grant, except for the door of administrators.
#[tokio::test]
async fn in_a_keycloak_realm_only_administrators_get_tokens_for_admin() {
    let realm = NewRealm { profile: Some("keycloak".to_owned()), ..NewRealm::default() };
    let (harness, secret) = start(realm, 1).await;
    let view = harness.issuer.realm("r").unwrap();
    let audience = |builtin| view.builtin(builtin).unwrap().identifier().to_owned();
    let (default, admin) = (audience(BuiltIn::Default), audience(BuiltIn::Admin));
    let for_default = |ask: &mut Ask<'_>| ask.request.audience = Some(default.into());
    assert_eq!(issue(&harness, &secret, None, for_default).await.unwrap(), "");
    let for_admin = |ask: &mut Ask<'_>| ask.request.audience = Some(admin.into());
    let told = refused(&harness, &secret, for_admin).await;
    assert!(matches!(told, Refusal::NoGrant { .. }), "{told:?}");
}

/// threats 5: a thousand names are granted in the order asked, each once, or refused by name, and not in a time that
/// grows with the square of their number.
#[tokio::test]
async fn many_scopes_are_read_like_few() {
    for count in [4, 16, 17, 40, 500] {
        let (harness, secret) = start(NewRealm::default(), count).await;
        let mut names: Vec<_> = (0..count).rev().map(|n| format!("s{n:03}")).collect();
        let asked = names.join(" ");
        assert_eq!(issue(&harness, &secret, Some(&asked), |_| ()).await.unwrap(), asked);
        let twice = format!("{asked} {asked}");
        assert_eq!(issue(&harness, &secret, Some(&twice), |_| ()).await.unwrap(), asked);
        let keycloak = |ask: &mut Ask<'_>| ask.rules.scope = ScopeRule::DefaultsAlways;
        let scope = issue(&harness, &secret, Some(&twice), keycloak).await.unwrap();
        let mut shown: Vec<_> = scope.split(' ').collect();
        shown.sort_unstable();
        names.sort_unstable();
        assert_eq!(shown, names);
        match issue(&harness, &secret, Some(&format!("{asked} foreign")), |_| ()).await {
            Err(Failure::Refused(Refusal::ScopeNotGranted { refused, .. })) => {
                assert_eq!(refused, ["foreign"])
            }
            other => unreachable!("{other:?}"),
        }
    }
}

async fn refused(harness: &Harness, secret: &str, change: impl FnOnce(&mut Ask<'_>)) -> Refusal {
    match issue(harness, secret, None, change).await {
        Err(Failure::Refused(refusal)) => refusal,
        other => unreachable!("{other:?}"),
    }
}

/// The scope of the token that `svc` gets in the realm `r`.
async fn issue(
    harness: &Harness,
    secret: &str,
    scope: Option<&str>,
    change: impl FnOnce(&mut Ask<'_>),
) -> Result<String, Failure> {
    let mut ask = ask("svc", secret, scope);
    ask.request.audience = Some(API.into());
    change(&mut ask);
    let issued = harness.issuer.issue(&harness.issuer.realm("r").unwrap(), ask).await?;
    Ok(issued.scope.to_string())
}

/// An issuer with a realm `r`, and a client `svc` that has `scopes` scopes on an API there, the even ones by default.
async fn start(realm: NewRealm, scopes: usize) -> (Harness, String) {
    let harness = Harness::start(1000).await;
    let (issuer, by) = (&harness.issuer, Administrator::offline("test"));
    issuer.create_realm(&by, NewRealm { name: "r".to_owned(), ..realm }).await.unwrap();
    let names: Vec<_> = (0..scopes).map(|n| format!("s{n:03}")).collect();
    let scopes = names.iter().map(|name| NewScope { name: name.clone(), ..NewScope::default() }).collect();
    let new = NewApi { identifier: API.to_owned(), name: "Orders".to_owned(), scopes, ..NewApi::default() };
    issuer.create_api(&by, "r", new).await.unwrap();
    let new = NewClient { client_id: Some("svc".to_owned()), ..NewClient::default() };
    let secret = issuer.create_client(&by, "r", new).await.unwrap().body.secret;
    let every_second = |from: usize| names.iter().skip(from).step_by(2).cloned().collect();
    let grant = GrantPut { default: every_second(0), optional: every_second(1) };
    issuer.put_grant(&by, "r", "svc", API, grant, None).await.unwrap();
    (harness, secret)
}

const API: &str = "https://orders.example";
