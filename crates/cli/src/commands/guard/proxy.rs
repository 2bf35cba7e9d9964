//! `countersign guard proxy`: a reverse proxy that passes on only what is let in.

use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::trust::with_scheme;
use clap::Args;
use countersign_client::{Endpoint, EndpointError};
use countersign_guard::Rules;
use countersign_guard::proxy::{Proxy as Service, ProxyParts, UPSTREAM_CONNECTIONS, Upstream, UpstreamError};

use super::file::File;
use super::given::Given;
use super::serving::{Door, Serving};
use crate::failure::Failure;
use crate::output::Output;

/// Stand before a service as a reverse proxy: requests reach it only with the right token, and with who calls in
/// headers
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Proxy {
    /// The service behind, spoken to in HTTP/1.1: scheme, host and port
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// A PEM file of authorities that the upstream's certificate may be signed by, besides the platform's
    #[arg(long, value_name = "FILE")]
    upstream_ca_file: Option<PathBuf>,
    /// How long the upstream may take to begin its answer, and either side be silent within a body, in seconds
    /// [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = from_one::<NonZeroU64>)]
    upstream_timeout: Option<NonZeroU64>,
    /// How many requests the upstream gets at a time; more are answered with 503 [default: 1024, or what the limit of open
    /// files allows]
    #[arg(long, value_name = "N", value_parser = from_one::<NonZeroUsize>)]
    upstream_connections: Option<NonZeroUsize>,
    /// Pass the token on to the upstream, and the DPoP proof
    #[arg(long)]
    pass_authorization: bool,
    #[command(flatten)]
    given: Given,
}

impl Proxy {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let given = &self.given;
        let file = given.trust.file()?;
        let upstream = self.upstream(&file)?;
        let rules = given.rules(&file)?.unwrap_or_else(Rules::everything_needs_a_token);
        let (certificates, trusted_proxies) = (given.certificates(&file)?, given.trusted_proxies(&file)?);
        let serving = Serving::begin(given, &file, Door::Proxy)?;
        if let Some(own) = self.url(&file).and_then(|url| own_address(url, &serving.addresses())) {
            return Err(Failure::new(format!("the upstream is this guard itself, which listens on {own}"))
                .next("give the service's own address to --upstream, or another to --listen"));
        }
        super::judge_rules(&rules, serving.verifier())?;
        let proxy = Service::new(ProxyParts {
            verifier: serving.verifier().clone(),
            rules,
            upstream,
            upstream_connections: self.upstream_connections(&file, serving.share()),
            certificates,
            trusted_proxies,
            is_tls: serving.is_tls(),
            pass_authorization: self.pass_authorization || file.pass_authorization,
            allow_preflight: given.allows_preflight(&file),
        });
        serving.run(proxy.clone(), Some(proxy), output).await
    }

    fn upstream(&self, file: &File) -> Result<Upstream, Failure> {
        let url = self.url(file).ok_or_else(|| {
            let tables = self.given.trust.tables(file);
            let (what, flags) = match tables.first() {
                None => (", and no issuer whose tokens are taken", ", --issuer URL and --audience ID"),
                Some(table) if table.audiences.is_empty() => {
                    (", and no audience of its issuer's tokens", " and --audience ID")
                }
                Some(_) => ("", ""),
            };
            Failure::new(format!("there is no upstream to pass requests on to{what}"))
                .next(format!("give --upstream URL{flags}, or what the file of --config has in their place"))
        })?;
        self.given.trust.judge_plain_http(file, "the upstream", url)?;
        let ca_file = self.upstream_ca_file.as_ref().or(file.upstream_ca_file.as_ref());
        if ca_file.is_some() && self.needs_no_authorities(file, url) {
            return Err(Failure::new(format!(
                "the upstream {url} shows no certificate, so that its authorities say nothing"
            ))
            .next(
                "write https://, or leave --upstream-ca-file out (upstream_ca_file in the file of --config)",
            ));
        }
        let patience = self.upstream_timeout.or(file.upstream_timeout).map_or(60, NonZeroU64::get);
        let patience = Duration::from_secs(patience);
        let make =
            if self.given.trust.allows_plain_http(file) { Upstream::danger_any_http } else { Upstream::new };
        make(url, ca_file.map(PathBuf::as_path), patience).map_err(|error| match error {
            UpstreamError::Url(EndpointError::Credentials) => Failure::new(&error)
                .next("leave user and password out of it: what callers send in Authorization goes on with --pass-authorization"),
            UpstreamError::Path => {
                Failure::new(&error).next("leave out what comes after the port, such as http://127.0.0.1:3000")
            }
            UpstreamError::Url(_) if !url.contains("://") => Failure::new(&error).next(with_scheme(url)),
            error => Failure::new(error),
        })
    }

    fn url<'a>(&'a self, file: &'a File) -> Option<&'a str> {
        self.upstream.as_deref().or(file.upstream.as_deref())
    }

    /// Whether authorities are given for an upstream of plain HTTP. Those of a file may be for its own upstream, over which a
    /// flag stands.
    fn needs_no_authorities(&self, file: &File, url: &str) -> bool {
        let are_for_it = self.upstream_ca_file.is_some() || self.upstream.is_none();
        let is_plain = Endpoint::danger_parse_any_http(url).is_ok_and(|url| url.url().scheme() == "http");
        is_plain && (are_for_it || file.upstream.is_none())
    }

    fn upstream_connections(&self, file: &File, share: usize) -> NonZeroUsize {
        let wanted = self.upstream_connections.or(file.upstream_connections).unwrap_or(UPSTREAM_CONNECTIONS);
        let allowed = NonZeroUsize::new(share).unwrap_or(NonZeroUsize::MIN).min(wanted);
        if allowed < wanted {
            tracing::warn!(%wanted, %allowed, "the limit of open files allows fewer connections to the upstream");
        }
        allowed
    }
}

/// Reads a number of which there is no 0.
fn from_one<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "it is a whole number, 1 or more")
}

/// The one of these addresses that an upstream at this URL would be: each request would come back until no place is left.
/// Names other than `localhost` are not looked up.
fn own_address(url: &str, own: &[SocketAddr]) -> Option<SocketAddr> {
    let url = Endpoint::danger_parse_any_http(url).ok()?;
    let (host, port) = (url.url().host_str()?, url.url().port_or_known_default()?);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
    let is_at = |own: &SocketAddr| match address {
        Some(address) => address == own.ip() || (own.ip().is_unspecified() && address.is_loopback()),
        None => host == "localhost" && (own.ip().is_loopback() || own.ip().is_unspecified()),
    };
    own.iter().find(|own| own.port() == port && is_at(own)).copied()
}

const LONG: &str = "\
Stand before a service as a reverse proxy. A request reaches the service only with a token that is genuine, current, \
meant for this API and wide enough; who calls stands in X-Auth-Client, X-Auth-Subject, X-Auth-Issuer and X-Auth-Scope, \
which nobody else can set. See docs/guard.md for rules.";

const EXAMPLES: &str = "\
Examples:
  countersign guard proxy --issuer http://localhost:8080/realms/myorg \\
      --audience https://orders.example --upstream http://127.0.0.1:3000
  countersign guard proxy --issuer https://id.example/realms/myorg \\
      --audience https://orders.example --rules rules.toml --upstream http://127.0.0.1:3000 \\
      --listen 0.0.0.0:8443 --tls-cert tls.crt --tls-key tls.key \\
      --public-url https://orders.example
  countersign guard proxy --config guard.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_before_itself_is_known() {
        let is_own = |url: &str, own: &str| own_address(url, &[own.parse().unwrap()]).is_some();
        for (url, own) in [
            ("http://127.0.0.1:8081", "127.0.0.1:8081"),
            ("http://localhost:8081", "127.0.0.1:8081"),
            ("http://[::1]:8081", "[::1]:8081"),
            ("http://127.0.0.1:8081", "0.0.0.0:8081"),
            ("https://192.0.2.1", "192.0.2.1:443"),
        ] {
            assert!(is_own(url, own), "{url}");
        }
        for (url, own) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8081"),
            ("http://127.0.0.2:8081", "127.0.0.1:8081"),
            ("http://orders.example:8081", "0.0.0.0:8081"),
            ("https://192.0.2.1", "192.0.2.1:80"),
        ] {
            assert!(!is_own(url, own), "{url}");
        }
    }
}
