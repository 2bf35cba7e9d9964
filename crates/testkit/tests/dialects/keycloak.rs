//! Keycloak's URLs (dialects a.1 to a.8 and a.11).

use countersign_proto::admin::{Change, ClientPatch, NewClient, NewRealm, RealmPatch};
use countersign_testkit::{Answer, Request, TestServer};
use http::Method;

pub(crate) const TOKEN: &str = "/realms/myorg/protocol/openid-connect/token";
pub(crate) const SECRET: &str = "fsQJIcU3Ze3ymaYSA6cxlHVIw0LDIDeY";
const CREDENTIALS: &str = "client_id=test_api_client&client_secret=fsQJIcU3Ze3ymaYSA6cxlHVIw0LDIDeY";
const NOBODY: &str = "Invalid client or Invalid client credentials";

/// The realm of tutorial 1: scope `test_api_access`, client `test_api_client` that may ask for it.
pub(crate) async fn tutorial() -> TestServer {
    let server = TestServer::start().await;
    server.plain_realm("myorg", "keycloak", Some("keycloak")).await;
    server.scope("myorg", "default", "test_api_access").await;
    let new = NewClient {
        client_id: Some("test_api_client".to_owned()),
        secret: Some(SECRET.to_owned()),
        ..NewClient::default()
    };
    server.new_client("myorg", new).await;
    server.grant("myorg", "test_api_client", "default", &["profile", "email"], &["test_api_access"]).await;
    server
}

async fn ask(server: &TestServer, body: &str) -> Answer {
    Request::post(TOKEN).raw_form(body).send(server).await
}

fn error(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.str("error"), answer.str("error_description"))
}

/// dialects a.4: the answer's members in their order, and its headers.
#[tokio::test]
async fn the_answer_has_their_shape() {
    let server = tutorial().await;
    let answer =
        ask(&server, &format!("grant_type=client_credentials&{CREDENTIALS}&scope=test_api_access")).await;
    let text = answer.text();
    let order =
        ["access_token", "expires_in", "refresh_expires_in", "token_type", "not-before-policy", "scope"];
    let places: Vec<_> = order.iter().map(|member| text.find(&format!("\"{member}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(answer.json().as_object().unwrap().len(), order.len());
    assert_eq!(
        (answer.json()["expires_in"].as_i64(), answer.str("token_type")),
        (Some(300), "Bearer".to_owned())
    );
    has_their_headers(&answer);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        (answer.header("cache-control"), answer.header("pragma")),
        (Some("no-store"), Some("no-cache"))
    );
}

/// dialects a.5, every row that can arise here, and that none has a challenge.
#[tokio::test]
async fn errors_have_their_statuses_and_words() {
    let server = tutorial().await;
    let grant = "grant_type=client_credentials";
    for (body, status, code, text) in [
        (CREDENTIALS.to_owned(), 400, "invalid_request", "Missing form parameter: grant_type"),
        (format!("grant_type=&{CREDENTIALS}"), 400, "unsupported_grant_type", "Unsupported grant_type"),
        ("grant_type=foo".to_owned(), 400, "unsupported_grant_type", "Unsupported grant_type"),
        (grant.to_owned(), 401, "invalid_client", NOBODY),
        (format!("{grant}&client_id=nope&client_secret=x"), 401, "invalid_client", NOBODY),
        (format!("{grant}&client_id=nope"), 401, "invalid_client", NOBODY),
        (format!("{grant}&client_id=test_api_client&client_secret=x"), 401, "unauthorized_client", NOBODY),
        (format!("{grant}&client_id=test_api_client"), 401, "unauthorized_client", NOBODY),
        (format!("{grant}&{CREDENTIALS}&x=&x="), 400, "invalid_request", "duplicated parameter"),
        (
            format!("{grant}&{CREDENTIALS}&resource=a&resource=b"),
            400,
            "invalid_request",
            "duplicated parameter",
        ),
        (format!("{grant}&{CREDENTIALS}&scope="), 400, "invalid_scope", "Invalid scopes: "),
        (
            format!("{grant}&{CREDENTIALS}&scope=email++profile"),
            400,
            "invalid_scope",
            "Invalid scopes: email  profile",
        ),
        (
            format!("{grant}&{CREDENTIALS}&scope=nope+email"),
            400,
            "invalid_scope",
            "Invalid scopes: nope email",
        ),
        (format!("{grant}&{CREDENTIALS}&scope=Email"), 400, "invalid_scope", "Invalid scopes: Email"),
    ] {
        let answer = ask(&server, &body).await;
        assert_eq!(error(&answer), (status, code.to_owned(), text.to_owned()), "{body}");
        assert_eq!(answer.header("www-authenticate"), None, "{body}");
        has_their_headers(&answer);
    }
    let disabled = ClientPatch { enabled: Change::Set(false), ..ClientPatch::default() };
    server.update_client("myorg", "test_api_client", disabled).await;
    let answer = ask(&server, &format!("{grant}&{CREDENTIALS}")).await;
    assert_eq!(error(&answer), (401, "invalid_client".to_owned(), NOBODY.to_owned()));
    server.update_realm("myorg", RealmPatch { enabled: Change::Set(false), ..RealmPatch::default() }).await;
    let answer = ask(&server, "grant_type=foo").await;
    assert_eq!(error(&answer), (403, "access_denied".to_owned(), "Realm not enabled".to_owned()));
    for path in
        ["/realms/myorg/protocol/openid-connect/certs", "/realms/myorg/.well-known/openid-configuration"]
    {
        assert_eq!(Request::get(path).send(&server).await.status, 200, "{path}");
    }
}

/// dialects a.2, the order of checks: grant type before client, client before repetition, repetition before scope.
#[tokio::test]
async fn checks_come_in_their_order() {
    let server = tutorial().await;
    let wrong = "client_id=test_api_client&client_secret=x";
    for (body, text) in [
        (format!("grant_type=foo&{wrong}&scope=nope&scope=nope"), "Unsupported grant_type"),
        (format!("grant_type=client_credentials&{wrong}&scope=nope&scope=nope"), NOBODY),
        (
            format!("grant_type=client_credentials&{CREDENTIALS}&scope=nope&scope=nope"),
            "duplicated parameter",
        ),
        (format!("grant_type=client_credentials&{CREDENTIALS}&scope=nope"), "Invalid scopes: nope"),
    ] {
        assert_eq!(ask(&server, &body).await.str("error_description"), text, "{body}");
    }
}

/// dialects a.3: Basic, the body over it half by half, other headers ignored beside a client_id, broken escapes.
#[tokio::test]
async fn credentials_are_read_as_there() {
    let server = tutorial().await;
    let grant = "grant_type=client_credentials";
    let post =
        |header: &str, body: String| Request::post(TOKEN).header("authorization", header).raw_form(&body);
    let basic = |pair: &str| format!("Basic {}", base64(pair));
    let id = "test_api_client";
    for (header, body, status) in [
        (basic(&format!("{id}:{SECRET}")), grant.to_owned(), 200),
        (basic(&format!("{id}:{SECRET}")).replace("Basic", "bAsIc"), grant.to_owned(), 200),
        (basic(&format!("nope:{SECRET}")), format!("{grant}&client_id={id}"), 200),
        (basic(&format!("{id}:nope")), format!("{grant}&client_secret={SECRET}"), 200),
        (basic(&format!("{id}:{SECRET}")), format!("{grant}&client_secret=x"), 401),
        ("Bearer x".to_owned(), format!("{grant}&{CREDENTIALS}"), 200),
        ("Basic ???".to_owned(), format!("{grant}&{CREDENTIALS}"), 200),
        ("Basic ???".to_owned(), grant.to_owned(), 401),
        ("Bearer x".to_owned(), grant.to_owned(), 401),
    ] {
        let answer = post(&header, body.clone()).send(&server).await;
        assert_eq!(answer.status, status, "{header} {body}: {}", answer.text());
    }
    let broken = post(&basic(&format!("{id}:100%")), grant.to_owned()).send(&server).await;
    let text = "Unexpected error when authenticating client".to_owned();
    assert_eq!(error(&broken), (400, "unauthorized_client".to_owned(), text));
}

/// dialects a.6: the defaults always, `openid` first and without an id_token, spaces at the end harmless.
#[tokio::test]
async fn scopes_mean_what_they_mean_there() {
    let server = tutorial().await;
    for (scope, granted) in [
        ("", "profile email"),
        ("&scope=%20", "profile email"),
        ("&scope=email", "profile email"),
        ("&scope=test_api_access", "profile email test_api_access"),
        ("&scope=test_api_access++", "profile email test_api_access"),
        ("&scope=test_api_access+openid", "openid profile email test_api_access"),
        ("&scope=openid", "openid profile email"),
    ] {
        let answer = ask(&server, &format!("grant_type=client_credentials&{CREDENTIALS}{scope}")).await;
        assert_eq!(answer.str("scope"), granted, "{scope}");
        assert_eq!(answer.claims()["scope"], granted, "{scope}");
        assert!(answer.json().get("id_token").is_none(), "nobody logs in here");
    }
}

/// dialects a.2: what is ignored there is ignored here: audience, resource, empty known and unknown parameters.
#[tokio::test]
async fn other_parameters_are_ignored() {
    let server = tutorial().await;
    let more = "username=&password=&code=&redirect_uri=&audience=x&resource=nonsense&foo=bar";
    let answer = ask(&server, &format!("grant_type=client_credentials&{CREDENTIALS}&{more}")).await;
    assert_eq!(answer.claims()["aud"], "account");
}

/// A client without a grant gets a token without scopes, as there (the contract's exception for this profile).
#[tokio::test]
async fn a_client_without_a_grant_gets_a_token() {
    let server = TestServer::start().await;
    server.plain_realm("bare", "keycloak", None).await;
    let secret = server.client("bare", "svc").await;
    let pairs = [("grant_type", "client_credentials"), ("client_id", "svc"), ("client_secret", &secret)];
    let request = Request::post("/realms/bare/protocol/openid-connect/token").form(&pairs);
    assert_eq!(request.send(&server).await.str("scope"), "");
}

/// dialects a.7: the claims that its users read.
#[tokio::test]
async fn tokens_have_their_claims() {
    let server = tutorial().await;
    let answer = ask(&server, &format!("grant_type=client_credentials&{CREDENTIALS}")).await;
    assert_eq!(answer.jose_header()["typ"], "JWT");
    assert_eq!(answer.jose_header()["alg"], "RS256");
    let claims = answer.claims();
    assert_eq!(claims["iss"], format!("{}/realms/myorg", server.public_url()));
    for (claim, value) in [
        ("typ", "Bearer"),
        ("azp", "test_api_client"),
        ("client_id", "test_api_client"),
        ("acr", "1"),
        ("clientHost", "127.0.0.1"),
        ("clientAddress", "127.0.0.1"),
        ("preferred_username", "service-account-test_api_client"),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    assert!(claims["jti"].as_str().unwrap().starts_with("trrtcc:"));
    assert_eq!(claims["sub"].as_str().unwrap().len(), 36);
    assert!(claims.get("nbf").is_none());
}

/// dialects a.8: the keys' members and headers, as its verifiers have always seen them.
#[tokio::test]
async fn certs_have_their_members() {
    let server = tutorial().await;
    let path = "/realms/myorg/protocol/openid-connect/certs";
    let answer = Request::get(path).header("origin", "https://x.example").send(&server).await;
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    has_their_headers(&answer);
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    let token = ask(&server, &format!("grant_type=client_credentials&{CREDENTIALS}")).await;
    assert_eq!(keys[0]["kid"], token.jose_header()["kid"]);
    let text = answer.text();
    let order = ["kid", "kty", "alg", "use", "x5c", "x5t", "x5t#S256", "n", "e"];
    let places: Vec<_> = order.iter().map(|member| text.find(&format!("\"{member}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert_eq!(Request::new(Method::HEAD, path).send(&server).await.status, 200);
}

/// dialects a.1: other URLs, other verbs, a slash at the end, the prefix.
#[tokio::test]
async fn urls_answer_as_there() {
    let server = tutorial().await;
    for (method, path, status, error) in [
        (Method::GET, TOKEN, 405, Some("HTTP 405 Method Not Allowed")),
        (
            Method::POST,
            "/realms/myorg/protocol/openid-connect/certs",
            405,
            Some("HTTP 405 Method Not Allowed"),
        ),
        (Method::GET, "/realms/nope", 404, Some("Realm does not exist")),
        (Method::POST, "/realms/nope/protocol/openid-connect/token", 404, Some("Realm does not exist")),
        (Method::GET, "/realms/myorg/protocol/saml", 404, Some("Protocol not found")),
        (Method::POST, "/realms/myorg/protocol/saml", 404, Some("Protocol not found")),
        (Method::GET, "/realms/myorg/protocol/openid-connect/nope", 404, Some("HTTP 404 Not Found")),
        (
            Method::POST,
            "/realms/myorg/protocol/openid-connect/token/introspect",
            404,
            Some("HTTP 404 Not Found"),
        ),
        (Method::POST, "/realms/myorg/protocol/openid-connect/revoke", 404, Some("HTTP 404 Not Found")),
        (Method::GET, "/realms/myorg/account", 404, Some("HTTP 404 Not Found")),
        (Method::GET, "/realms/myorg/", 200, None),
        (Method::GET, "/auth/realms/myorg", 200, None),
        (Method::GET, "/auth/realms/myorg/", 200, None),
        (Method::GET, "/realms/myorg/protocol/openid-connect/certs/", 200, None),
        (Method::GET, "/auth/realms/myorg/protocol/openid-connect/certs", 200, None),
        (Method::GET, "/realms/myorg/.well-known/openid-configuration/", 200, None),
        (Method::GET, "/auth/realms/myorg/.well-known/openid-configuration", 200, None),
    ] {
        let answer = Request::new(method.clone(), path).send(&server).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        if let Some(error) = error {
            assert_eq!(answer.str("error"), error, "{method} {path}");
        }
    }
    for path in [format!("{TOKEN}/"), format!("/auth{TOKEN}"), format!("/auth{TOKEN}/")] {
        let body = format!("grant_type=client_credentials&{CREDENTIALS}");
        assert_eq!(Request::post(&path).raw_form(&body).send(&server).await.status, 200, "{path}");
    }
}

/// OpenID Connect Discovery §4: an issuer kept from an installation under `/auth` is found below its own URL, whatever the
/// realm is called here; the realm of that name is not taken for it.
#[tokio::test]
async fn a_kept_issuer_is_found_below_its_url() {
    let server = tutorial().await;
    let issuer = "https://sso.example.com/auth/realms/myorg";
    let new = NewRealm {
        name: "sso".to_owned(),
        profile: Some("keycloak".to_owned()),
        issuer: Some(issuer.to_owned()),
        ..NewRealm::default()
    };
    server.realm(new).await;
    let path = "/auth/realms/myorg/.well-known/openid-configuration";
    let answer = Request::get(path).header("host", "sso.example.com").send(&server).await;
    assert_eq!(answer.str("issuer"), issuer, "{}", answer.text());
    assert!(answer.str("token_endpoint").ends_with("/realms/sso/protocol/openid-connect/token"));
    let here = format!("{}/realms/myorg", server.public_url());
    assert_eq!(Request::get(path).send(&server).await.str("issuer"), here);
}

/// dialects a.11, T-8414-05: the discovery document is true, under Keycloak's URLs.
#[tokio::test]
async fn discovery_is_true() {
    let server = tutorial().await;
    let path = "/realms/myorg/.well-known/openid-configuration";
    let answer = Request::get(path).send(&server).await;
    assert_eq!(answer.header("cache-control"), Some("no-cache, must-revalidate, no-transform, no-store"));
    let base = format!("{}/realms/myorg", server.public_url());
    assert_eq!(answer.str("issuer"), base);
    assert_eq!(answer.str("token_endpoint"), format!("{base}/protocol/openid-connect/token"));
    assert_eq!(answer.str("jwks_uri"), format!("{base}/protocol/openid-connect/certs"));
    let json = answer.json();
    assert_eq!(json["grant_types_supported"], serde_json::json!(["client_credentials"]));
    for scope in json["scopes_supported"].as_array().unwrap() {
        let body = format!("grant_type=client_credentials&{CREDENTIALS}&scope={}", scope.as_str().unwrap());
        assert_eq!(ask(&server, &body).await.status, 200, "{scope}");
    }
    let same = Request::get("/realms/myorg/.well-known/oauth-authorization-server").send(&server).await;
    assert_eq!(same.text(), answer.text());
    let native = Request::get("/.well-known/oauth-authorization-server/realms/myorg").send(&server).await;
    assert_eq!(native.str("issuer"), base);
}

/// threats 7: where the original is unsafe we are not compatible: a bad escape is 400, a long scope is never dropped.
#[tokio::test]
async fn unsafe_habits_are_not_kept() {
    let server = tutorial().await;
    let grant = format!("grant_type=client_credentials&{CREDENTIALS}");
    assert_eq!(ask(&server, &format!("{grant}&scope=%zz")).await.refusal(), "400 invalid_request");
    let long = "x".repeat(4001);
    assert_eq!(ask(&server, &format!("{grant}&scope={long}")).await.refusal(), "400 invalid_scope");
    let answer = ask(&server, &format!("{grant}&scope=%22%5C%0A%3Cb%3E")).await;
    assert_eq!(answer.str("error_description"), "Invalid scopes: '??<b>");
}

/// dialects a.1: a page of the realm for old adapters: the active RS256 key, whatever else signs.
#[tokio::test]
async fn the_realm_page_has_the_key() {
    let server = tutorial().await;
    let answer = Request::get("/realms/myorg").send(&server).await;
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert!(answer.str("public_key").starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
    assert_eq!(
        answer.str("token-service"),
        format!("{}/realms/myorg/protocol/openid-connect", server.public_url())
    );
}

pub(crate) fn has_their_headers(answer: &Answer) {
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-robots-tag", "none"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
