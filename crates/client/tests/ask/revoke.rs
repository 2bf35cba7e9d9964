//! Tokens given back (RFC 7009).

use countersign_client::{TokenCache, TokenError};
use countersign_testkit::issuer::{Document, Reply};

use super::scene::{Scene, refused, setting};

/// RFC 7009 §2.1: the token as a form, the client as at the token endpoint; and it is not handed out again, here or by
/// another process.
#[tokio::test]
async fn a_token_that_was_revoked_is_not_used_again() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret");
    let folder = tempfile::tempdir().unwrap();
    let tokens = || {
        let cache = TokenCache::on_disk(folder.path().join("tokens")).unwrap();
        scene.discover().client_secret("svc", "secret".to_owned()).cache(cache).build_unasked().unwrap()
    };
    let first = tokens().token().await.unwrap();
    let source = tokens();
    let token = source.token().await.unwrap();
    assert_eq!(token.expose(), first.expose());
    source.revoke(&token).await.unwrap();
    let sent = scene.issuer.received(Document::Revocation).pop().unwrap();
    let expected = [("token", token.expose()), ("token_type_hint", "access_token")];
    assert_eq!(sent.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(sent.header("authorization").unwrap().starts_with("Basic "));
    assert_ne!(source.token().await.unwrap().expose(), token.expose());
    assert_ne!(tokens().token().await.unwrap().expose(), token.expose());
    assert_eq!(scene.asked().len(), 2);
}

/// T-7009-05: a server that cannot revoke now says when; the token may still be good then.
#[tokio::test]
async fn failures_are_told_by_blame() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("svc").secret("secret");
    let secret = "secret".to_owned();
    let tokens = scene.discover().client_secret("svc", secret.clone()).build().await.unwrap();
    let token = tokens.token().await.unwrap();
    let answer = |reply| scene.issuer.answer(Document::Revocation, reply);
    answer(Reply::status(503).header("retry-after", "3"));
    let error = tokens.revoke(&token).await.unwrap_err();
    assert_eq!(error.retry_after().map(|after| after.as_secs()), Some(3));
    assert!(matches!(error, TokenError::Unreachable(_)));
    answer(Reply::status(400).body("application/json", r#"{"error":"unsupported_token_type"}"#));
    assert_eq!(refused(tokens.revoke(&token).await).error, "unsupported_token_type");
    for odd in [Reply::status(404), Reply::status(302).header("location", "/"), Reply::status(204)] {
        answer(odd);
        assert_eq!(setting(tokens.revoke(&token).await), "revocation_endpoint");
    }
    scene.issuer.restore(Document::Revocation);

    let tokens = scene.at().client_secret("svc", secret.clone()).build_unasked().unwrap();
    assert_eq!(setting(tokens.revoke(&token).await), "revocation_endpoint");
    let place = scene.issuer.url(Document::Revocation);
    let tokens = scene.at().revocation_endpoint(place).client_secret("svc", secret).build_unasked().unwrap();
    tokens.revoke(&token).await.unwrap();
}
