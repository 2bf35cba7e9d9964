//! Where a guard listens, with which certificate, and where plain HTTP is allowed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use countersign_listen::tls::{Files, Tls};
use countersign_listen::{BindError, Limits, Listener, Workers};

use super::file::{ClientCerts, File};
use crate::failure::Failure;
use crate::wire::descriptors::{Descriptors, OPS};

/// The flags that say where a guard listens.
#[derive(Args, Debug)]
#[command(next_help_heading = "Network")]
pub(super) struct PlaceFlags {
    /// Where requests come in; `localhost` means 127.0.0.1 and `[::1]` [default: 127.0.0.1:8081]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Where health (`/livez`, `/readyz`) and metrics (`/metrics`) are; always plain HTTP [default: 127.0.0.1:9091]
    #[arg(long, value_name = "HOST:PORT")]
    ops: Option<String>,
    /// A PEM file with the certificate, to serve HTTPS; a changed one is taken up
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Ask callers for a client certificate, for tokens that are bound to one
    #[arg(long, value_name = "HOW")]
    client_certs: Option<ClientCerts>,
}

/// A guard's sockets, bound.
pub(super) struct Place {
    pub(super) listener: Listener,
    pub(super) ops: Listener,
    pub(super) is_tls: bool,
    /// How many connections the limit of open files leaves to callers, and as many to whatever else each may need.
    pub(super) share: usize,
}

/// Where to listen, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// `localhost`: both families.
    Localhost(u16),
    Address(SocketAddr),
}

impl PlaceFlags {
    /// Whether callers are asked for certificates.
    pub(super) fn asks_for_certificates(&self, file: &File) -> bool {
        self.client_certs.or(file.client_certs).is_some()
    }

    /// Binds; each connection may need so many descriptors.
    pub(super) fn bind(&self, file: &File, plain_http: bool, descriptors: usize) -> Result<Place, Failure> {
        let text = |flag: &Option<String>, set: &Option<String>, default: &str| {
            flag.clone().or_else(|| set.clone()).unwrap_or_else(|| default.to_owned())
        };
        let listen = At::read(LISTEN, &text(&self.listen, &file.listen, "127.0.0.1:8081"))?;
        let ops = At::read(OPERATION, &text(&self.ops, &file.ops, "127.0.0.1:9091"))?;
        let tls = self.tls(file)?;
        if let (Some(address), None, false) = (listen.beyond_loopback(), &tls, plain_http) {
            return Err(Failure::new(format!(
                "serving plain HTTP on {address}, which is not loopback, would take tokens in the clear"
            ))
            .next("give --tls-cert and --tls-key, or --danger-plain-http where a proxy in front does TLS"));
        }
        let workers = Workers::start_on_all_processors().map_err(Failure::new)?;
        let mut limits = Limits::default();
        let share = Descriptors::raise().share(descriptors);
        limits.connections = limits.connections.min(share);
        let listener = listen.bind(LISTEN)?.with_limits(limits).with_workers(workers);
        let is_tls = tls.is_some();
        let listener = match tls {
            Some(tls) => listener.with_tls(tls),
            None => listener,
        };
        let ops = ops.bind(OPERATION)?.with_limits(Limits { connections: OPS, ..Limits::default() });
        Ok(Place { listener, ops, is_tls, share })
    }

    fn tls(&self, file: &File) -> Result<Option<Tls>, Failure> {
        let cert = self.tls_cert.as_ref().or(file.tls_cert.as_ref());
        let key = self.tls_key.as_ref().or(file.tls_key.as_ref());
        let tls = match (cert, key) {
            (Some(cert), Some(key)) => Some(Tls::load(Files { cert: cert.clone(), key: key.clone() })?),
            (None, None) => None,
            _ => {
                return Err(Failure::new("TLS needs a certificate and its key")
                    .next("give both --tls-cert and --tls-key"));
            }
        };
        match (tls, self.asks_for_certificates(file)) {
            (Some(tls), true) => Ok(Some(tls.asking_for_client_certificates()?)),
            (None, true) => {
                Err(Failure::new("client certificates are shown in TLS, which does not end here")
                    .next("give --tls-cert and --tls-key, or --client-certs-from-header NAME behind a proxy"))
            }
            (tls, false) => Ok(tls),
        }
    }
}

impl At {
    fn read(flag: &str, text: &str) -> Result<Self, Failure> {
        let port = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
        let at = port.map(Self::Localhost).or_else(|| text.parse().ok().map(Self::Address));
        at.ok_or_else(|| {
            Failure::new(format!("{flag} is HOST:PORT, and {text} is not"))
                .next("an IP address or localhost, a colon, a port: 127.0.0.1:8081, or 0.0.0.0:8081 for all addresses")
        })
    }

    fn beyond_loopback(self) -> Option<SocketAddr> {
        match self {
            Self::Address(address) if !address.ip().is_loopback() => Some(address),
            _ => None,
        }
    }

    fn bind(self, flag: &str) -> Result<Listener, Failure> {
        let bound = match self {
            Self::Localhost(port) => Listener::bind_loopback(port),
            Self::Address(address) => Listener::bind(&[address]),
        };
        bound.map_err(|error: BindError| Failure::from(error).prefix(flag))
    }
}

const LISTEN: &str = "--listen";
const OPERATION: &str = "--ops";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_server_reads_them() {
        assert_eq!(At::read(LISTEN, "localhost:0").unwrap(), At::Localhost(0));
        assert_eq!(At::read(LISTEN, "[::1]:8081").unwrap().beyond_loopback(), None);
        assert!(At::read(LISTEN, "0.0.0.0:80").unwrap().beyond_loopback().is_some());
        for wrong in ["", "8081", ":8081", "localhost", "localhost:x", "example.com:80", "127.0.0.1:70000"] {
            assert!(At::read(LISTEN, wrong).unwrap_err().to_string().contains("--listen"), "{wrong}");
        }
    }
}
