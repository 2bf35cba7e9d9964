//! §3, where the metadata stands, and what is in it.

use countersign_proto::admin::NewRealm;
use countersign_testkit::{Request, TestServer};

/// T-8414-01, T-8414-02: both well-known forms answer alike, and the issuer is the one that was asked for.
#[tokio::test]
async fn both_forms_answer_alike() {
    let server = TestServer::start().await;
    server.orders().await;
    let inserted = "/.well-known/oauth-authorization-server/realms/myorg";
    let first = Request::get(inserted).send(&server).await;
    assert_eq!(first.str("issuer"), format!("{}/realms/myorg", server.public_url()));
    for path in [
        "/realms/myorg/.well-known/openid-configuration",
        "/realms/myorg/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/realms/myorg",
    ] {
        let answer = Request::get(path).send(&server).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, first.text()), "{path}");
    }
    let unknown = Request::get("/.well-known/oauth-authorization-server/realms/nowhere").send(&server).await;
    assert_eq!(unknown.status, 404);
}

/// T-8414-01: the metadata of a given issuer stands at its own host, its path inserted, a final slash left out.
#[tokio::test]
async fn a_given_issuer_has_its_own_place() {
    let server = TestServer::start().await;
    for (name, issuer) in [
        ("root", "https://id.example"),
        ("deep", "https://id.example/tenants/a"),
        ("slash", "https://slash.example/x/"),
        ("port", "https://id.example:8443"),
    ] {
        let new = NewRealm { name: name.to_owned(), issuer: Some(issuer.to_owned()), ..NewRealm::default() };
        server.realm(new).await;
    }
    for (host, path, issuer) in [
        ("id.example", "", Some("https://id.example")),
        ("ID.example", "", Some("https://id.example")),
        ("id.example", "/tenants/a", Some("https://id.example/tenants/a")),
        ("id.example:8443", "", Some("https://id.example:8443")),
        ("slash.example", "/x", Some("https://slash.example/x/")),
        ("other.example", "", None),
        ("id.example", "/tenants/b", None),
        ("id.example", "/tenants", None),
    ] {
        let get = |path: String| Request::get(path).header("host", host).send(&server);
        let inserted = get(format!("/.well-known/oauth-authorization-server{path}")).await;
        let appended = get(format!("{path}/.well-known/openid-configuration")).await;
        for answer in [inserted, appended] {
            match issuer {
                Some(issuer) => assert_eq!(answer.str("issuer"), issuer, "{host}{path}"),
                None => assert_eq!(answer.status, 404, "{host}{path}"),
            }
        }
    }
    let forwarded = Request::get("/.well-known/oauth-authorization-server")
        .header("x-forwarded-host", "id.example")
        .header("forwarded", "host=id.example");
    assert_eq!(forwarded.send(&server).await.status, 404, "the host is the request's own");
}

/// T-8414-03, C8: no empty lists but the one that §2 requires; no unregistered member.
#[tokio::test]
async fn lists_are_not_empty() {
    let server = TestServer::start().await;
    server.plain_realm("bare", "rfc9068", None).await;
    let path = "/.well-known/oauth-authorization-server/realms/bare";
    let json = Request::get(path).send(&server).await.json();
    let members = json.as_object().unwrap();
    let known = [
        "issuer",
        "token_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
    ];
    for (name, value) in members {
        assert!(known.contains(&name.as_str()), "{name}");
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        assert_eq!(is_empty, name == "response_types_supported", "{name}");
    }
}

/// T-8414-05: what is advertised works, and what works is advertised.
#[tokio::test]
async fn it_says_what_works() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    let metadata = Request::get("/realms/myorg/.well-known/openid-configuration").send(&server).await.json();
    let path = |member: &str| {
        let url = metadata[member].as_str().unwrap();
        url.strip_prefix(server.public_url()).expect("T-8414-04: under the public URL").to_owned()
    };
    let list = |member: &str| -> Vec<String> {
        metadata[member].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(Request::get(path("jwks_uri")).send(&server).await.status, 200);
    assert_eq!(list("grant_types_supported"), ["client_credentials"]);
    let methods = list("token_endpoint_auth_methods_supported");
    let grant = ("grant_type", "client_credentials");
    let by_body = [grant, ("client_id", "svc"), ("client_secret", &secret)];
    let post = Request::post(path("token_endpoint"));
    for (method, request) in [
        ("client_secret_basic", post.clone().basic("svc", &secret).form(&[grant])),
        ("client_secret_post", post.clone().form(&by_body)),
        ("none", post.clone().form(&[grant, ("client_id", "svc")])),
    ] {
        let works = request.send(&server).await.status == 200;
        assert_eq!(works, methods.iter().any(|m| m == method), "{method}");
    }
    server
        .grant(
            "myorg",
            "svc",
            "https://orders.example",
            &["orders:read", "orders:write", "orders:admin"],
            &[],
        )
        .await;
    for scope in list("scopes_supported") {
        let answer = server.token("myorg", "svc", &secret, &[("scope", &scope)]).await;
        assert_eq!(answer.status, 200, "{scope}");
    }
    assert!(!list("scopes_supported").contains(&"realm:write".to_owned()));
}
