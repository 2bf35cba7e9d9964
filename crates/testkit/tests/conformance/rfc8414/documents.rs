//! Keys and metadata as documents: caches, browsers, other methods.

use countersign_testkit::{Request, TestServer};
use http::Method;

const DOCUMENTS: [&str; 4] = [
    "/realms/myorg/oauth2/jwks",
    "/.well-known/oauth-authorization-server/realms/myorg",
    "/realms/myorg/.well-known/openid-configuration",
    "/realms/myorg/.well-known/oauth-authorization-server",
];

/// Issue 3, item 6: an ETag that is answered with 304, a Cache-Control, and HEAD.
#[tokio::test]
async fn documents_can_be_kept() {
    let server = TestServer::start().await;
    server.orders().await;
    for path in DOCUMENTS {
        let answer = Request::get(path).send(&server).await;
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        assert!(answer.header("cache-control").unwrap().starts_with("public, max-age=300"), "{path}");
        let etag = answer.header("etag").unwrap();
        for known in [etag, "*", &format!("\"x\", W/{etag}")] {
            let again = Request::get(path).header("if-none-match", known).send(&server).await;
            assert_eq!((again.status.as_u16(), again.text()), (304, ""), "{path} {known}");
            assert_eq!(again.header("etag"), Some(etag));
        }
        let other = Request::get(path).header("if-none-match", "\"x\"").send(&server).await;
        assert_eq!(other.status, 200);
        let head = Request::new(Method::HEAD, path).send(&server).await;
        assert_eq!((head.status.as_u16(), head.text()), (200, ""), "{path}");
        assert_eq!(head.header("content-length"), Some(answer.body.len().to_string().as_str()));
        let post = Request::post(path).send(&server).await;
        assert_eq!(post.status, 405, "{path}");
    }
}

/// Issue 3, item 6: pages of any origin may read them, without credentials; nothing else says so.
#[tokio::test]
async fn documents_are_for_every_origin_and_nothing_else_is() {
    let server = TestServer::start().await;
    let secret = server.orders().await;
    for path in DOCUMENTS {
        let answer = Request::get(path).header("origin", "https://evil.example").send(&server).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let preflight = Request::new(Method::OPTIONS, path)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "GET");
        let preflight = preflight.send(&server).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-methods"), Some("GET, HEAD"));
    }
    let token = Request::post("/realms/myorg/oauth2/token")
        .header("origin", "https://evil.example")
        .basic("svc", &secret)
        .raw_form("grant_type=client_credentials");
    let token = token.send(&server).await;
    assert_eq!((token.status.as_u16(), token.header("access-control-allow-origin")), (200, None));
    for path in ["/admin/v1/realms", "/nowhere", "/realms/myorg/oauth2/token"] {
        let options = Request::new(Method::OPTIONS, path).header("origin", "https://evil.example");
        assert_eq!(options.send(&server).await.header("access-control-allow-origin"), None, "{path}");
    }
}

/// Design rule 12: a new key is in the JWKS on the next request, under another ETag, and the old one stays.
#[tokio::test]
async fn a_new_key_is_published_at_once() {
    let server = TestServer::start().await;
    server.orders().await;
    let before = Request::get(DOCUMENTS[0]).send(&server).await;
    let by = countersign_issuer::admin::Administrator::offline("test");
    server.issuer().create_key(&by, "myorg", Default::default()).await.unwrap();
    let after = Request::get(DOCUMENTS[0]).send(&server).await;
    assert_ne!(before.header("etag"), after.header("etag"));
    let kids = |answer: &countersign_testkit::Answer| -> Vec<String> {
        let json = answer.json();
        json["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((kids(&before).len(), kids(&after).len()), (1, 2));
    assert!(kids(&after).contains(&kids(&before)[0]));
}
