//! Opening the sockets of a listener, and saying what to do when that fails.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Why an address could not be listened on; its text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// No address was given.
    #[error("no address to listen on was given")]
    NoAddress,
    /// Something listens there already.
    #[error(
        "{0} is in use by another program: stop that one, or choose another port \
         (port 0 takes a free one); `ss -ltnp` shows who listens where"
    )]
    InUse(SocketAddr),
    /// The address is not one of this machine's.
    #[error("{0} is not an address of this machine: use one that `ip address` lists, or a wildcard")]
    NotHere(SocketAddr),
    /// The operating system does not allow it.
    #[error("this user may not listen on {0}: ports below 1024 need a privilege, choose a higher one")]
    NotAllowed(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Other {
        /// The address that was tried.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Opens all addresses; those with port 0 that follow a first one with port 0 get the same free port.
pub(crate) fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let mut last = BindError::NoAddress;
    for _ in 0..PORT_TRIES {
        match bind_once(addresses) {
            // the port that was free for the first address is taken for the second: look for another
            Err(BindError::InUse(address)) if wants_any_port(addresses, address) => {
                last = BindError::InUse(address);
            }
            done => return done,
        }
    }
    Err(last)
}

/// Opens `127.0.0.1` and, where the host has it, `[::1]`, both at the same port.
pub(crate) fn bind_loopback(port: u16) -> Result<Vec<TcpListener>, BindError> {
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    match bind(&[v4, v6]) {
        Err(error) if error.address().is_some_and(|a| a.is_ipv6()) && error.lacks_address() => {
            tracing::warn!(%error, "no IPv6 loopback on this host: listening on {v4} alone");
            bind(&[v4])
        }
        done => done,
    }
}

impl BindError {
    fn of(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::AddrInUse => Self::InUse(address),
            ErrorKind::AddrNotAvailable => Self::NotHere(address),
            ErrorKind::PermissionDenied => Self::NotAllowed(address),
            _ => Self::Other { address, source },
        }
    }

    fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::NoAddress => None,
            Self::InUse(address) | Self::NotHere(address) | Self::NotAllowed(address) => Some(*address),
            Self::Other { address, .. } => Some(*address),
        }
    }

    /// The host has no such address, or not even its family (EAFNOSUPPORT has no kind of its own).
    fn lacks_address(&self) -> bool {
        match self {
            Self::NotHere(_) => true,
            Self::Other { source, .. } => matches!(source.raw_os_error(), Some(EAFNOSUPPORT)),
            _ => false,
        }
    }
}

fn bind_once(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, BindError> {
    let mut free_port = None;
    let mut sockets = Vec::with_capacity(addresses.len());
    for &wanted in addresses {
        let mut address = wanted;
        if let (0, Some(port)) = (wanted.port(), free_port) {
            address.set_port(port);
        }
        let socket = open(address).map_err(|e| BindError::of(address, e))?;
        if wanted.port() == 0 {
            free_port = socket.local_addr().ok().map(|a| a.port());
        }
        sockets.push(socket);
    }
    if sockets.is_empty() { Err(BindError::NoAddress) } else { Ok(sockets) }
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // a restart must not wait for the last run's connections to leave TIME_WAIT
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Whether the port of this failed address was ours to choose.
fn wants_any_port(addresses: &[SocketAddr], failed: SocketAddr) -> bool {
    addresses.iter().filter(|a| a.port() == 0).skip(1).any(|a| a.ip() == failed.ip())
}

/// Connections that the kernel keeps for us until we accept them; it caps this at its own `somaxconn`. A short queue
/// drops the openings of a burst, and the callers wait a second before they try again.
const BACKLOG: u32 = 4096;

/// A free port is nearly always free on the other addresses too.
const PORT_TRIES: usize = 16;

/// Linux's number for "address family not supported"; other systems keep the host's own error.
const EAFNOSUPPORT: i32 = if cfg!(target_os = "linux") { 97 } else { 47 };

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_addresses_with_port_0_share_a_free_port() {
        let sockets = bind(&["127.0.0.1:0".parse().unwrap(), "127.0.0.2:0".parse().unwrap()]).unwrap();
        let ports: Vec<u16> = sockets.iter().map(|s| s.local_addr().unwrap().port()).collect();
        assert_eq!(ports.len(), 2);
        assert_eq!(ports[0], ports[1]);
        assert_ne!(ports[0], 0);
    }

    #[tokio::test]
    async fn an_address_in_use_is_named_with_advice() {
        let first = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let taken = first[0].local_addr().unwrap();
        let error = bind(&[taken]).unwrap_err();
        assert!(matches!(error, BindError::InUse(a) if a == taken));
        let text = error.to_string();
        assert!(text.contains(&taken.to_string()) && text.contains("choose another port"), "{text}");
    }

    #[tokio::test]
    async fn a_foreign_address_is_refused_when_it_was_asked_for() {
        // TEST-NET-1 is nobody's address
        let error = bind(&["192.0.2.1:0".parse().unwrap()]).unwrap_err();
        assert!(matches!(error, BindError::NotHere(_)), "{error:?}");
        assert!(error.to_string().contains("192.0.2.1"));
    }

    #[tokio::test]
    async fn nothing_to_bind_is_an_error() {
        assert!(matches!(bind(&[]), Err(BindError::NoAddress)));
    }

    #[tokio::test]
    async fn loopback_serves_with_or_without_ipv6() {
        let sockets = bind_loopback(0).unwrap();
        assert!(sockets[0].local_addr().unwrap().ip().is_loopback());
        let port = sockets[0].local_addr().unwrap().port();
        assert!(sockets.iter().all(|s| s.local_addr().unwrap().port() == port));
    }

    #[test]
    fn a_missing_family_counts_as_a_missing_address() {
        let v6: SocketAddr = "[::1]:1".parse().unwrap();
        assert!(BindError::of(v6, io::Error::from_raw_os_error(EAFNOSUPPORT)).lacks_address());
        assert!(BindError::of(v6, io::Error::from(ErrorKind::AddrNotAvailable)).lacks_address());
        assert!(!BindError::of(v6, io::Error::from(ErrorKind::AddrInUse)).lacks_address());
    }
}
