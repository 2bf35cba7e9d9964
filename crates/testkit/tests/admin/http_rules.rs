//! What holds for every URL of the admin API: tokens, media types, sizes, methods, caching, request ids.

use http::Request;
use serde_json::json;

use crate::harness::{Answer, ROOT_SECRET, Server};

async fn raw(server: &Server, request: http::request::Builder, body: &str) -> Answer {
    server.send(request.body(body.to_owned().into()).unwrap()).await
}

/// T-6750-01, -02, -03, -04, -05, -06: without a token nothing is told, whatever the URL.
#[tokio::test]
async fn no_token_no_answer() {
    let server = Server::start().await;
    let root = server.root().await;
    for path in ["/realms", "/realms/system", "/realms/nope", "/realms/system/clients/root", "/nothing", ""] {
        let uri = format!("/admin/v1{path}");
        let answer = raw(&server, Request::get(&uri), "").await;
        answer.problem(401, "");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let token = &root.token;
        let query = raw(&server, Request::get(format!("{uri}?access_token={token}")), "").await;
        assert_eq!(query.status, 401);
        for bad in [&token[..token.len() - 2], "x", "a.b.c", "", &format!("{token}x")] {
            let answer =
                raw(&server, Request::get(&uri).header("authorization", format!("Bearer {bad}")), "").await;
            answer.problem(401, "");
            assert!(answer.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{bad}");
        }
        let basic = Request::get(&uri).header("authorization", "Basic cm9vdDpyb290");
        raw(&server, basic, "").await.problem(401, "");
    }
    let form = Request::post("/admin/v1/realms").header("content-type", "application/x-www-form-urlencoded");
    raw(&server, form, &format!("access_token={}", root.token)).await.problem(401, "");
    let twice = Request::get("/admin/v1/realms")
        .header("authorization", format!("Bearer {}", root.token))
        .header("authorization", format!("Bearer {}", root.token));
    raw(&server, twice, "").await.problem(400, "");
    let odd_case = Request::get("/admin/v1/realms").header("authorization", format!("bEARER {}", root.token));
    raw(&server, odd_case, "").await.expect(200);
}

/// A token ends, also here, once the leeway for clocks of other nodes has passed.
#[tokio::test]
async fn an_expired_token_is_no_token() {
    let server = Server::start().await;
    let root = server.root().await;
    server.clock.advance(3599);
    root.get("/realms").await.expect(200);
    server.clock.advance(61);
    root.get("/realms").await.problem(401, "");
}

/// Every answer names its request and is kept by no cache.
#[tokio::test]
async fn every_answer_has_an_id_and_no_cache() {
    let server = Server::start().await;
    let root = server.root().await;
    let mut ids = std::collections::HashSet::new();
    let missing = server.with("x").get("/realms").await;
    for answer in [
        root.get("/realms").await,
        root.post("/realms", json!({ "name": "r" })).await,
        root.post("/realms", json!({ "name": "r" })).await,
        root.delete("/realms/r").await,
        root.delete("/realms/r").await,
        root.get("/nowhere").await,
        missing,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
        assert!(
            ids.insert(answer.header("x-request-id").to_owned()) && !answer.header("x-request-id").is_empty()
        );
        assert_eq!(answer.headers.get("access-control-allow-origin"), None);
    }
}

/// Unknown URLs and methods are problems, too; HEAD is GET without the body.
#[tokio::test]
async fn urls_and_methods() {
    let server = Server::start().await;
    let root = server.root().await;
    root.get("/nowhere").await.problem(404, "");
    root.get("/realms/system/nowhere").await.problem(404, "");
    root.get("/realms/").await.problem(404, "");
    let answer = root.put("/realms", json!({})).await;
    answer.problem(405, "");
    let mut allowed: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    root.post("/realms/system", json!({})).await.problem(405, "");
    let head = root.call(http::Method::HEAD, "/realms/system", &[], None).await;
    assert!(head.status.is_success() && head.text.is_empty() && !head.header("etag").is_empty());
}

/// Bodies are JSON, of at most 64 KiB, without a member twice, without one that is unknown.
#[tokio::test]
async fn bodies_are_strict() {
    let server = Server::start().await;
    let root = server.root().await;
    let post = |content_type: &'static str| {
        let request =
            Request::post("/admin/v1/realms").header("authorization", format!("Bearer {}", root.token));
        if content_type.is_empty() { request } else { request.header("content-type", content_type) }
    };
    for other in ["", "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"] {
        raw(&server, post(other), r#"{"name":"r"}"#).await.problem(415, "");
    }
    let coded = post("application/json").header("content-encoding", "gzip");
    raw(&server, coded, r#"{"name":"r"}"#).await.problem(415, "");
    let json = "application/json";
    raw(&server, post(json), r#"{"name":"r","name":"r"}"#).await.problem(400, "name");
    for bad in ["{", "[]", "null", r#"{"name":"r"}x"#] {
        raw(&server, post(json), bad).await.problem(400, "");
    }
    raw(&server, post(json), r#"{"name":"r","nmae":1}"#).await.problem(400, "nmae");
    raw(&server, post(json), "").await.problem(400, "name");
    let large = format!(r#"{{"name":"{}"}}"#, "r".repeat(64 * 1024));
    raw(&server, post(json), &large).await.problem(413, "");
    let fits = format!(r#"{{"name":"r"{}}}"#, " ".repeat(64 * 1024 - 12));
    assert_eq!(fits.len(), 64 * 1024);
    raw(&server, post("Application/JSON; charset=utf-8"), &fits).await.expect(201);
    let patch =
        Request::patch("/admin/v1/realms/r").header("authorization", format!("Bearer {}", root.token));
    raw(&server, patch, "").await.problem(415, "");
    let put = Request::put("/admin/v1/realms/r/clients/x/grants/default")
        .header("authorization", format!("Bearer {}", root.token))
        .header("content-type", json);
    raw(&server, put, "").await.problem(400, "");
}

/// Root's way in: a token without further parameters is for the admin API of `system`.
#[tokio::test]
async fn root_needs_no_parameters() {
    let server = Server::start().await;
    let token = server.token("system", "root", ROOT_SECRET, "").await.expect(200);
    let claims = crate::harness::claims(&token);
    assert!(claims["aud"].as_str().unwrap().ends_with("/realms/system/admin"));
    assert_eq!(token["scope"].as_str().unwrap().split(' ').count(), 9);
    let root = server.with(token["access_token"].as_str().unwrap());
    let shown = root.get("/realms/system/clients/root").await.expect(200);
    assert_eq!(shown["grants"].as_array().unwrap().len(), 1, "root's only grant");
}
