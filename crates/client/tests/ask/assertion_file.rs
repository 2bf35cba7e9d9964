//! Assertions that somebody else keeps in a file.

use countersign_testkit::TestIssuer;

use super::scene::{Scene, refused, setting, take};

/// RFC 7521 §4.2, RFC 7523 §2.2: a projected token of Kubernetes and a JWT-SVID, read anew for each request.
#[tokio::test]
async fn the_assertion_is_sent_as_it_is_now() {
    let scene = Scene::new().await;
    let platform = TestIssuer::with().clock(scene.clock.clone()).start().await;
    let pod = "system:serviceaccount:shop:orders";
    let _ = scene.issuer.client("svc").trusts(&platform, pod).trusts(&platform, "spiffe://x/orders");
    let audience = scene.issuer.issuer();
    let first = platform.kubernetes("shop", "orders", audience).token();
    let path = scene.file("token", &format!("{first}\n"));
    let tokens = scene.discover().assertion_file(None, &path).build().await.unwrap();
    tokens.token().await.unwrap();
    let sent = scene.last();
    assert_eq!(sent.parameter("client_assertion"), Some(first));
    assert_eq!(sent.parameter("client_id"), None);
    let second = platform.spiffe("spiffe://x/orders", audience).token();
    std::fs::write(&path, &second).unwrap();
    scene.clock.advance(250);
    tokens.token().await.unwrap();
    scene.clock.advance(49);
    tokens.token().await.unwrap();
    assert_eq!(scene.last().parameter("client_assertion"), Some(second));

    take(scene.discover().assertion_file(Some("svc".to_owned()), &path)).await.unwrap();
    assert_eq!(scene.last().parameter("client_id").as_deref(), Some("svc"));
    refused(take(scene.discover().assertion_file(Some("other".to_owned()), &path)).await);
}

/// What is no JWT is not sent anywhere: it may be another secret.
#[tokio::test]
async fn another_file_is_not_sent() {
    let scene = Scene::new().await;
    let path = scene.file("token", "root:x:0:0\n");
    assert_eq!(setting(take(scene.discover().assertion_file(None, &path)).await), "assertion_file");
    assert_eq!(
        setting(take(scene.discover().assertion_file(None, path.with_file_name("no"))).await),
        "assertion_file"
    );
    assert_eq!(scene.asked().len(), 0);
}
