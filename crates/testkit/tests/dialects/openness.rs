//! A dialect answers only in realms whose `dialects` name it; all else is 404.

use countersign_proto::admin::{Change, NewRealm, RealmPatch};
use countersign_testkit::{Request, TestServer};
use http::Method;

const URLS: [(&str, Method, &str); 12] = [
    ("keycloak", Method::POST, "/realms/r/protocol/openid-connect/token"),
    ("keycloak", Method::GET, "/realms/r/protocol/openid-connect/certs"),
    ("keycloak", Method::GET, "/realms/r"),
    ("keycloak", Method::GET, "/auth/realms/r/.well-known/openid-configuration"),
    ("auth0", Method::POST, "/oauth/token"),
    ("auth0", Method::GET, "/.well-known/jwks.json"),
    ("auth0", Method::GET, "/.well-known/openid-configuration"),
    ("fidesops", Method::POST, "/api/v1/oauth/token"),
    ("fidesops", Method::GET, "/api/v1/oauth/client"),
    ("fidesops", Method::GET, "/api/v1/oauth/client/x"),
    ("fidesops", Method::GET, "/api/v1/oauth/client/x/scope"),
    ("fidesops", Method::GET, "/api/v1/oauth/scope"),
];

const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH];

/// Issue 3, item 5: opened by name, closed by name, and none open unless named.
#[tokio::test]
async fn closed_dialects_are_not_there() {
    let server = TestServer::with().default_realm("r").start().await;
    server.plain_realm("r", "rfc9068", None).await;
    for open in [None, Some("keycloak"), Some("auth0"), Some("fidesops")] {
        let dialects = Change::Set(open.iter().map(|&dialect| dialect.to_owned()).collect());
        server.update_realm("r", RealmPatch { dialects, ..RealmPatch::default() }).await;
        for (dialect, method, url) in URLS {
            for other in METHODS.into_iter().filter(|_| open != Some(dialect)) {
                let answer = Request::new(other.clone(), url)
                    .header("origin", "https://x.example")
                    .send(&server)
                    .await;
                assert_eq!(answer.status, 404, "{other} {url} while {open:?} is open");
                for name in ["allow", "access-control-allow-origin", "access-control-allow-methods"] {
                    assert_eq!(answer.header(name), None, "{name} of {other} {url}");
                }
            }
            let answer = Request::new(method, url).send(&server).await;
            assert_eq!(answer.status != 404, open == Some(dialect), "{url} while {open:?} is open");
            assert!(!answer.text().contains("Realm does not exist"), "{url}: it does");
        }
    }
}

/// RFC 9110 §15.5.6: a 405 names the methods that its URL takes, and just those.
#[tokio::test]
async fn open_dialects_name_their_methods() {
    let server = TestServer::with().default_realm("r").start().await;
    server.plain_realm("r", "rfc9068", None).await;
    for (dialect, _, url) in
        URLS.into_iter().chain([("fidesops", Method::POST, "/api/v1/oauth/client/x/secret")])
    {
        let dialects = Change::Set(vec![dialect.to_owned()]);
        server.update_realm("r", RealmPatch { dialects, ..RealmPatch::default() }).await;
        let (mut taken, mut named) = (Vec::new(), Vec::new());
        for method in METHODS {
            let answer = Request::new(method.clone(), url).send(&server).await;
            match answer.status.as_u16() {
                405 => named.push(answer.header("allow").unwrap_or_default().to_owned()),
                _ => taken.push(method.to_string()),
            }
        }
        assert!(!named.is_empty(), "{url} takes everything");
        for allow in named {
            let mut methods: Vec<_> = allow.split(',').collect();
            methods.sort_unstable();
            taken.sort_unstable();
            assert_eq!(methods, taken, "{dialect}: {url}");
        }
    }
}

/// A slip in a native URL is answered in our own words: Keycloak's would send its caller hunting in the wrong place.
#[tokio::test]
async fn slips_in_native_urls_are_told_in_our_words() {
    let server = TestServer::start().await;
    server.plain_realm("r", "rfc9068", None).await;
    for path in [
        "/realms/r",
        "/realms/r/",
        "/realms/r/oauth2/tokens",
        "/realms/r/oauth2/token/",
        "/realms/nope/oauth2/x",
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = Request::new(method, path).send(&server).await;
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{path}: {}",
                answer.text()
            );
        }
    }
}

/// Issue 3, item 5: root-level URLs mean the realm of the exact host, else the default realm, else nothing; no header
/// of a proxy names a host.
#[tokio::test]
async fn root_urls_follow_the_host() {
    let server = TestServer::with().default_realm("fallback").start().await;
    for (name, hosts) in [("fallback", vec![]), ("a", vec!["a.example"]), ("b", vec!["b.example:8443"])] {
        let new = NewRealm {
            name: name.to_owned(),
            profile: Some("auth0".to_owned()),
            hosts: Some(hosts.into_iter().map(str::to_owned).collect()),
            ..NewRealm::default()
        };
        server.realm(new).await;
    }
    let at = |host: &'static str| {
        Request::get("/.well-known/openid-configuration")
            .header("host", host)
            .header("x-forwarded-host", "b.example:8443")
            .send(&server)
    };
    let fallback = format!("{}/realms/fallback", server.public_url());
    for (host, issuer) in [
        ("a.example", "https://a.example/"),
        ("A.Example", "https://a.example/"),
        ("b.example:8443", "https://b.example:8443/"),
        ("a.example:8443", &fallback),
        ("b.example", &fallback),
        ("evil.a.example", &fallback),
    ] {
        assert_eq!(at(host).await.str("issuer"), issuer, "{host}");
    }
}

/// RFC 8414 §2: what the metadata of an issuer at a root names is there, also where nobody said its host; a host that
/// somebody said is that realm's.
#[tokio::test]
async fn a_root_issuer_has_its_host() {
    let server = TestServer::with().default_realm("fallback").start().await;
    for (name, profile, issuer, hosts) in [
        ("fallback", "auth0", None, vec![]),
        ("root", "auth0", Some("https://root.example"), vec![]),
        ("taken", "auth0", Some("https://taken.example/"), vec!["other.example"]),
        ("bound", "auth0", None, vec!["bound.example", "taken.example"]),
        ("below", "auth0", Some("https://below.example/path"), vec![]),
        ("closed", "rfc9068", Some("https://closed.example"), vec![]),
    ] {
        let new = NewRealm {
            name: name.to_owned(),
            profile: Some(profile.to_owned()),
            issuer: issuer.map(str::to_owned),
            hosts: Some(hosts.into_iter().map(str::to_owned).collect()),
            ..NewRealm::default()
        };
        server.realm(new).await;
    }
    let keys = async |host: &'static str| {
        let answer = Request::get("/.well-known/jwks.json").header("host", host).send(&server).await;
        assert_eq!(answer.status, 200, "{host}");
        answer.json()["keys"][0]["kid"].clone()
    };
    let fallback = keys("nobody.example").await;
    for host in ["below.example", "closed.example"] {
        assert_eq!(keys(host).await, fallback, "{host}");
    }
    for host in ["root.example", "other.example", "bound.example"] {
        assert_ne!(keys(host).await, fallback, "{host}");
    }
    assert_eq!(keys("taken.example").await, keys("bound.example").await);
    let at_root = Request::get("/.well-known/openid-configuration").header("host", "root.example");
    assert_eq!(at_root.send(&server).await.str("jwks_uri"), "https://root.example/.well-known/jwks.json");
}
