//! What stands in `Host`, `:authority` and absolute targets: a host, and perhaps a port (RFC 9110 §7.2).

use std::net::Ipv6Addr;

/// Whether this is one host with or without a port, in signs that nobody reads in two ways: of reg-name (RFC 3986 §3.2.2)
/// letters, digits and `-._~`, or an address in brackets.
///
/// Does not check: that the host is ours, or could be looked up.
pub(super) fn is_host(sent: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(sent) else { return false };
    let (is_good, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, port))) => (address.parse::<Ipv6Addr>().is_ok(), port),
        Some(None) => return false,
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (is_name(name), port)
        }
    };
    is_good && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_port(port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

/// Of a DNS name, with a dot at its end.
const MAX_NAME: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9112 §3.2: uri-host [ ":" port ], and nothing beside it.
    #[test]
    fn hosts_are_told_from_the_rest() {
        for right in [
            "a",
            "orders.example",
            "a_b.c-d~",
            "a.",
            "192.0.2.1:80",
            "a:0",
            "a:65535",
            "[::1]",
            "[2001:db8::1]:8443",
        ] {
            assert!(is_host(right.as_bytes()), "{right}");
        }
        for wrong in [
            "",
            " ",
            "a b",
            " a",
            "a/b",
            "a?b",
            "a#x",
            "a\\b",
            "user@a",
            "a,b",
            "a%41",
            "a:",
            "a:99999",
            "a:65536",
            "a:+80",
            "a:000080",
            "a:80:80",
            ":80",
            "::1",
            "[::1",
            "[::1]80",
            "[::1]:",
            "[a]",
            "[::1%25lo]",
            "[v1.a]",
            "a\tb",
            "caf\u{e9}",
        ] {
            assert!(!is_host(wrong.as_bytes()), "{wrong}");
        }
        assert!(!is_host(b"a\xff"));
        assert!(!is_host("a".repeat(255).as_bytes()));
    }
}
