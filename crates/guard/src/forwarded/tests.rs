use http::HeaderValue;

use super::*;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: http::HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

const NGINX: [(&str, &str); 2] = [("X-Original-Method", "POST"), ("X-Original-URI", "/orders/7?x=%2F")];
const CADDY: [(&str, &str); 4] = [
    ("X-Forwarded-Method", "DELETE"),
    ("X-Forwarded-Uri", "/admin"),
    ("X-Forwarded-Host", "api.example:8443"),
    ("X-Forwarded-Proto", "https"),
];

fn read(family: Family, pairs: &[(&str, &str)]) -> Result<OriginalRequest, NotTold> {
    OriginalRequest::read(family, &headers(pairs))
}

/// `pairs` with another value for one header.
fn with<'a>(pairs: &[(&'a str, &'a str)], name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    pairs.iter().map(|&(n, v)| if n == name { (n, value) } else { (n, v) }).collect()
}

fn without<'a>(pairs: &[(&'a str, &'a str)], name: &str) -> Vec<(&'a str, &'a str)> {
    pairs.iter().copied().filter(|(n, _)| *n != name).collect()
}

/// T-9700-07: nginx passes a caller's `X-Forwarded-Uri` through, Caddy its `X-Original-URI`: only one family is read.
#[test]
fn one_family_is_read_and_the_other_ignored() {
    let both = [&NGINX[..], &CADDY].concat();
    let nginx = read(Family::Original, &both).unwrap();
    assert_eq!((nginx.method(), nginx.path_and_query()), (&Method::POST, "/orders/7?x=%2F"));
    assert_eq!(read(Family::Original, &NGINX), Ok(nginx));

    let caddy = read(Family::Forwarded, &both).unwrap();
    assert_eq!((caddy.method(), caddy.path_and_query()), (&Method::DELETE, "/admin"));
    assert_eq!(read(Family::Forwarded, &CADDY), Ok(caddy.clone()));

    // nothing in the other family can spoil it either
    let noise =
        [&CADDY[..], &[("X-Original-URI", "no path"), ("X-Original-URI", "/two"), ("X_Forwarded_Uri", "/x")]];
    assert_eq!(read(Family::Forwarded, &noise.concat()), Ok(caddy));
    assert_eq!(read(Family::Original, &CADDY), Err(NotTold::Missing("X-Original-Method")));
    assert_eq!(read(Family::Forwarded, &NGINX), Err(NotTold::Missing("X-Forwarded-Method")));
}

/// T-9700-07: a header that is not there, or there twice, tells nothing; one that decides nothing may be absent.
#[test]
fn each_header_is_needed_exactly_once() {
    for (family, pairs) in [(Family::Original, &NGINX[..]), (Family::Forwarded, &CADDY)] {
        for &(name, value) in pairs {
            if matches!(name, "X-Forwarded-Proto" | "X-Forwarded-Host") {
                assert_eq!(read(family, &without(pairs, name)), read(family, pairs));
            } else {
                assert_eq!(read(family, &without(pairs, name)), Err(NotTold::Missing(name)));
            }
            for second in [value, "/other", ""] {
                let twice = [pairs, &[(name, second)]].concat();
                assert_eq!(read(family, &twice), Err(NotTold::Repeated(name)), "{second:?}");
            }
        }
    }
}

#[test]
fn a_method_is_a_token_in_upper_case() {
    let read = |method: &str| read(Family::Original, &with(&NGINX, "X-Original-Method", method));
    for good in ["GET", "OPTIONS", "PROPFIND", "M-SEARCH", "X_1"] {
        assert_eq!(read(good).unwrap().method().as_str(), good);
    }
    for bad in ["", "get", "Post", "GET ", "GE T", "GET, POST", "GET\t", "GÉT", "GET/", "(GET)"] {
        assert_eq!(read(bad), Err(NotTold::Method("X-Original-Method")), "{bad:?}");
    }
    assert!(read(&"A".repeat(32)).is_ok());
    let long = "A".repeat(33);
    assert_eq!(read(&long), Err(NotTold::TooLong { header: "X-Original-Method", max: 32 }));
}

#[test]
fn a_target_begins_with_a_slash_and_is_handed_on_as_it_came() {
    let read = |uri: &str| read(Family::Original, &with(&NGINX, "X-Original-URI", uri));
    for good in ["/", "/a/../b", "//x", "/%2e%2e/%00", "/a;b?c=/d?e", "/a,b", "/\\", "/{id}", "/?"] {
        assert_eq!(read(good).unwrap().path_and_query(), good);
    }
    let bad = [
        "",
        "*",
        "orders",
        "?q=/",
        "https://api.example/orders",
        " /orders",
        "/a b",
        "/a\tb",
        "/a /b",
        "/a, /b",
        "/a#b",
        "/#",
        "/münchen",
        "api.example:443",
        "\u{feff}/",
    ];
    for bad in bad {
        assert_eq!(read(bad), Err(NotTold::Target("X-Original-URI")), "{bad:?}");
    }
    assert!(read(&format!("/{}", "a".repeat(MAX_TARGET - 1))).is_ok());
    let long = format!("/{}", "a".repeat(MAX_TARGET));
    assert_eq!(read(&long), Err(NotTold::TooLong { header: "X-Original-URI", max: MAX_TARGET }));
    let raw = HeaderValue::from_bytes(b"/\xff\xfe").unwrap();
    let mut headers = headers(&NGINX);
    headers.insert("x-original-uri", raw);
    let told = OriginalRequest::read(Family::Original, &headers);
    assert_eq!(told, Err(NotTold::Target("X-Original-URI")));
}

#[test]
fn a_host_is_one_host() {
    let read = |host: &str| read(Family::Forwarded, &with(&CADDY, "X-Forwarded-Host", host));
    for good in ["api.example", "api.example:80", "[::1]", "[2001:db8::1]:443", "192.0.2.1"] {
        assert!(read(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "a, b",
        "a,b",
        "user@api.example",
        "a b",
        "a/b",
        "https://a",
        "a?b",
        "[::1",
        ":80",
        "a:b",
        "a:",
        "a:65536",
        "a:1:2",
        "ä.example",
    ] {
        assert_eq!(read(bad), Err(NotTold::Host("X-Forwarded-Host")), "{bad:?}");
    }
    let long = "a".repeat(MAX_HOST + 1);
    assert_eq!(read(&long), Err(NotTold::TooLong { header: "X-Forwarded-Host", max: MAX_HOST }));
}

#[test]
fn a_protocol_is_http_or_https() {
    let read = |proto: &str| read(Family::Forwarded, &with(&CADDY, "X-Forwarded-Proto", proto));
    assert!(read("http").is_ok());
    for bad in ["", "HTTPS", "https, http", "ftp", "wss"] {
        assert_eq!(read(bad), Err(NotTold::Proto("X-Forwarded-Proto")), "{bad:?}");
    }
    let long = "https,https,https";
    assert_eq!(read(long), Err(NotTold::TooLong { header: "X-Forwarded-Proto", max: MAX_PROTO }));
}

#[test]
fn a_family_is_named() {
    for family in [Family::Original, Family::Forwarded] {
        assert_eq!(family.to_string().parse(), Ok(family));
    }
    for other in ["", "Original", "both", "nginx"] {
        assert_eq!(other.parse::<Family>(), Err(NoFamily));
    }
}
