//! What a guard that listens believes of whom: what `guard proxy` and `guard forward-auth` have in common.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use clap::Args;
use countersign_guard::Rules;
use countersign_guard::certificates::Certificates;
use countersign_guard::proxied::{CertificateHeader, TrustedProxies};
use countersign_server::config::{Config, ConfigError, Layers, Log, settings};
use http::HeaderName;

use super::demands::Demands;
use super::file::File;
use super::place::PlaceFlags;
use super::trust::Trust;
use crate::failure::Failure;
use crate::private_file;

/// The flags of a guard that listens.
#[derive(Args, Debug)]
pub(super) struct Given {
    #[command(flatten)]
    pub(super) trust: Trust,
    #[command(flatten)]
    pub(super) demands: Demands,
    /// Keep no tokens that were verified: each request's is verified anew, or asked about
    #[arg(long, help_heading = "Tokens")]
    no_token_cache: bool,
    #[command(flatten)]
    pub(super) place: PlaceFlags,
    /// The URL under which callers know the API: what DPoP proofs must name, and where its metadata is [default, for a
    /// proxy that listens on loopback: where it listens]
    #[arg(long, value_name = "URL", help_heading = "Network")]
    public_url: Option<String>,
    /// Proxies whose headers are read, as networks or addresses; repeatable [default: loopback]
    #[arg(long = "trusted-proxy", value_name = "CIDR", help_heading = "Network")]
    trusted_proxies: Vec<String>,
    /// Read callers' certificates from this header (RFC 9440), of trusted proxies on this machine alone
    #[arg(long, value_name = "NAME", help_heading = "Network")]
    client_certs_from_header: Option<String>,
    /// Which requests need which scopes; without it every request needs a valid token
    #[arg(long, value_name = "FILE", help_heading = "Requests")]
    rules: Option<PathBuf>,
    /// Let CORS preflights through, which carry no token
    #[arg(long, help_heading = "Requests")]
    allow_preflight: bool,
    /// Log lines for people, or one JSON object a line: pretty or json [default: pretty]
    #[arg(long, value_name = "FORMAT", help_heading = "Logs")]
    log_format: Option<String>,
    /// How much is logged: off, error, warn, info, debug or trace; for parts of the program as in
    /// `info,countersign_guard=debug`. No level shows a token [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Logs")]
    log_level: Option<String>,
}

impl Given {
    /// The URL under which callers know the API, as far as somebody said.
    pub(super) fn public_url<'a>(&'a self, file: &'a File) -> Result<Option<&'a str>, Failure> {
        let url = self.public_url.as_deref().or(file.public_url.as_deref());
        url.map_or(Ok(()), |url| self.trust.judge_plain_http(file, "the public URL", url))?;
        Ok(url)
    }

    /// The rules, `None` where no file is given.
    pub(super) fn rules(&self, file: &File) -> Result<Option<Rules>, Failure> {
        let Some(path) = self.rules.as_ref().or(file.rules.as_ref()) else { return Ok(None) };
        let text = private_file::read(path, MAX_RULES).map_err(|error| {
            Failure::new(format!("cannot read the rules in {}: {error}", path.display()))
                .next("name a TOML file of [[rule]] tables, as docs/guard.md has one")
        })?;
        let rules = Rules::parse(&text)
            .map_err(|error| Failure::new(format!("the rules in {}: {error}", path.display())))?;
        Ok(Some(rules))
    }

    /// How many verified tokens are kept, as far as somebody said.
    pub(super) fn cached_tokens(&self, file: &File) -> Option<usize> {
        if self.no_token_cache { Some(0) } else { file.cached_tokens }
    }

    /// Whether CORS preflights go through.
    pub(super) fn allows_preflight(&self, file: &File) -> bool {
        self.allow_preflight || file.allow_preflight
    }

    /// Whose headers are read.
    pub(super) fn trusted_proxies(&self, file: &File) -> Result<TrustedProxies, Failure> {
        let (networks, named) = match (self.names_proxies(), &file.trusted_proxies) {
            (true, _) => (&self.trusted_proxies, "--trusted-proxy"),
            (false, Some(networks)) => (networks, "trusted_proxies in the file of --config"),
            (false, None) => return Ok(TrustedProxies::default()),
        };
        TrustedProxies::parse(networks).map_err(|error| Failure::new(format!("{named} {error}")))
    }

    /// Whether nobody's headers are read, as an empty list in the file says.
    pub(super) fn trusts_no_proxy(&self, file: &File) -> bool {
        !self.names_proxies() && file.trusted_proxies.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether a flag names proxies: one that has nothing to be read from them is a slip, while a file may be shared with
    /// a guard that has.
    pub(super) fn names_proxies(&self) -> bool {
        !self.trusted_proxies.is_empty()
    }

    /// Where callers' certificates come from.
    pub(super) fn certificates(&self, file: &File) -> Result<Certificates, Failure> {
        let Some(name) = self.certificate_header(file) else { return Ok(Certificates::default()) };
        let name = HeaderName::try_from(name).map_err(|_| {
            Failure::new(format!("--client-certs-from-header: {name} is no name of a header"))
        })?;
        if means_something_else(&name) {
            return Err(Failure::new(format!("--client-certs-from-header: {name} means something else"))
                .next("name the header that the proxy fills and replaces, such as Client-Cert"));
        }
        let proxies = self.trusted_proxies(file)?;
        if proxies.are_everybody() {
            return Err(Failure::new(
                "callers' certificates would be believed of everybody on this machine: --trusted-proxy names all addresses",
            )
            .next("name the address of the proxy that ends TLS, such as --trusted-proxy 127.0.0.1"));
        }
        if !proxies.contains(Ipv4Addr::LOCALHOST.into()) && !proxies.contains(Ipv6Addr::LOCALHOST.into()) {
            return Err(Failure::new(
                "callers' certificates are believed of a proxy on this machine alone, and --trusted-proxy names none",
            )
            .next("add --trusted-proxy 127.0.0.1, and let the proxy that ends TLS run on this machine"));
        }
        Ok(Certificates::handed_on_in(CertificateHeader::new(name, proxies)))
    }

    /// Whether callers' certificates are known at all.
    pub(super) fn knows_certificates(&self, file: &File) -> bool {
        self.place.asks_for_certificates(file) || self.certificate_header(file).is_some()
    }

    /// How to log, read by the server's own rules.
    pub(super) fn log(&self, file: &File) -> Result<Log, Failure> {
        let mut layers = Layers::default();
        let given = [
            ("log.format", &self.log_format, &file.log_format, LOG_FORMAT),
            ("log.level", &self.log_level, &file.log_level, LOG_LEVEL),
        ];
        for (key, flag, set, _) in given {
            if let (Some(setting), Some(value)) =
                (settings().find(|setting| setting.key == key), flag.as_ref().or(set.as_ref()))
            {
                layers.flag(setting, vec![value.clone()]);
            }
        }
        let ours = |wrong: ConfigError| match wrong {
            // told of where it stands here, by the name that it has there
            ConfigError::Value { key, .. } => given
                .iter()
                .find(|(known, ..)| *known == key)
                .map(|(_, flag, _, (named, in_file, takes))| match flag {
                    Some(_) => Failure::new(format!("{named} is {takes}")),
                    None => Failure::new(format!("{in_file} in the file of --config is {takes}")),
                })
                .unwrap_or(Failure::from(wrong)),
            wrong => Failure::from(wrong),
        };
        Ok(Config::read(&layers).map_err(ours)?.log)
    }

    fn certificate_header<'a>(&'a self, file: &'a File) -> Option<&'a String> {
        self.client_certs_from_header.as_ref().or(file.client_certs_from_header.as_ref())
    }
}

/// A header that callers, proxies or we fill with something of its own: as one of certificates it would be refused on every
/// request, or taken from the upstream.
fn means_something_else(name: &HeaderName) -> bool {
    OTHERS.contains(&name.as_str()) || FAMILIES.iter().any(|family| name.as_str().starts_with(family))
}

const OTHERS: [&str; 20] = [
    "authorization",
    "connection",
    "cookie",
    "date",
    "dpop",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];
const FAMILIES: [&str; 8] =
    ["accept", "access-control-", "content-", "if-", "proxy-", "sec-", "x-auth-", "x-original-"];
/// A setting of the log: its flag, its key in the file, and what it takes.
const LOG_FORMAT: (&str, &str, &str) = ("--log-format", "log_format", "pretty or json");
const LOG_LEVEL: (&str, &str, &str) = (
    "--log-level",
    "log_level",
    "off, error, warn, info, debug or trace, or a list such as info,countersign_guard=debug",
);
const MAX_RULES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    #[test]
    fn certificates_come_in_headers_of_their_own() {
        let means_something_else = |name: &str| super::means_something_else(&name.parse().unwrap());
        for name in
            ["Authorization", "Host", "Cookie", "Content-Type", "Content-Length", "X-Auth-Client", "DPoP"]
        {
            assert!(means_something_else(name), "{name}");
        }
        for name in ["Client-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert", "X-SSL-Client-Cert"] {
            assert!(!means_something_else(name), "{name}");
        }
    }
}
