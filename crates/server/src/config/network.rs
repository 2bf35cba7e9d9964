//! Where the server listens, and under which URL the world knows it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use url::{Host, Url};

use super::{ConfigError, Given, Layers, Setting};

/// Addresses and URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Where tokens are issued; several when `localhost` was given.
    pub listen: Vec<SocketAddr>,
    /// Whether `listen` is `localhost`: a host without IPv6 is then served on IPv4 alone.
    pub both_loopbacks: bool,
    /// Where health and metrics are; always plain HTTP.
    pub ops: SocketAddr,
    /// Where the admin API is, when not beside the tokens.
    pub admin_listen: Option<SocketAddr>,
    /// The URL that all issuers begin with.
    pub public_url: PublicUrl,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether plain HTTP is served beyond loopback.
    pub danger_plain_http: bool,
}

/// The URL under which callers reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicUrl {
    /// As given, without a trailing slash.
    Given(String),
    /// `localhost` with the port that is listened on.
    Loopback,
}

impl Network {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let listen = layers.get(&LISTEN);
        let mut addresses = Vec::new();
        for text in &listen.values {
            addresses.extend(listen.addresses(&LISTEN, text)?);
        }
        if addresses.is_empty() {
            return Err(ConfigError::value(&LISTEN, &listen.origin, "needs at least one HOST:PORT"));
        }
        let danger_plain_http = layers.get(&DANGER_PLAIN_HTTP).switch(&DANGER_PLAIN_HTTP)?;
        Ok(Self {
            both_loopbacks: matches!(&*listen.values, [one] if one.starts_with("localhost:")),
            listen: addresses,
            ops: single(&layers.get(&OPS), &OPS)?
                .ok_or_else(|| ConfigError::value(&OPS, &layers.get(&OPS).origin, "needs a HOST:PORT"))?,
            admin_listen: single(&layers.get(&ADMIN_LISTEN), &ADMIN_LISTEN)?,
            public_url: public_url(&layers.get(&PUBLIC_URL), danger_plain_http)?,
            trusted_proxies: trusted(&layers.get(&TRUSTED_PROXY))?,
            danger_plain_http,
        })
    }

    /// What addresses, URL and TLS mean for each other.
    pub(super) fn judge(&self, tls: bool) -> Result<(), ConfigError> {
        let beyond = self.listen.iter().find(|address| !address.ip().is_loopback());
        if let (Some(address), PublicUrl::Loopback) = (beyond, &self.public_url) {
            return Err(ConfigError::Together(format!(
                "listening on {address}, which is not loopback, needs the URL that callers use, because every issuer \
                 begins with it: give it, for example --public-url https://auth.example.com"
            )));
        }
        let beyond = beyond.or(self.admin_listen.as_ref().filter(|address| !address.ip().is_loopback()));
        if let (Some(address), false, false) = (beyond, tls, self.danger_plain_http) {
            return Err(ConfigError::Together(format!(
                "serving plain HTTP on {address}, which is not loopback, would send secrets in the clear: give \
                 --tls-cert and --tls-key (or --tls-dev to try it out), or --danger-plain-http where a proxy in front \
                 of this server does TLS"
            )));
        }
        Ok(())
    }
}

fn single(given: &Given, setting: &Setting) -> Result<Option<SocketAddr>, ConfigError> {
    let Some(text) = given.optional() else { return Ok(None) };
    // of `localhost` the first: health checks and operators need one address, not two
    Ok(given.addresses(setting, text)?.first().copied())
}

fn trusted(given: &Given) -> Result<Vec<IpNet>, ConfigError> {
    let wrong = |rule: String| ConfigError::value(&TRUSTED_PROXY, &given.origin, rule);
    let net = |text: &String| {
        let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let net: IpNet = text.parse().ok().or_else(alone).and_then(canonical).ok_or_else(|| {
            wrong(format!("is a network such as 10.0.0.0/8 or an IP address, and `{text}` is neither"))
        })?;
        match net.trunc() {
            whole if whole == net => Ok(net),
            whole => Err(wrong(format!("names a network by its first address: `{text}` is in {whole}"))),
        }
    };
    given.values.iter().map(net).collect()
}

/// IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2) as IPv4, which is how addresses are compared.
fn canonical(net: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = net else { return Some(net) };
    match mapped.network().to_ipv4_mapped() {
        Some(address) => IpNet::new(address.into(), mapped.prefix_len().checked_sub(96)?).ok(),
        None => Some(net),
    }
}

fn public_url(given: &Given, danger: bool) -> Result<PublicUrl, ConfigError> {
    let Some(text) = given.optional() else { return Ok(PublicUrl::Loopback) };
    let wrong = |rule: &str| ConfigError::value(&PUBLIC_URL, &given.origin, rule);
    let url = Url::parse(text).map_err(|_| wrong("is a URL such as https://auth.example.com"))?;
    let Some(host) = url.host() else { return Err(wrong("needs a host, as in https://auth.example.com")) };
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("is scheme, host and port alone: our paths begin at the root"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds no user and no password"));
    }
    match url.scheme() {
        "https" => {}
        "http" if danger || is_loopback(&host) => {}
        "http" => {
            return Err(wrong(
                "is https, unless its host is localhost or a loopback address, or --danger-plain-http is given",
            ));
        }
        _ => return Err(wrong("begins with https:// (or http:// for localhost and loopback addresses)")),
    }
    Ok(PublicUrl::Given(url.as_str().trim_end_matches('/').to_owned()))
}

/// Whether this host is this machine, by the same rule as our clients have: the parsed host decides, and names below
/// `localhost` are not taken for it, since resolvers ask DNS for them (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291
/// §2.5.3).
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

const LISTEN: Setting = Setting::many(
    "listen",
    "HOST:PORT",
    "localhost:8080",
    "Where tokens are issued. `localhost` means 127.0.0.1 and [::1]; port 0 takes a free port.",
);
const OPS: Setting = Setting::one(
    "ops",
    "HOST:PORT",
    "127.0.0.1:9090",
    "Where health (`/livez`, `/readyz`) and metrics (`/metrics`) are; always plain HTTP, for the operator's network alone.",
);
const ADMIN_LISTEN: Setting = Setting::one(
    "admin_listen",
    "HOST:PORT",
    "",
    "Where the admin API is, and then nowhere else, with tokens beside it for operators; unless given it is on `listen`.",
);
const PUBLIC_URL: Setting = Setting::one(
    "public_url",
    "URL",
    "",
    "The URL that callers use and that every issuer begins with: scheme, host and port; https, or http where the host is \
     `localhost` or a loopback address. Unless given it is `http://localhost:PORT` (https with TLS), which only works on \
     loopback.",
);
const TRUSTED_PROXY: Setting = Setting::many(
    "trusted_proxy",
    "CIDR",
    "",
    "Proxies in front of this server whose `X-Forwarded-For` is believed, as networks or addresses.",
);
const DANGER_PLAIN_HTTP: Setting = Setting::switch(
    "danger_plain_http",
    "Serves plain HTTP on addresses that are not loopback: only where a proxy in front does TLS.",
);

pub(super) const SETTINGS: &[Setting] =
    &[LISTEN, PUBLIC_URL, OPS, ADMIN_LISTEN, TRUSTED_PROXY, DANGER_PLAIN_HTTP];
