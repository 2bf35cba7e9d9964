//! Target URIs, normalised once so that equality is the comparison of RFC 9449 §4.3: whatever RFC 3986 §6.2.2 and
//! §6.2.3 call the same is the same, and nothing else is.

use std::fmt::{self, Write as _};
use std::net::Ipv6Addr;

/// The target URI of a request without query and fragment, in its one normal form.
///
/// Made the same: the case of scheme and host, the default port, an empty path and `/`, the case of escapes, escapes of
/// unreserved characters, dot segments. Kept apart: the case of the path, a slash at its end, doubled slashes, other
/// hosts. [`Self::as_str`] is the normal form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Htu(String);

/// Why a text is no target URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtuError {
    /// Longer than [`MAX_HTU`].
    TooLong,
    /// A character that is not printable ASCII, or a space.
    Character,
    /// A `%` that is not followed by two hex digits.
    Escape,
    /// Neither `http://` nor `https://`.
    Scheme,
    /// No host, one with characters that no host has, a port that is none, or user information.
    Authority,
}

/// The longest target URI, in bytes, its query included.
pub const MAX_HTU: usize = 8 * 1024;

impl Htu {
    /// Reads an absolute http or https URI of at most [`MAX_HTU`] bytes.
    ///
    /// Printable characters that RFC 3986 leaves out (such as `|`) are taken as they are: browsers send them.
    ///
    /// # Errors
    /// [`HtuError`].
    pub fn parse(uri: &str) -> Result<Self, HtuError> {
        if uri.len() > MAX_HTU {
            return Err(HtuError::TooLong);
        }
        if !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e)) {
            return Err(HtuError::Character);
        }
        let target = uri.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = target.split_once("://").ok_or(HtuError::Scheme)?;
        let scheme = SCHEMES.into_iter().find(|known| known.name.eq_ignore_ascii_case(scheme));
        let scheme = scheme.ok_or(HtuError::Scheme)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = without_dot_segments(&with_normal_escapes(path)?);
        Ok(Self(format!("{}://{}{path}", scheme.name, host_and_port(authority, scheme.port)?)))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Htu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HtuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => return write!(f, "longer than {MAX_HTU} bytes"),
            Self::Character => "a character that is not printable ASCII, or a space",
            Self::Escape => "a % that is not followed by two hex digits",
            Self::Scheme => "no absolute http or https URI",
            Self::Authority => "no host, a malformed host or port, or user information",
        })
    }
}

impl std::error::Error for HtuError {}

struct Scheme {
    name: &'static str,
    port: u16,
}

/// The host in lower case, an IPv6 address in the form of RFC 5952, and the port unless it is the scheme's own.
fn host_and_port(authority: &str, default_port: u16) -> Result<String, HtuError> {
    // Only an IPv6 address has colons within, and it ends with a bracket.
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority.get(host_end..).and_then(|rest| rest.find(':')) {
        Some(colon) => authority.split_at(host_end + colon),
        None => (authority, ""),
    };
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => {
            format!("[{}]", address.parse::<Ipv6Addr>().map_err(|_| HtuError::Authority)?)
        }
        None if !host.is_empty() && host.bytes().all(is_unreserved) => host.to_ascii_lowercase(),
        None => return Err(HtuError::Authority),
    };
    match number(port.strip_prefix(':').unwrap_or_default())? {
        Some(port) if port != default_port => Ok(format!("{host}:{port}")),
        _ => Ok(host),
    }
}

/// A port; `None` when there are no digits, which means the default one (RFC 3986 §3.2.3).
fn number(digits: &str) -> Result<Option<u16>, HtuError> {
    match digits {
        "" => Ok(None),
        _ if digits.len() > 5 || !digits.bytes().all(|b| b.is_ascii_digit()) => Err(HtuError::Authority),
        _ => digits.parse().map(Some).map_err(|_| HtuError::Authority),
    }
}

/// Escapes of unreserved characters are decoded, all others written in upper case (RFC 3986 §6.2.2.1, §6.2.2.2).
fn with_normal_escapes(path: &str) -> Result<String, HtuError> {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            normal.push(char::from(byte));
            continue;
        }
        let high = rest.next().and_then(hex).ok_or(HtuError::Escape)?;
        let low = rest.next().and_then(hex).ok_or(HtuError::Escape)?;
        match high << 4 | low {
            byte if is_unreserved(byte) => normal.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => write!(normal, "%{byte:02X}").unwrap_or_default(),
        }
    }
    Ok(normal)
}

/// RFC 3986 §5.2.4, on a path that is empty or begins with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or_default().split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

const SCHEMES: [Scheme; 2] = [Scheme { name: "https", port: 443 }, Scheme { name: "http", port: 80 }];

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(uri: &str) -> String {
        Htu::parse(uri).unwrap_or_else(|error| panic!("{uri}: {error}")).0
    }

    /// T-9449-01: what RFC 3986 §6.2.2 and §6.2.3 call the same is the same.
    #[test]
    fn equivalent_uris_are_equal() {
        for (uri, expected) in [
            ("https://api.example/a", "https://api.example/a"),
            ("HTTPS://API.Example/a", "https://api.example/a"),
            ("https://api.example:443/a", "https://api.example/a"),
            ("https://api.example:0443/a", "https://api.example/a"),
            ("https://api.example:/a", "https://api.example/a"),
            ("http://api.example:80/a", "http://api.example/a"),
            ("https://api.example", "https://api.example/"),
            ("https://api.example?x=/y", "https://api.example/"),
            ("https://api.example/a?b=c#d", "https://api.example/a"),
            ("https://api.example/a#?d", "https://api.example/a"),
            ("https://api.example/%7Euser/%41", "https://api.example/~user/A"),
            ("https://api.example/a%2fb%c3%a9", "https://api.example/a%2Fb%C3%A9"),
            ("https://api.example/a/./b/../c", "https://api.example/a/c"),
            ("https://api.example/a/%2e%2E/c", "https://api.example/c"),
            ("https://api.example/../..", "https://api.example/"),
            ("https://api.example/a/b/..", "https://api.example/a/"),
            ("https://api.example/a/.", "https://api.example/a/"),
            ("https://api.example/a//../b", "https://api.example/a/b"),
            ("https://[0:0:0:0:0:0:0:1]:443/", "https://[::1]/"),
            ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443/"),
            ("http://localhost:8080/x|y", "http://localhost:8080/x|y"),
        ] {
            assert_eq!(normal(uri), expected, "{uri}");
            assert_eq!(normal(expected), expected, "the normal form is its own");
        }
    }

    /// T-9449-01: never more than that.
    #[test]
    fn different_uris_stay_different() {
        let one = Htu::parse("https://api.example/Orders").unwrap();
        for other in [
            "https://api.example/orders",
            "https://api.example/Orders/",
            "https://api.example//Orders",
            "https://api.example/Orders%2F",
            "https://api.example/Orders%252F",
            "https://api.example/Orders;x",
            "https://api.example./Orders",
            "https://api.example.evil.example/Orders",
            "https://www.api.example/Orders",
            "https://api.example:8443/Orders",
            "https://api.example:80/Orders",
            "http://api.example/Orders",
            "https://api.example",
        ] {
            assert_ne!(Htu::parse(other).unwrap(), one, "{other}");
        }
    }

    /// T-9449-09: a malformed one is an error of its own, never a panic.
    #[test]
    fn malformed_uris_are_refused() {
        for (uri, error) in [
            ("", HtuError::Scheme),
            ("/orders", HtuError::Scheme),
            ("//api.example/orders", HtuError::Scheme),
            ("api.example/orders", HtuError::Scheme),
            ("ftp://api.example/", HtuError::Scheme),
            ("https:/api.example/", HtuError::Scheme),
            ("https:api.example", HtuError::Scheme),
            ("?https://api.example", HtuError::Scheme),
            ("https://", HtuError::Authority),
            ("https:///orders", HtuError::Authority),
            ("https://:443/", HtuError::Authority),
            ("https://user@api.example/", HtuError::Authority),
            ("https://user:secret@api.example/", HtuError::Authority),
            ("https://api.example\\@evil.example/", HtuError::Authority),
            ("https://api.example:port/", HtuError::Authority),
            ("https://api.example:+443/", HtuError::Authority),
            ("https://api.example:65536/", HtuError::Authority),
            ("https://api.example:000443/", HtuError::Authority),
            ("https://api.example:443:443/", HtuError::Authority),
            ("https://%61pi.example/", HtuError::Authority),
            ("https://[::1/", HtuError::Authority),
            ("https://[::1]x/", HtuError::Authority),
            ("https://[fe80::1%25eth0]/", HtuError::Authority),
            ("https://]/", HtuError::Authority),
            ("https://::1/", HtuError::Authority),
            ("https://api.example/%", HtuError::Escape),
            ("https://api.example/%4", HtuError::Escape),
            ("https://api.example/%zz", HtuError::Escape),
            ("https://api.example/a b", HtuError::Character),
            ("https://api.example/\n", HtuError::Character),
            ("https://api.example/é", HtuError::Character),
            ("https://bücher.example/", HtuError::Character),
        ] {
            assert_eq!(Htu::parse(uri), Err(error), "{uri:?}");
        }
        let long = format!("https://api.example/{}", "a".repeat(MAX_HTU));
        assert_eq!(Htu::parse(&long), Err(HtuError::TooLong));
    }
}
