//! Headers on their way through: what is for one connection alone ends here (RFC 9110 §7.6.1), and what tells where a
//! request came from is said anew.

mod kind;

use std::net::IpAddr;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, Entry, HOST, TRANSFER_ENCODING, VIA};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Response, Version};
use http_body::Body;

use super::authority::is_host;
use crate::refusal::{Malformed, Refusal};
use kind::Kind;

/// What is known of the way that a request takes.
pub(super) struct Hop<'a> {
    /// The connection's other end.
    pub(super) peer: Option<IpAddr>,
    /// Whether it is believed.
    pub(super) is_trusted: bool,
    /// Whether callers come over TLS that ends here.
    pub(super) is_tls: bool,
    /// Whether the upstream gets the token and its proof.
    pub(super) passes_token: bool,
    /// Where the request goes.
    pub(super) upstream: &'a Authority,
}

/// A request says once which host it is for (RFC 9112 §3.2), in a target of HTTP and in `Host` alike; HTTP/1.0 knew none.
pub(super) fn host(parts: &Parts) -> Result<(), Refusal> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let (line, authority) = (lines.next(), parts.uri.authority());
    let is_named = line.is_some() || authority.is_some();
    let are_hosts = line.is_none_or(|line| is_host(line.as_bytes()))
        && authority.is_none_or(|authority| is_host(authority.as_str().as_bytes()));
    if lines.next().is_some() || !are_hosts || !(is_named || parts.version < Version::HTTP_11) {
        return Err(Malformed::Host.into());
    }
    match parts.uri.scheme() {
        Some(scheme) if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS => Err(Malformed::Scheme.into()),
        _ => Ok(()),
    }
}

/// Prepares a request for an upstream that is spoken to in HTTP/1.1.
///
/// `Host` stays the caller's, or is that of its target where it names one (RFC 9112 §3.2.2), or the upstream's where it
/// names none. `X-Forwarded-For` grows where the peer is trusted, and begins with the peer where not; of the rest of the
/// family nothing is believed of anybody else, and nothing in another spelling of anybody. `Forwarded` (RFC 7239) goes: it
/// would tell less than that. What names another path, method or caller than those that were judged goes, whoever sent it.
/// The body's length is written anew, once and in one spelling.
pub(super) fn for_upstream(parts: &mut Parts, hop: &Hop<'_>, body: &impl Body) {
    let host = match parts.uri.authority() {
        Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
        None => parts.headers.get(HOST).cloned(),
    };
    let headers = &mut parts.headers;
    strip(headers, |kind| match kind {
        Kind::Hop | Kind::Elsewhere | Kind::Odd => true,
        Kind::Plain => false,
        Kind::Origin => !hop.is_trusted,
        Kind::Token => !hop.passes_token,
    });
    one_cookie(headers);
    if let Some(value) = hop.peer.and_then(|peer| HeaderValue::try_from(peer.to_string()).ok()) {
        append_peer(headers, value);
    }
    if let Some(host) = host {
        headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
        headers.insert(HOST, host);
    } else if let Ok(host) = HeaderValue::from_str(hop.upstream.as_str()) {
        headers.insert(HOST, host);
    }
    let scheme = HeaderValue::from_static(if hop.is_tls { "https" } else { "http" });
    headers.entry(FORWARDED_PROTO).or_insert(scheme);
    headers.append(VIA, via(parts.version));
    frame(headers, body);
    parts.version = Version::HTTP_11;
}

/// Prepares an answer for whoever asked; an upstream of HTTP/1.0 does not end the caller's connection.
pub(super) fn for_caller<B>(response: &mut Response<B>) {
    let headers = response.headers_mut();
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH); // it is not how long the body is (RFC 9112 §6.3)
    }
    strip(headers, |kind| kind == Kind::Hop);
    *response.version_mut() = Version::HTTP_11;
}

/// Takes out what is of these kinds, and what `Connection` says is for this connection alone.
fn strip(headers: &mut HeaderMap, goes: impl Fn(Kind) -> bool) {
    let mut gone: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        // what is said most, and names nothing that would not go anyhow
        .filter(|name| !name.eq_ignore_ascii_case(b"close") && !name.eq_ignore_ascii_case(b"keep-alive"))
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        // a caller may not use it to take out what others rely on
        .filter(|name| *name != HOST && *name != AUTHORIZATION)
        .collect();
    gone.extend(headers.keys().filter(|name| Kind::of(name).is_some_and(&goes)).cloned());
    for name in gone {
        headers.remove(name);
    }
}

/// Says how long the body is, where it or its caller had a length; what has none is chunked.
fn frame(headers: &mut HeaderMap, body: &impl Body) {
    let was_told = headers.remove(CONTENT_LENGTH).is_some();
    let length = if body.is_end_stream() { Some(0) } else { body.size_hint().exact() };
    match length {
        Some(0) if !was_told => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, length.into());
        }
        // without it the client believes that a GET has no body, and drops what there is
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
}

/// HTTP/2 sends cookies in pieces, which are one line to everybody else (RFC 9113 §8.2.3).
fn one_cookie(headers: &mut HeaderMap) {
    let Entry::Occupied(mut lines) = headers.entry(COOKIE) else { return };
    if lines.iter().nth(1).is_some() {
        let pieces: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
        if let Ok(whole) = HeaderValue::from_bytes(&pieces.join(&b"; "[..])) {
            lines.insert(whole);
        }
    }
}

/// Adds the peer to those that are told of already, in one line: some upstreams read only the first of several.
fn append_peer(headers: &mut HeaderMap, peer: HeaderValue) {
    let mut lines = match headers.entry(FORWARDED_FOR) {
        Entry::Vacant(none) => {
            none.insert(peer);
            return;
        }
        Entry::Occupied(lines) => lines,
    };
    let all: Vec<_> = lines.iter().chain([&peer]).map(HeaderValue::as_bytes).collect();
    let whole = HeaderValue::from_bytes(&all.join(&b", "[..]));
    lines.insert(whole.unwrap_or(peer));
}

/// RFC 9110 §7.6.3: in what the request came.
fn via(version: Version) -> HeaderValue {
    HeaderValue::from_static(match version {
        Version::HTTP_2 => "2 countersign",
        Version::HTTP_11 => "1.1 countersign",
        _ => "1.0 countersign",
    })
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use http::Request;
    use http_body_util::Empty;

    use super::kind::{LONGEST, TABLE};
    use super::*;

    fn passed(request: http::request::Builder, is_trusted: bool) -> HeaderMap {
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let upstream = "upstream.example:8080".parse().unwrap();
        let peer = Some("192.0.2.7".parse().unwrap());
        let hop = Hop { peer, is_trusted, is_tls: true, passes_token: is_trusted, upstream: &upstream };
        for_upstream(&mut parts, &hop, &Empty::<bytes::Bytes>::new());
        assert_eq!(parts.version, Version::HTTP_11);
        parts.headers
    }

    fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// RFC 9110 §7.6.1: what `Connection` names goes with it, whatever else stands in the line.
    #[test]
    fn what_connection_names_is_for_one_hop() {
        let request = Request::get("/")
            .header("connection", b"close, X-One,\t x-two , caf\xe9, \"x\", x-\xff".as_slice())
            .header("connection", "x-three, host, authorization")
            .header("host", "orders.example")
            .header("authorization", "Bearer x");
        let request =
            ["x-one", "x-two", "x-three", "x-four", "te", "trailer", "transfer-encoding", "upgrade"]
                .into_iter()
                .fold(request, |request, name| request.header(name, "1"));
        let headers = passed(request, true);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(
            left,
            [
                "authorization",
                "host",
                "via",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
                "x-four"
            ]
        );
    }

    /// T-9700-07: where a request came from is said by who is trusted, and by us.
    #[test]
    fn a_stranger_does_not_say_where_it_comes_from() {
        let names = [
            "X-Forwarded-For",
            "x_forwarded_for",
            "X-Forwarded_Host",
            "x-forwarded-proto",
            "Forwarded",
            "X-Real-IP",
            "x-forwarded-anything",
        ];
        let request = || {
            let request = Request::get("/").header("host", "orders.example").header("x-forwarding", "stays");
            names.into_iter().fold(request, |request, name| request.header(name, "forged"))
        };
        let strange = passed(request(), false);
        assert_eq!(strange.len(), 6, "{strange:?}");
        assert!(strange.values().all(|value| value != "forged"));
        assert_eq!(value(&strange, "x-forwarded-for"), Some("192.0.2.7"));
        assert_eq!(value(&strange, "x-forwarded-host"), Some("orders.example"));
        assert_eq!(value(&strange, "x-forwarded-proto"), Some("https"));
        let trusted = passed(request(), true);
        let lines: Vec<_> = trusted.get_all("x-forwarded-for").iter().collect();
        assert_eq!(lines, ["forged, 192.0.2.7"], "one line, whatever came");
        assert!(
            !trusted.contains_key("forwarded"),
            "it is not extended here, so that it would end too early"
        );
        assert_eq!(value(&trusted, "x-forwarded-proto"), Some("forged"));
        assert_eq!(value(&trusted, "x-forwarded-anything"), Some("forged"));
        assert_eq!(value(&trusted, "x-real-ip"), Some("forged"));
    }

    /// T-9700-07: a trusted proxy replaces what it knows, and passes its caller's other spellings on; CGI reads them as one.
    #[test]
    fn of_nobody_is_an_odd_spelling_passed_on() {
        let odd = [
            "x_forwarded_for",
            "X-Forwarded_Host",
            "x.forwarded.proto",
            "x-forwarded_port",
            "x-forwarded-anything-that-is_long",
            "X_Real_IP",
        ];
        for is_trusted in [true, false] {
            let request = Request::get("/").header("host", "orders.example");
            let request = odd.into_iter().fold(request, |request, name| request.header(name, "forged"));
            let headers = passed(request, is_trusted);
            assert!(headers.values().all(|value| value != "forged"), "{headers:?}");
            assert_eq!(value(&headers, "x-forwarded-host"), Some("orders.example"));
        }
    }

    /// RFC 9112 §3.2.2: a target that names its host is right, whatever `Host` says.
    #[test]
    fn the_targets_host_goes_first() {
        for (target, host) in [("/", "a.example"), ("http://b.example:8081/", "b.example:8081")] {
            let headers = passed(Request::get(target).header("host", "a.example"), true);
            assert_eq!(value(&headers, "host"), Some(host));
            assert_eq!(value(&headers, "x-forwarded-host"), Some(host));
        }
    }

    /// T-9700-07: what some framework or server takes a path from, or CGI a proxy, goes on from nobody.
    #[test]
    fn names_that_choose_a_path_are_known() {
        for name in [
            "x-script-name",
            "X-Original-Path",
            "x-envoy-original-path",
            "X-Request-URI",
            "Request_Uri",
            "x-override-url",
            "X-Forwarded-Url",
            "x-arr-original-url",
            "X-Waws-Unencoded-Url",
            "X-Forwarded-Path",
            "X-Forwarded-Prefix",
            "Proxy",
            "Destination",
            "destination_",
        ] {
            let request = Request::get("/").header(name, "/admin");
            assert!(!passed(request, true).contains_key(name), "{name}");
        }
        let told = passed(Request::get("/").header("x-request-id", "b"), true);
        assert!(told.contains_key("x-request-id"));
    }

    /// T-9700-07: whoever says who calls, in the names of other proxies, is not us.
    #[test]
    fn names_that_tell_a_caller_are_known() {
        for name in [
            "X-Auth-User",
            "x_auth_request_email",
            "Remote-User",
            "REMOTE_USER",
            "remote.groups",
            "Remote-Name",
            "Remote-Email",
            "X-Remote-User",
            "X-Remote-Group",
            "x_remote-extra-scopes",
            "X-Forwarded-User",
            "x-forwarded_email",
            "X-Forwarded-Groups",
            "X-Forwarded-Preferred-Username",
            "x-forwarded_preferred-username",
            "X-Forwarded-Access-Token",
            "X-WebAuth-User",
            "X_WEBAUTH_ROLE",
            "x-webauth-groups",
            "X-Original-Host",
            "X-Rewrite-URI",
        ] {
            let request = Request::get("/")
                .header(name, "root")
                .header("x-authority", "stays")
                .header("remotely", "too");
            let headers = passed(request, true);
            assert!(headers.values().all(|value| value != "root"), "{name}");
            assert!(headers.contains_key("x-authority") && headers.contains_key("remotely"));
        }
    }

    /// T-9700-07: what we write or read stands there once; CGI takes the other spellings for the same.
    #[test]
    fn no_second_spelling_stands_beside_ours() {
        for odd in [
            "x_request_id",
            "X-Request_Id",
            "x.request.id",
            "Content_Length",
            "Content-Length_",
            "content-length-",
            "Transfer_Encoding",
            "transfer-encoding_",
            "Host_",
        ] {
            let request = Request::post("/").header("content-length", "0").header("host", "a.example");
            let headers = passed(request.header("x-request-id", "right").header(odd, "odd"), true);
            assert!(headers.values().all(|value| value != "odd"), "{odd}: {headers:?}");
            assert_eq!(value(&headers, "x-request-id"), Some("right"));
            assert_eq!(value(&headers, "content-length"), Some("0"));
        }
    }

    /// RFC 9110 §8.6: a length goes on once, as a plain number.
    #[test]
    fn a_length_is_written_anew() {
        let framed = |lines: &[&'static str], body: &'static str| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CONTENT_LENGTH, HeaderValue::from_static(line));
            }
            frame(&mut headers, &http_body_util::Full::new(bytes::Bytes::from_static(body.as_bytes())));
            let lines = headers.get_all(CONTENT_LENGTH).iter();
            lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for lines in [["5"].as_slice(), &["05"], &["5", "5"], &["5", "05"], &[]] {
            assert_eq!(framed(lines, "hello"), ["5"], "{lines:?}");
        }
        assert_eq!(framed(&["00"], ""), ["0"]);
        assert!(framed(&[], "").is_empty(), "a GET needs none");
    }

    /// T-9700-07: the upstream is asked for what was judged, whatever a header says, and whoever says it.
    #[test]
    fn no_header_names_another_request() {
        let others =
            ["script_name", "x_original_url", "x-http-method_override", "client_cert", "Client-Cert-Chain"];
        let names = TABLE.iter().filter(|(_, kind)| *kind == Kind::Elsewhere).map(|(name, _)| *name);
        let stays = ["accept", "client-cert-chain-of-another-kind"];
        let request = stays.iter().fold(Request::get("/"), |request, name| request.header(*name, "*/*"));
        let mut left =
            passed(names.chain(others).fold(request, |request, name| request.header(name, "/admin")), true);
        for ours in [FORWARDED_FOR, FORWARDED_PROTO, HOST, VIA] {
            assert!(left.remove(ours).is_some());
        }
        assert_eq!(left.keys().collect::<Vec<_>>(), stays);
    }

    #[test]
    fn token_and_proof_are_taken_out() {
        let request =
            || Request::get("/").header("authorization", "x").header("dpop", "y").header("dpop", "z");
        let headers = passed(request(), false);
        assert_eq!((value(&headers, "authorization"), value(&headers, "dpop")), (None, None));
        assert!(passed(request(), true).contains_key("dpop"));
    }

    /// RFC 9113 §8.2.3: one line of cookies, whatever stands in it.
    #[test]
    fn cookies_are_one_line() {
        let request = Request::get("/").header("cookie", "a=b").header("cookie", b"c=\xe9".as_slice());
        let headers = passed(request.header("cookie", "e=f; g=h"), true);
        let lines: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        assert_eq!(lines, [b"a=b; c=\xe9; e=f; g=h".as_slice()]);
    }

    /// RFC 9110 §7.6.3: who passed it on is added to who did before.
    #[test]
    fn via_grows() {
        for (version, ours) in [
            (Version::HTTP_10, "1.0 countersign"),
            (Version::HTTP_11, "1.1 countersign"),
            (Version::HTTP_2, "2 countersign"),
        ] {
            let headers = passed(Request::get("/").version(version).header("via", "1.1 front"), false);
            assert_eq!(headers.get_all(VIA).iter().collect::<Vec<_>>(), ["1.1 front", ours]);
        }
    }

    /// RFC 9112 §3.2: one host, but of HTTP/1.0, for which it is the upstream's.
    #[test]
    fn a_request_names_its_host_once() {
        let told = |request: http::request::Builder| host(&request.body(()).unwrap().into_parts().0);
        assert_eq!(told(Request::get("/")), Err(Malformed::Host.into()));
        assert_eq!(
            told(Request::get("/").header("host", "a").header("host", "a")),
            Err(Malformed::Host.into())
        );
        for user in [
            Request::get("http://shop@orders.example/").header("host", "orders.example"),
            Request::get("http://shop:secret@orders.example/"),
            Request::get("/").header("host", "shop@orders.example"),
        ] {
            assert_eq!(told(user), Err(Malformed::Host.into()), "user information is no part of a host");
        }
        for wrong in ["", "a b", "a/b", "a#x", "a:99999", "a:", "a:8x", ":80", "[::1", "caf\u{e9}"] {
            let line = HeaderValue::from_bytes(wrong.as_bytes()).unwrap();
            assert_eq!(
                told(Request::get("/").header("host", line)),
                Err(Malformed::Host.into()),
                "{wrong:?}"
            );
        }
        assert_eq!(told(Request::get("http://a:99999/")), Err(Malformed::Host.into()));
        assert_eq!(told(Request::get("ftp://a/")), Err(Malformed::Scheme.into()));
        for right in [
            Request::get("/").header("host", "a"),
            Request::get("https://a:8443/").header("host", "[::1]:80"),
            Request::get("http://a/"),
            Request::get("/").version(Version::HTTP_10),
        ] {
            assert_eq!(told(right), Ok(()));
        }
        let headers = passed(Request::get("/").version(Version::HTTP_10), false);
        assert_eq!(value(&headers, "host"), Some("upstream.example:8080"));
        assert_eq!(value(&headers, "x-forwarded-host"), None);
    }

    #[test]
    fn the_longest_name_fits() {
        assert!(TABLE.iter().all(|(name, _)| name.len() <= LONGEST));
        assert!(TABLE.iter().all(|(name, kind)| Kind::of(&HeaderName::from_static(name)) == Some(*kind)));
    }
}
