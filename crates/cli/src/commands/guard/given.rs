//! Where a guard listens and what it believes of whom: what `guard proxy` and `guard forward-auth` have in common.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use countersign_guard::Rules;
use countersign_guard::certificates::Certificates;
use countersign_guard::proxied::{CertificateHeader, TrustedProxies};
use countersign_listen::tls::{Files, Tls};
use http::HeaderName;

use super::file::File;
use super::trust::Trust;
use crate::failure::Failure;
use crate::private_file;

/// The flags of a guard that listens.
#[derive(Args, Debug)]
pub(super) struct Given {
    #[command(flatten)]
    pub(super) trust: Trust,
    /// Where requests come in [default: 127.0.0.1:8081]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Where health (`/livez`, `/readyz`) and metrics (`/metrics`) are; always plain HTTP [default: 127.0.0.1:9091]
    #[arg(long, value_name = "HOST:PORT")]
    ops: Option<String>,
    /// The URL under which callers know the API: what DPoP proofs must name, and where its metadata is [default: of
    /// `--listen`, where that is loopback]
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Which requests need which scopes; without it every request needs a valid token
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Let CORS preflights through, which carry no token
    #[arg(long)]
    allow_preflight: bool,
    /// A PEM file with the certificate, to serve HTTPS
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's key
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Ask callers for a client certificate, of any chain, for tokens that are bound to one
    #[arg(long, value_name = "HOW", value_parser = ["ask"])]
    client_certs: Option<String>,
    /// Read callers' certificates from this header (RFC 9440), of trusted proxies on this machine
    #[arg(long, value_name = "NAME")]
    client_certs_from_header: Option<String>,
    /// Proxies whose headers are read, as networks or addresses; repeatable [default: loopback]
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    trusted_proxies: Vec<String>,
    /// What a log line looks like
    #[arg(long, value_name = "FORMAT", value_parser = ["pretty", "json"], default_value = "pretty")]
    pub(super) log_format: String,
    /// What is logged: off, error, warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(super) log_level: String,
}

/// Sockets and certificates, read and judged.
pub(super) struct Place {
    pub(super) listen: Vec<SocketAddr>,
    pub(super) ops: SocketAddr,
    pub(super) tls: Option<Tls>,
}

impl Given {
    /// Where to listen, and with which certificate.
    pub(super) fn place(&self, file: &File) -> Result<Place, Failure> {
        let text = |flag: &Option<String>, set: &Option<String>, default: &str| {
            flag.clone().or_else(|| set.clone()).unwrap_or_else(|| default.to_owned())
        };
        let listen = addresses("--listen", &text(&self.listen, &file.listen, "127.0.0.1:8081"))?;
        let ops = addresses("--ops", &text(&self.ops, &file.ops, "127.0.0.1:9091"))?;
        let tls = self.tls(file)?;
        let beyond = listen.iter().find(|address| !address.ip().is_loopback());
        if let (Some(address), None, false) = (beyond, &tls, self.trust.allows_plain_http(file)) {
            return Err(Failure::new(format!(
                "serving plain HTTP on {address}, which is not loopback, would take tokens in the clear"
            ))
            .next("give --tls-cert and --tls-key, or --danger-plain-http where a proxy in front does TLS"));
        }
        let ops = *ops.first().ok_or_else(|| Failure::new("--ops needs an address"))?;
        Ok(Place { listen, ops, tls })
    }

    /// The URL under which callers know the API, as far as somebody said.
    pub(super) fn public_url<'a>(&'a self, file: &'a File) -> Option<&'a str> {
        self.public_url.as_deref().or(file.public_url.as_deref())
    }

    /// The rules, `None` where no file is given.
    pub(super) fn rules(&self, file: &File) -> Result<Option<Rules>, Failure> {
        let Some(path) = self.rules.as_ref().or(file.rules.as_ref()) else { return Ok(None) };
        let text = private_file::read(path, MAX_RULES)
            .map_err(|error| Failure::new(format!("cannot read the rules in {}: {error}", path.display())))?;
        let rules = Rules::parse(&text)
            .map_err(|error| Failure::new(format!("the rules in {}: {error}", path.display())))?;
        Ok(Some(rules))
    }

    /// Whether CORS preflights go through.
    pub(super) fn allows_preflight(&self, file: &File) -> bool {
        self.allow_preflight || file.allow_preflight
    }

    /// Whose headers are read.
    pub(super) fn trusted_proxies(&self, file: &File) -> Result<TrustedProxies, Failure> {
        let given =
            if self.trusted_proxies.is_empty() { &file.trusted_proxies } else { &self.trusted_proxies };
        if given.is_empty() {
            return Ok(TrustedProxies::default());
        }
        TrustedProxies::parse(given).map_err(|error| Failure::new(format!("--trusted-proxy: {error}")))
    }

    /// Where callers' certificates come from.
    pub(super) fn certificates(&self, file: &File) -> Result<Certificates, Failure> {
        let name = self.client_certs_from_header.as_ref().or(file.client_certs_from_header.as_ref());
        let Some(name) = name else { return Ok(Certificates::default()) };
        let name = HeaderName::try_from(name).map_err(|_| {
            Failure::new(format!("--client-certs-from-header: {name} is no name of a header"))
        })?;
        Ok(Certificates::handed_on_in(CertificateHeader::new(name, self.trusted_proxies(file)?)))
    }

    /// Whether callers' certificates are known at all.
    pub(super) fn knows_certificates(&self, file: &File) -> bool {
        self.asks_for_certificates(file)
            || self.client_certs_from_header.is_some()
            || file.client_certs_from_header.is_some()
    }

    fn asks_for_certificates(&self, file: &File) -> bool {
        self.client_certs.as_ref().or(file.client_certs.as_ref()).is_some()
    }

    fn tls(&self, file: &File) -> Result<Option<Tls>, Failure> {
        if file.client_certs.as_ref().is_some_and(|how| how != "ask") {
            return Err(Failure::new("client_certs is \"ask\" or nothing"));
        }
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

fn addresses(flag: &str, text: &str) -> Result<Vec<SocketAddr>, Failure> {
    let wrong = || {
        Failure::new(format!("{flag} is HOST:PORT, and {text} is not"))
            .next("an address or localhost, a colon, a port: 127.0.0.1:8081")
    };
    if let Some(port) = text.strip_prefix("localhost:") {
        let port: u16 = port.parse().map_err(|_| wrong())?;
        return Ok(vec![([127, 0, 0, 1], port).into()]);
    }
    text.parse().map(|address| vec![address]).map_err(|_| wrong())
}

const MAX_RULES: u64 = 1 << 20;
