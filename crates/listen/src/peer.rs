//! What a service learns about the connection that a request came over, as request extensions.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConnection;

/// Where the connection came from: the socket's other end, never a header; an IPv4 peer on an IPv6 socket is told
/// as IPv4, so that address ranges match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

/// The certificate whose key the peer holds: it signed the handshake of this very connection. Absent where none was
/// asked for or none was sent; clones share it.
///
/// Does not say: that anyone vouches for it (see
/// [`Tls::asking_for_client_certificates`](crate::tls::Tls::asking_for_client_certificates)).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PeerCertificate(Arc<[u8]>);

/// The process at the other end of a unix socket, as the kernel says: who it was when it connected, whatever it has
/// become since, and whomever it has given the connection to.
#[cfg(unix)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerProcess {
    /// The effective user.
    pub uid: u32,
    /// The process, where the system tells it; its number may be another's by now.
    pub pid: Option<i32>,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Address(PeerAddr),
    #[cfg(unix)]
    Process(PeerProcess),
}

#[cfg(unix)]
impl PeerProcess {
    pub(crate) fn of(peer: &tokio::net::unix::UCred) -> Self {
        Self { uid: peer.uid(), pid: peer.pid() }
    }
}

impl Peer {
    /// Tells the service of it.
    pub(crate) fn tell(self, extensions: &mut http::Extensions) {
        match self {
            Self::Address(peer) => {
                extensions.insert(peer);
            }
            #[cfg(unix)]
            Self::Process(peer) => {
                extensions.insert(peer);
            }
        }
    }
}

impl PeerAddr {
    pub(crate) fn of(socket: SocketAddr) -> Self {
        Self(SocketAddr::new(socket.ip().to_canonical(), socket.port()))
    }
}

impl PeerCertificate {
    /// The peer's own certificate, DER, as it came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0
    }

    /// That of a finished handshake.
    pub(crate) fn of(tls: &ServerConnection) -> Option<Self> {
        tls.peer_certificates()?.first().map(|leaf| Self(Arc::from(leaf.as_ref())))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(peer) => peer.0.fmt(f),
            #[cfg(unix)]
            Self::Process(peer) => write!(f, "uid {}", peer.uid),
        }
    }
}

impl fmt::Debug for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerCertificate({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_peer_on_an_ipv6_socket_is_ipv4() {
        let peer = PeerAddr::of("[::ffff:192.0.2.7]:99".parse().unwrap());
        assert_eq!(peer, PeerAddr("192.0.2.7:99".parse().unwrap()));
    }
}
