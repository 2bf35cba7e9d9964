//! What holds for every URL of the admin API: tokens, media types, sizes, methods, caching, request ids.

use countersign_testkit::Request;
use http::Method;
use serde_json::json;

use crate::harness::Server;

/// T-6750-01, -02, -03, -04, -05, -06: without a token nothing is told, whatever the URL.
#[tokio::test]
async fn no_token_no_answer() {
    let server = Server::start().await;
    let root = server.root().await;
    for path in ["/realms", "/realms/system", "/realms/nope", "/realms/system/clients/root", "/nothing", ""] {
        let uri = format!("/admin/v1{path}");
        let answer = server.send(Request::get(&uri)).await;
        answer.problem(401, "");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let token = &root.token;
        let query = server.send(Request::get(format!("{uri}?access_token={token}"))).await;
        assert_eq!(query.status, 401);
        for bad in [&token[..token.len() - 2], "x", "a.b.c", "", &format!("{token}x")] {
            let answer = server.send(Request::get(&uri).bearer(bad)).await;
            answer.problem(401, "");
            assert!(answer.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{bad}");
        }
        let basic = Request::get(&uri).header("authorization", "Basic cm9vdDpyb290");
        server.send(basic).await.problem(401, "");
    }
    let form = Request::post("/admin/v1/realms").raw_form(&format!("access_token={}", root.token));
    server.send(form).await.problem(401, "");
    let twice = Request::get("/admin/v1/realms").bearer(&root.token).bearer(&root.token);
    server.send(twice).await.problem(400, "");
    let odd_case =
        Request::get("/admin/v1/realms").header("authorization", &format!("bEARER {}", root.token));
    server.send(odd_case).await.expect(200);
}

/// A token ends, also here, once the leeway for clocks of other nodes has passed.
#[tokio::test]
async fn an_expired_token_is_no_token() {
    let server = Server::start().await;
    let root = server.root().await;
    server.clock().advance(3599);
    root.get("/realms").await.expect(200);
    server.clock().advance(61);
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
    let head = root.call(Method::HEAD, "/realms/system", &[], None).await;
    assert!(head.status.is_success() && head.text.is_empty() && !head.header("etag").is_empty());
}

/// Bodies are JSON, of at most 64 KiB, without a member twice, without one that is unknown.
#[tokio::test]
async fn bodies_are_strict() {
    let server = Server::start().await;
    let root = server.root().await;
    let post = |media_type: &str, body: &str| {
        let request = Request::post("/admin/v1/realms").bearer(&root.token);
        server.send(request.body(media_type, body.to_owned()))
    };
    for other in ["", "text/plain", "application/x-www-form-urlencoded", "application/merge-patch+json"] {
        post(other, r#"{"name":"r"}"#).await.problem(415, "");
    }
    let coded = Request::post("/admin/v1/realms").bearer(&root.token).header("content-encoding", "gzip");
    server.send(coded.json(&json!({ "name": "r" }))).await.problem(415, "");
    let json = "application/json";
    post(json, r#"{"name":"r","name":"r"}"#).await.problem(400, "name");
    for bad in ["{", "[]", "null", r#"{"name":"r"}x"#] {
        post(json, bad).await.problem(400, "");
    }
    post(json, r#"{"name":"r","nmae":1}"#).await.problem(400, "nmae");
    post(json, "").await.problem(400, "name");
    post(json, &format!(r#"{{"name":"{}"}}"#, "r".repeat(64 * 1024))).await.problem(413, "");
    let fits = format!(r#"{{"name":"r"{}}}"#, " ".repeat(64 * 1024 - 12));
    assert_eq!(fits.len(), 64 * 1024);
    post("Application/JSON; charset=utf-8", &fits).await.expect(201);
    server.send(Request::new(Method::PATCH, "/admin/v1/realms/r").bearer(&root.token)).await.problem(415, "");
    let put = Request::new(Method::PUT, "/admin/v1/realms/r/clients/x/grants/default").bearer(&root.token);
    server.send(put.body(json, "")).await.problem(400, "");
}

/// Root's way in: a token without further parameters is for the admin API of `system`.
#[tokio::test]
async fn root_needs_no_parameters() {
    let server = Server::start().await;
    let token = server.token("system", "root", server.root_secret(), "").await.expect(200);
    let claims = crate::harness::claims(&token);
    assert!(claims["aud"].as_str().unwrap().ends_with("/realms/system/admin"));
    assert_eq!(token["scope"].as_str().unwrap().split(' ').count(), 9);
    let root = server.with(token["access_token"].as_str().unwrap());
    let shown = root.get("/realms/system/clients/root").await.expect(200);
    assert_eq!(shown["grants"].as_array().unwrap().len(), 1, "root's only grant");
}
