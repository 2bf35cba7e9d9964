//! Refusals, and what to do next.

use countersign_client::ClientAuth;
use countersign_testkit::issuer::{Document, Reply};
use serde_json::json;

use super::scene::{Scene, refused, take};

/// Where the metadata list the methods and the client's is not among them, the advice says so.
#[tokio::test]
async fn a_method_that_the_server_does_not_take_is_pointed_out() {
    let scene = Scene::new().await;
    let mut metadata = scene.issuer.document(Document::OauthMetadata);
    let auth = || ClientAuth::client_secret_post("svc", "secret".to_owned());
    for (methods, pointed_out) in [
        (json!(["client_secret_basic", "private_key_jwt"]), true),
        (json!(["client_secret_basic", "client_secret_post"]), false),
        (json!([]), false),
        (json!(null), false),
    ] {
        metadata["token_endpoint_auth_methods_supported"] = methods.clone();
        scene.issuer.answer(Document::OauthMetadata, Reply::json(&metadata));
        let error = refused(take(scene.discover().auth(auth())).await);
        assert_eq!(error.error, "invalid_client");
        let advice = error.advice().unwrap();
        let said =
            "proves itself by client_secret_post, and the server takes client_secret_basic, private_key_jwt";
        assert_eq!(advice.contains(said), pointed_out, "{methods}: {advice}");
    }
}

#[tokio::test]
async fn each_refusal_comes_with_advice() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret").scopes("a").targets(&["https://orders.example"]);
    let tokens = || scene.discover().client_secret("svc", "secret".to_owned());
    let error = refused(take(tokens().scope("b")).await);
    assert_eq!(error.error, "invalid_scope");
    assert!(error.advice().unwrap().contains("ask for scopes that the client was granted"));
    let error = refused(take(tokens().resource("https://other.example")).await);
    assert_eq!(error.error, "invalid_target");
    assert!(error.advice().unwrap().contains("character by character"));
}
