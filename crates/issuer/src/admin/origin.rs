//! Where a realm is reached: its issuer identifier and the hosts that are bound to it.

use std::net::Ipv6Addr;

use url::{Host, Url};

use super::AdminError;
use crate::realm::{Profile, Realm};
use crate::registry::{Audiences, base, default_issuer};

/// The issuer that a realm gets where none is given: its first host's in the profile `auth0`.
pub(super) fn derived_issuer(profile: Profile, hosts: &[String]) -> Option<String> {
    match (profile, hosts) {
        (Profile::Auth0, [first, ..]) => Some(format!("https://{first}/")),
        _ => None,
    }
}

/// An issuer identifier that somebody gave (T-8414-04).
pub(super) fn issuer(given: &str) -> Result<(), AdminError> {
    let broken = |rule: &str| Err(AdminError::invalid("issuer", rule));
    let plain = |b: u8| {
        b.is_ascii_graphic() && !matches!(b, b'"' | b'\\' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    if given.is_empty() || given.len() > 255 || !given.bytes().all(plain) {
        return broken("an issuer is a URL of 1 to 255 characters, such as https://auth.example");
    }
    if given.contains(['?', '#']) {
        return broken("an issuer has no query and no fragment (RFC 8414 section 2)");
    }
    if given.split_once("://").is_some_and(|(_, rest)| rest.contains("//")) {
        return broken("an issuer has no empty path segment: one slash, not two");
    }
    let Ok(url) = Url::parse(given) else { return broken("an issuer is a URL such as https://auth.example") };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return broken("an issuer has a host, such as https://auth.example"),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return broken("an issuer is an https URL; http is for localhost, 127.0.0.1 and [::1] alone");
    }
    if !url.username().is_empty() || url.password().is_some() || given.contains('@') {
        return broken("an issuer has no user name and no password");
    }
    let normal = url.as_str();
    if normal != given && normal.strip_suffix('/') != Some(given) {
        return broken(
            "an issuer is written in its normal form: lower-case scheme and host, no default port, no dot segments",
        );
    }
    Ok(())
}

/// Whether two issuers cannot live beside each other: their metadata stands at one URL (RFC 8414 §3 drops a final
/// slash).
pub(super) fn same_place(one: &str, other: &str) -> bool {
    base(one) == base(other)
}

/// Whether a given issuer lies where other realms have theirs.
pub(super) fn takes_a_default(issuer: &str, public_url: &str, own: &str) -> bool {
    let defaults = format!("{public_url}/realms/");
    issuer.starts_with(&defaults) && !same_place(issuer, &default_issuer(public_url, own))
}

/// `host[:port]` values, lower-cased, each once.
pub(super) fn hosts(given: &[String]) -> Result<Vec<String>, AdminError> {
    let broken = |rule: &str| Err(AdminError::invalid("hosts", rule));
    if given.len() > MAX_HOSTS {
        return broken("hosts has at most 32 values");
    }
    let mut hosts = Vec::with_capacity(given.len());
    for text in given {
        let host = text.to_ascii_lowercase();
        if !is_host(&host) {
            return broken(
                "hosts holds exact values of the Host header: a name or an address, and a port where it is not the default one, such as auth.example or localhost:8080",
            );
        }
        if hosts.contains(&host) {
            return broken("hosts holds each value once");
        }
        hosts.push(host);
    }
    Ok(hosts)
}

/// Why `identifier` cannot be a user's API in `realm`, whose issuer is `issuer`.
pub(super) fn identifier_is_ours(identifier: &str, realm: &Realm, issuer: &str) -> Option<&'static str> {
    if countersign_proto::client_id::RESERVED.contains(&identifier) {
        return Some("'.', '..', 'default' and 'admin' are reserved and cannot be API identifiers");
    }
    let hex = |rest: &str| rest.len() == 20 && rest.bytes().all(|b| b.is_ascii_hexdigit());
    if identifier.strip_prefix("api_").is_some_and(hex) {
        return Some("'api_' and 20 hex digits is how our own ids of APIs look");
    }
    Audiences::of(realm.profile, issuer).why_reserved(identifier)
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let port_ok = port.is_none_or(|port| {
        !port.starts_with('0') && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
    });
    let name_ok = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address),
        None => name.len() <= 253 && name.split('.').all(is_label),
    };
    port_ok && name_ok
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

const MAX_HOSTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8414-04: https, no query, no fragment; http on loopback alone.
    #[test]
    fn an_issuer_is_an_https_url() {
        for good in [
            "https://auth.example",
            "https://auth.example/",
            "https://auth.example:8443/a/b",
            "http://localhost:8080/x",
            "http://127.0.0.1",
            "http://[::1]:9",
        ] {
            assert!(issuer(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "auth.example",
            "http://auth.example",
            "http://localhost.evil.example",
            "http://localhost:80@evil.example",
            "https://user@auth.example",
            "https://:@auth.example",
            "https://auth.example?x",
            "https://auth.example/#",
            "https://AUTH.example",
            "HTTPS://auth.example",
            "https://auth.example:443",
            "https://auth.example/a/../b",
            "https://ä.example",
            "https://auth.example/a b",
            "file:///etc/passwd",
            "urn:a:b",
            "https://",
            "https://auth.example//",
            "https://auth.example/a//b",
        ] {
            assert!(issuer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_are_exact() {
        let given = |texts: &[&str]| hosts(&texts.iter().map(|&t| t.to_owned()).collect::<Vec<_>>());
        let good =
            given(&["Tenant.Auth.Example", "localhost:8080", "[::1]:80", "127.0.0.1", "a_b:1"]).unwrap();
        assert_eq!(good, ["tenant.auth.example", "localhost:8080", "[::1]:80", "127.0.0.1", "a_b:1"]);
        for bad in [
            "",
            ":80",
            "a:",
            "a:0",
            "a:080",
            "a:65536",
            "a:+1",
            "a/b",
            "https://a",
            "a b",
            "a..b",
            "-a",
            "::1",
            "[::1",
            "[0::1]",
            "ä",
            "*.a",
            "a.",
        ] {
            assert!(given(&[bad]).is_err(), "{bad}");
        }
        assert!(given(&["a", "A"]).is_err());
        assert!(hosts(&(0..33).map(|n| format!("h{n}")).collect::<Vec<_>>()).is_err());
    }

    /// Nobody registers an audience that opens our own doors, however the issuer ends.
    #[test]
    fn our_own_audiences_are_ours() {
        let realm = |profile| Realm {
            id: "realm_1".to_owned(),
            name: "r".to_owned(),
            issuer: None,
            hosts: Vec::new(),
            profile,
            template: None,
            dialects: Vec::new(),
            algorithm: None,
            token_lifetime: None,
            enabled: true,
            created_at: countersign_proto::time::UnixTime(0),
            updated_at: countersign_proto::time::UnixTime(0),
            revision: 0,
        };
        for issuer in ["https://a.example", "https://a.example/", "https://a.example//"] {
            let ours =
                |identifier: &str| identifier_is_ours(identifier, &realm(Profile::Auth0), issuer).is_some();
            for path in
                ["", "/", "/api", "/admin", "/admin/x", "/api/v1/oauth", "/api/v1/oauth/client", "/oauth2/x"]
            {
                assert!(ours(&format!("https://a.example{path}")), "{issuer} {path}");
            }
            for path in ["/orders", "/api/v2/", "/api/", "/administrate", "/api/v1/oauthx", ".evil/admin"] {
                assert!(!ours(&format!("https://a.example{path}")), "{issuer} {path}");
            }
        }
        assert!(identifier_is_ours("account", &realm(Profile::Keycloak), "https://a").is_some());
        assert!(identifier_is_ours("account", &realm(Profile::Rfc9068), "https://a").is_none());
    }

    /// RFC 8414 §3: one metadata URL, one issuer.
    #[test]
    fn issuers_that_share_a_place_are_the_same() {
        assert!(same_place("https://a", "https://a/"));
        assert!(!same_place("https://a", "https://a/b"));
        assert!(takes_a_default("https://s/realms/other", "https://s", "own"));
        assert!(takes_a_default("https://s/realms/own/x", "https://s", "own"));
        assert!(!takes_a_default("https://s/realms/own/", "https://s", "own"));
        assert!(!takes_a_default("https://t/realms/other", "https://s", "own"));
    }
}
