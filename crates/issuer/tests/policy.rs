//! Which API, which scopes: what a client gets for what it asks.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

mod harness;

use countersign_issuer::admin::Administrator;
use countersign_issuer::issuer::Ask;
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
