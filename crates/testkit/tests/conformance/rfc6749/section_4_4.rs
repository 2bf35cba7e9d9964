//! §4.4, the client credentials grant.

use countersign_testkit::{Request, TestServer};

const TOKEN: &str = "/realms/myorg/oauth2/token";

/// T-6749-22: missing, unknown, and not ours.
#[tokio::test]
async fn the_grant_type_is_judged() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for (body, refusal) in [
        ("x=1", "400 invalid_request"),
        ("", "400 invalid_request"),
        ("grant_type=password&username=a&password=b", "400 unsupported_grant_type"),
        ("grant_type=authorization_code&code=x", "400 unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=x", "400 unsupported_grant_type"),
        ("grant_type=Client_Credentials", "400 unsupported_grant_type"),
        ("grant_type=client_credentials+", "400 unsupported_grant_type"),
    ] {
        let answer = Request::post(TOKEN).basic("svc", &secret).raw_form(body).send(&server).await;
        assert_eq!(answer.refusal(), refusal, "{body}");
    }
}

/// T-6749-15: whoever proves nothing gets nothing.
#[tokio::test]
async fn a_client_without_proof_gets_nothing() {
    let server = TestServer::start().await;
    server.orders().await;
    for body in [
        "grant_type=client_credentials",
        "grant_type=client_credentials&client_id=svc",
        "grant_type=client_credentials&client_id=svc&client_secret=",
    ] {
        let answer = Request::post(TOKEN).raw_form(body).send(&server).await;
        assert_eq!(answer.refusal(), "401 invalid_client", "{body}");
        assert_eq!(answer.header("www-authenticate"), None, "C9: only where the header was used");
    }
}

/// T-6749-16: never a refresh token; nothing but what is documented.
#[tokio::test]
async fn there_is_no_refresh_token() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let json = server.token("myorg", "svc", &secret, &[]).await.json();
    let mut members: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
}

/// threats 3, cross-tenant: a client of one realm is unknown in another.
#[tokio::test]
async fn realms_do_not_share_clients() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    server.plain_realm("other", "rfc9068", None).await;
    assert_eq!(server.token("other", "svc", &secret, &[]).await.refusal(), "401 invalid_client");
    let (root, root_secret) = server.root();
    assert_eq!(server.token("myorg", root, root_secret, &[]).await.refusal(), "401 invalid_client");
    assert_eq!(server.token("system", root, root_secret, &[]).await.status, 200);
}
