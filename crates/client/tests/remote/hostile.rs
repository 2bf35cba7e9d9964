//! Answers that are not keys: each leaves the keys that there are, says why, and costs little.

use countersign_client::JwksSettings;
use countersign_proto::jose::keys::KeyError;

use super::issuer::{
    Issuer, KEY, KEYS, METADATA, OIDC, Reply, find, json, key_set, keys, later, seconds, status, unknown,
};

/// Threats 2 "JWKS answers: 100 MB, slow drip, 10k keys, gzip bomb, wrong content type, private keys inside", and
/// redirects.
#[tokio::test]
async fn bad_keys_change_nothing() {
    let many: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let body = || key_set(&["x"]).into_bytes();
    let json_type = "content-type: application/json\r\n";
    for (name, reply, why) in [
        ("not found", status(404), "status 404"),
        ("ill", status(500), "status 500"),
        ("no content", Reply::Say(204, json_type, Vec::new()), "status 204"),
        (
            "redirect",
            Reply::Say(302, "location: /other\r\n", body()),
            "status 302 Found: redirects are not followed, so give the URL",
        ),
        ("permanent redirect", Reply::Say(308, "location: https://8.8.8.8/\r\n", body()), "status 308"),
        ("hang up", Reply::HangUp, "no answer from"),
        ("garbage", json("{]"), "JSON"),
        ("empty", json(""), "JSON"),
        ("no set", json("{}"), "keys"),
        ("html", Reply::Say(200, "content-type: text/html\r\n", body()), "it is text/html"),
        ("text", Reply::Say(200, "content-type: text/plain\r\n", body()), "it is text/plain"),
        ("untyped", Reply::Say(200, "", body()), "no media type"),
        (
            "gzip",
            Reply::Say(200, "content-type: application/json\r\ncontent-encoding: gzip\r\n", GZIP.to_vec()),
            "encoded as gzip",
        ),
        ("10,000 keys", keys(&many), "larger than 262144 bytes"),
        ("65 keys", keys(&many[..65]), "more than 64 keys"),
        ("private", json(&format!(r#"{{"keys":[{{{KEY},"kid":"x","d":"AAAA"}}]}}"#)), "private members"),
        ("one kid twice", keys(&["x", "x"]), "same kid"),
        ("one member twice", json(&format!(r#"{{"keys":[{{{KEY},"kid":"x","kid":"y"}}]}}"#)), "kid"),
        ("100 MB", Reply::Flood, "larger than 262144 bytes"),
    ] {
        let issuer = Issuer::start().await;
        issuer.reply("/other", keys(&["x"]));
        let remote = issuer.keys();
        remote.ready().await;
        issuer.reply(KEYS, reply.clone());
        later(seconds(31)).await;
        assert!(remote.refresh().await, "{name}");
        let error = remote.state().error.unwrap_or_default();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!((find(&remote, "a"), find(&remote, "x")), (Ok(()), unknown("x")), "{name}");
        assert_eq!(remote.generation(), Some(1), "{name}");
        assert_eq!(issuer.count("/other"), 0, "{name}");
        // and with nothing before it, nothing is there
        let remote = issuer.keys();
        assert!(remote.refresh().await, "{name}");
        assert_eq!(find(&remote, "x"), Err(KeyError::Unavailable), "{name}");
        assert!(remote.state().error.unwrap_or_default().contains(why), "{name}");
    }
}

/// Threats 2 "slow drip": bytes that go on coming do not keep a fetch alive.
#[tokio::test]
async fn a_slow_drip_ends_at_the_bound() {
    let issuer = Issuer::start().await;
    for path in [KEYS, METADATA] {
        issuer.reply(path, Reply::Drip);
        let before = issuer.count(path);
        let remote = issuer.keys();
        let waiting = tokio::spawn({
            let remote = remote.clone();
            async move { remote.refresh().await }
        });
        issuer.asked(path, before + 1).await;
        for _ in 0..9 {
            later(seconds(1)).await;
        }
        assert!(!waiting.is_finished());
        later(seconds(2)).await;
        assert!(waiting.await.unwrap());
        assert_eq!(remote.state().error.as_deref(), Some("metadata and keys did not come within 10s"));
    }
}

/// Keys of other kinds are left out; a set with none that can be used takes the former ones away, for the issuer took
/// them back, and is nothing to be ready with.
#[tokio::test]
async fn mixed_kinds_and_sets_without_a_key() {
    let issuer = Issuer::start().await;
    let others = r#"{"kty":"oct","kid":"o"},{"kty":"AKP","alg":"ML-DSA-44","pub":"AA","kid":"q"},{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"r"}"#;
    issuer.reply(KEYS, json(&format!(r#"{{"keys":[{others},{{{KEY},"kid":"a"}}]}}"#)));
    let remote = issuer.keys();
    remote.ready().await;
    assert_eq!((find(&remote, "a"), find(&remote, "o")), (Ok(()), unknown("o")));
    for none in [r#"{"keys":[]}"#.to_owned(), format!(r#"{{"keys":[{others}]}}"#)] {
        issuer.reply(KEYS, json(&none));
        later(seconds(31)).await;
        assert!(remote.refresh().await);
        assert_eq!(find(&remote, "a"), Err(KeyError::Unavailable));
        let state = remote.state();
        assert_eq!((state.generation, state.keys), (None, 0));
        assert!(state.error.unwrap().contains("the set has no key"));
    }
    issuer.reply(KEYS, keys(&["a"]));
    later(seconds(31)).await;
    remote.ready().await;
    assert_eq!(find(&remote, "a"), Ok(()));
}

/// T-8414-02: another issuer's metadata are discarded, however alike the names are.
#[tokio::test]
async fn the_issuer_is_compared_character_by_character() {
    let issuer = Issuer::start().await;
    for other in [
        format!("{}/", issuer.url),
        format!("{}/realms/x", issuer.url),
        issuer.url.replace("http:", "HTTP:"),
        issuer.url.replace("127.0.0.1", "localhost"),
        format!("{}\\u0000", issuer.url),
        String::new(),
    ] {
        issuer.reply(METADATA, json(&issuer.metadata(KEYS).replacen(&issuer.url, &other, 1)));
        let remote = issuer.keys();
        assert!(remote.refresh().await);
        let error = remote.state().error.unwrap();
        assert!(error.contains("is the metadata of another issuer"), "{error}");
    }
    for (wrong, why) in [
        ("[]", "no metadata of an authorization server"),
        (r#"{"jwks_uri":"x"}"#, "missing field `issuer`"),
        (r#"{"issuer":["x"],"jwks_uri":"x"}"#, "invalid type"),
        (r#"{"issuer":"x","issuer":"x","jwks_uri":"x"}"#, "duplicate field"),
        (&issuer.metadata(KEYS).replace("jwks_uri", "other"), "names no jwks_uri"),
    ] {
        issuer.reply(METADATA, json(wrong));
        let remote = issuer.keys();
        assert!(remote.refresh().await);
        let error = remote.state().error.unwrap();
        assert!(error.contains(why), "{error}");
    }
    assert_eq!((issuer.count(KEYS), issuer.count(OIDC)), (0, 0));
}

/// Threats 2 "JWKS URL scheme `file:`, `http:`, `data:`; IPv6 `::`, v4-mapped, 169.254.169.254, decimal IPs": what the
/// metadata name is not called, and the guard says why.
#[tokio::test]
async fn metadata_lead_to_no_place_inside() {
    let issuer = Issuer::start().await;
    let port = issuer.url.rsplit(':').next().unwrap().to_owned();
    for (uri, why) in [
        ("file:///etc/passwd".to_owned(), "no absolute https URL"),
        (r#"data:application/json,{\"keys\":[]}"#.to_owned(), "no absolute https URL"),
        (format!("http://localhost:{port}/keys"), "https URLs alone"),
        ("http://169.254.169.254/keys".to_owned(), "https URLs alone"),
        ("https://169.254.169.254/keys".to_owned(), "led to 169.254.169.254"),
        ("https://2852039166/keys".to_owned(), "led to 169.254.169.254"),
        ("https://0xa9fea9fe/keys".to_owned(), "led to 169.254.169.254"),
        ("https://0251.0376.0251.0376/keys".to_owned(), "led to 169.254.169.254"),
        ("https://[::]/keys".to_owned(), "led to ::"),
        ("https://[::ffff:127.0.0.1]/keys".to_owned(), "led to ::ffff:127.0.0.1"),
        ("https://[64:ff9b::a9fe:a9fe]/keys".to_owned(), "led to 64:ff9b::a9fe:a9fe"),
        ("https://10.1.2.3/keys".to_owned(), "led to 10.1.2.3"),
        // a name: judged by what it resolves to when it is called
        (format!("https://localhost:{port}/keys"), "which is no public address"),
    ] {
        issuer.reply(METADATA, json(&format!(r#"{{"issuer":"{}","jwks_uri":"{uri}"}}"#, issuer.url)));
        let remote = issuer.keys();
        assert!(remote.refresh().await);
        let error = remote.state().error.unwrap();
        assert!(error.contains(why), "{uri}: {error}");
        assert!(!remote.is_ready());
    }
    assert_eq!(issuer.count(KEYS), 0);
}

/// An issuer that an operator mistyped is told of at once.
#[tokio::test]
async fn an_issuer_that_is_not_called_is_an_error_of_configuration() {
    use countersign_client::{Endpoint, EndpointError, HttpClient, RemoteJwks};
    for (issuer, why) in [
        ("http://issuer.example", EndpointError::PlainHttp),
        ("issuer.example", EndpointError::Syntax),
        ("https://u@issuer.example", EndpointError::Credentials),
    ] {
        let made = RemoteJwks::discover(
            HttpClient::default().into(),
            issuer,
            Endpoint::parse,
            JwksSettings::default(),
        );
        assert_eq!(made.err(), Some(why));
    }
}

/// `{}` in gzip.
const GZIP: [u8; 22] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 171, 174, 5, 0, 67, 191, 166, 163, 2, 0, 0, 0];
