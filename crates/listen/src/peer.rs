//! What a service learns about the connection that a request came over, as request extensions.

use std::net::SocketAddr;

/// Where the connection came from: the socket's other end, never a header; an IPv4 peer on an IPv6 socket is told
/// as IPv4, so that address ranges match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

impl PeerAddr {
    pub(crate) fn of(socket: SocketAddr) -> Self {
        Self(SocketAddr::new(socket.ip().to_canonical(), socket.port()))
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
