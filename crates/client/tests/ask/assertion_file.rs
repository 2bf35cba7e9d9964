//! Assertions that somebody else keeps in a file.

use countersign_client::TokenCache;
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

/// Threats 4 "wrong tenant's token": the file alone says who the client is, so that its token is nobody else's, though the
/// path be one and the cache too; with an id it is the id's.
#[tokio::test]
async fn a_path_is_nobodys_name() {
    let scene = Scene::new().await;
    let platform = TestIssuer::with().clock(scene.clock.clone()).start().await;
    for name in ["one", "two"] {
        let subject = format!("system:serviceaccount:shop:{name}");
        let _ = scene.issuer.client(name).trusts(&platform, &subject);
    }
    let folder = tempfile::tempdir().unwrap();
    let memory = TokenCache::default();
    for disk in [true, false] {
        let cache = || {
            if disk { TokenCache::on_disk(folder.path().join("tokens")).unwrap() } else { memory.clone() }
        };
        let mut taken = Vec::new();
        for name in ["one", "two"] {
            let assertion = platform.kubernetes("shop", name, scene.issuer.issuer()).token();
            let path = scene.file("token", &assertion);
            let before = scene.asked().len();
            let token = take(scene.discover().assertion_file(None, &path).cache(cache())).await.unwrap();
            assert_eq!(scene.asked().len(), before + 1, "{name}");
            taken.push(token.expose().to_owned());
            let known = || scene.discover().assertion_file(Some(name.to_owned()), &path).cache(cache());
            take(known()).await.unwrap();
            take(known()).await.unwrap();
            assert_eq!(scene.asked().len(), before + 2, "{name}");
        }
        assert_ne!(taken[0], taken[1]);
    }
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
