//! Where an agent listens, and what it asks of those who come.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use countersign_listen::{BindError, Limits, Listener, PeerProcess};
use http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use http::request::Parts;

use super::key::{Key, KeyFile};
use super::refusal::Refusal;
use super::socket::SocketFile;
use crate::failure::Failure;
use crate::wire::descriptors::Descriptors;

/// Where an agent listens; its files are removed with it.
pub(super) enum Place {
    /// A socket: the kernel says who comes.
    Socket(SocketFile),
    /// A port of loopback: whoever shows the key.
    Port { addresses: Vec<SocketAddr>, key: Key, _key_file: KeyFile },
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// A process, over the socket.
    Process(PeerProcess),
    /// Who has the key, over the port.
    Holder,
}

impl Place {
    /// A socket, for other users than its owner too where so said.
    pub(super) async fn socket(path: &Path, others: bool) -> Result<(Self, Listener), Failure> {
        let (file, socket) = SocketFile::make(path, others).await?;
        Ok((Self::Socket(file), Listener::on_unix_socket(socket).with_limits(limits())))
    }

    /// A port, with a new key, whose file is whole before the port opens.
    pub(super) fn port(address: &str, key_file: &Path) -> Result<(Self, Listener), Failure> {
        let at = loopback(address)?;
        let (key_file, key) = KeyFile::make(key_file)?;
        let listener =
            Listener::bind(&[at]).map_err(|error: BindError| Failure::from(error).prefix("--listen"))?;
        let addresses = listener.local_addrs();
        Ok((Self::Port { addresses, key, _key_file: key_file }, listener.with_limits(limits())))
    }

    /// Where it listens, if on a port.
    pub(super) fn addresses(&self) -> Option<&[SocketAddr]> {
        match self {
            Self::Socket(_) => None,
            Self::Port { addresses, .. } => Some(addresses),
        }
    }

    /// Lets other users than the owner connect to the socket, or keeps them out.
    pub(super) fn let_others_in(&self, others: bool) -> Result<(), Failure> {
        match self {
            Self::Socket(file) => file.let_others_in(others).map_err(|error| {
                Failure::new(format!("cannot change the permissions of {}: {error}", file.path().display()))
            }),
            Self::Port { .. } => Ok(()),
        }
    }

    /// Says who asks, or why nobody is answered.
    ///
    /// Does not check: which tokens the caller may have; the broker does.
    pub(super) fn admit(&self, head: &Parts) -> Result<Caller, Refusal> {
        if [&ORIGIN, &SEC_FETCH_SITE].into_iter().any(|name| head.headers.contains_key(name)) {
            return Err(Refusal::Browser);
        }
        match self {
            Self::Socket(_) => head.extensions.get().copied().map(Caller::Process).ok_or(Refusal::Stranger),
            Self::Port { addresses, key, .. } => {
                if !is_meant(head, addresses) {
                    return Err(Refusal::OtherHost);
                }
                match shown(head) {
                    Some(shown) if key.is(shown) => Ok(Caller::Holder),
                    Some(_) => Err(Refusal::WrongKey),
                    None => Err(Refusal::NoKey),
                }
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(file) => file.path().display().fmt(f),
            Self::Port { addresses, .. } => f.debug_list().entries(addresses).finish(),
        }
    }
}

fn loopback(text: &str) -> Result<SocketAddr, Failure> {
    let numbers = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    let address: SocketAddr = numbers.as_deref().unwrap_or(text).parse().map_err(|_| {
        Failure::new(format!("--listen is 127.0.0.1:PORT, and {text} is not"))
            .next("an address of loopback, a colon, a port; port 0 takes a free one")
    })?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(Failure::new(format!("--listen: {address} is not loopback, and tokens are for this machine alone"))
        .next("listen on 127.0.0.1 or [::1]"))
}

/// Whether the request names this very place as its host. A page whose name was made to resolve to loopback (DNS
/// rebinding) still names itself.
fn is_meant(head: &Parts, addresses: &[SocketAddr]) -> bool {
    let is_own = |name: &[u8]| {
        addresses.iter().any(|address| {
            let port = address.port();
            let names = [address.to_string(), format!("localhost:{port}")];
            let mut bare = names.iter().filter_map(|name| name.strip_suffix(":80"));
            let is = |own: &str| own.as_bytes().eq_ignore_ascii_case(name);
            names.iter().any(|own| is(own)) || (port == 80 && bare.any(is))
        })
    };
    // a request by HTTP/2, or with an absolute target, says it there (RFC 9112 §3.2.2)
    let target = head.uri.authority().map(|authority| authority.as_str().as_bytes());
    let mut headers = head.headers.get_all(HOST).iter();
    let header = headers.next().map(http::HeaderValue::as_bytes);
    let mut named = [target, header].into_iter().flatten().peekable();
    headers.next().is_none() && named.peek().is_some() && named.all(is_own)
}

/// The key that the request shows, in one header (RFC 6750 §2.1).
fn shown(head: &Parts) -> Option<&[u8]> {
    let mut headers = head.headers.get_all(AUTHORIZATION).iter();
    let (scheme, key) = headers.next()?.as_bytes().split_at_checked(BEARER.len())?;
    (headers.next().is_none() && scheme.eq_ignore_ascii_case(BEARER)).then_some(key)
}

/// Those of a broker for one machine: its heads are small and its callers near.
fn limits() -> Limits {
    Limits {
        head_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(60),
        write_timeout: Duration::from_secs(10),
        drain_timeout: Duration::from_secs(10),
        head_bytes: 16 * 1024,
        headers: 64,
        connections: Descriptors::raise().share(2).min(CONNECTIONS),
        ..Limits::default()
    }
}

const BEARER: &[u8] = b"Bearer ";
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const CONNECTIONS: usize = 1024;

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(target: &str, headers: &[(&str, &str)]) -> Parts {
        let builder =
            headers.iter().fold(Request::get(target), |builder, (name, value)| builder.header(*name, *value));
        builder.body(()).unwrap().into_parts().0
    }

    /// DNS rebinding: a page whose name resolves to loopback names itself in `Host`.
    #[test]
    fn the_host_is_this_place_exactly() {
        let at = ["127.0.0.1:8085".parse().unwrap()];
        let meant = |target: &str, hosts: &[&str]| {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            is_meant(&head(target, &headers), &at)
        };
        for host in ["127.0.0.1:8085", "localhost:8085", "LOCALHOST:8085"] {
            assert!(meant("/token", &[host]), "{host}");
        }
        assert!(meant("http://localhost:8085/token", &["127.0.0.1:8085"]));
        assert!(meant("http://localhost:8085/token", &[]));
        for host in [
            "",
            "127.0.0.1",
            "localhost",
            "127.0.0.1:80",
            "127.0.0.1:08085",
            "127.1:8085",
            "evil.example:8085",
            "127.0.0.1:8085.evil.example",
            "localhost.:8085",
            "[::1]:8085",
            "user@127.0.0.1:8085",
            "evil.example",
        ] {
            assert!(!meant("/token", &[host]), "{host}");
        }
        assert!(!meant("/token", &[]));
        assert!(!meant("/token", &["127.0.0.1:8085", "127.0.0.1:8085"]));
        assert!(!meant("http://evil.example/token", &["127.0.0.1:8085"]));
        assert!(!meant("http://u@127.0.0.1:8085/token", &["127.0.0.1:8085"]));
        let at = ["[::1]:80".parse().unwrap()];
        for host in ["[::1]:80", "[::1]", "localhost", "localhost:80"] {
            assert!(is_meant(&head("/token", &[("host", host)]), &at), "{host}");
        }
    }

    #[test]
    fn a_key_is_shown_in_one_header() {
        assert_eq!(shown(&head("/", &[("authorization", "bearer abc")])), Some(&b"abc"[..]));
        for headers in [
            &[][..],
            &[("authorization", "Basic abc")],
            &[("authorization", "Bearer")],
            &[("authorization", "abc")],
            &[("authorization", "Bearer abc"), ("authorization", "Bearer abc")],
        ] {
            assert_eq!(shown(&head("/", headers)), None, "{headers:?}");
        }
    }

    #[test]
    fn nothing_but_loopback_is_listened_on() {
        for good in ["127.0.0.1:0", "[::1]:1", "127.8.8.8:1", "localhost:1"] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for wrong in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[::ffff:192.0.2.1]:1"] {
            assert!(loopback(wrong).unwrap_err().to_string().contains("is not loopback"), "{wrong}");
        }
        for wrong in ["8085", ":8085", "localhost", "localhost:x", "example.com:1", "localhost:80@evil"] {
            assert!(loopback(wrong).unwrap_err().to_string().contains("127.0.0.1:PORT"), "{wrong}");
        }
    }
}
