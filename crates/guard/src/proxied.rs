//! What a proxy before us may say in headers, and which proxy: its peers' addresses, and the client certificate that it
//! took in our stead (RFC 9440).

mod certificate;

use std::net::IpAddr;

use ipnet::IpNet;

pub use certificate::{BadClientCertificate, CertificateHeader, ClientCertificate};

/// The proxies whose headers are read; whatever anybody else sends in them is not. Loopback by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// A text names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoNetwork {
    /// It cannot be read as one.
    #[error("is a network such as 10.0.0.0/8 or an IP address, and `{0}` is neither")]
    Unreadable(String),
    /// Its address lies within the network: perhaps another was meant.
    #[error("names a network by its first address: `{text}` is in {network}")]
    NotFirst {
        /// The text.
        text: String,
        /// The network that holds the address.
        network: IpNet,
    },
}

impl TrustedProxies {
    /// Those in any of these networks, `10.0.0.0/8` or a single address; none at all where there is none.
    ///
    /// # Errors
    /// [`NoNetwork`] on the first text that names no network.
    pub fn parse<T: AsRef<str>>(networks: impl IntoIterator<Item = T>) -> Result<Self, NoNetwork> {
        networks.into_iter().map(|text| network(text.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the headers of this peer are read: the connection's other end, never an address out of a header.
    #[must_use]
    pub fn contains(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }

    /// Whether all addresses of a family are among them: then headers are read of whoever comes.
    #[must_use]
    pub fn are_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }
}

impl Default for TrustedProxies {
    fn default() -> Self {
        let v4 = ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::new(127, 0, 0, 0), 8);
        Self(vec![IpNet::V4(v4), IpNet::from(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST))])
    }
}

fn network(text: &str) -> Result<IpNet, NoNetwork> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let network = text.parse().ok().or_else(alone).and_then(canonical);
    let network = network.ok_or_else(|| NoNetwork::Unreadable(text.to_owned()))?;
    match network.trunc() {
        whole if whole == network => Ok(network),
        whole => Err(NoNetwork::NotFirst { text: text.to_owned(), network: whole }),
    }
}

/// IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2) as IPv4, which is how addresses are compared.
fn canonical(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = network else { return Some(network) };
    match mapped.addr().to_ipv4_mapped() {
        Some(address) => IpNet::new(address.into(), mapped.prefix_len().checked_sub(96)?).ok(),
        None => Some(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &[&str], peer: &str) -> bool {
        TrustedProxies::parse(networks).unwrap().contains(peer.parse().unwrap())
    }

    /// T-9700-07: only the peers that were named are believed, loopback where nobody was.
    #[test]
    fn loopback_is_trusted_by_default_and_nobody_else() {
        let default = TrustedProxies::default();
        for peer in ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"] {
            assert!(default.contains(peer.parse().unwrap()), "{peer}");
        }
        for peer in [
            "128.0.0.1",
            "126.255.255.255",
            "10.0.0.1",
            "0.0.0.0",
            "::",
            "::2",
            "::ffff:10.0.0.1",
            "::7f00:1",
        ] {
            assert!(!default.contains(peer.parse().unwrap()), "{peer}");
        }
        assert!(!contains(&[], "127.0.0.1"));
    }

    #[test]
    fn networks_and_addresses_are_named() {
        let named = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::ffff:198.51.100.0/120"];
        for peer in ["10.255.0.1", "192.0.2.7", "2001:db8:1::1", "198.51.100.9", "::ffff:10.0.0.1"] {
            assert!(contains(&named, peer), "{peer}");
        }
        for peer in ["11.0.0.1", "192.0.2.8", "2001:db9::1", "198.51.101.9", "127.0.0.1", "::1"] {
            assert!(!contains(&named, peer), "{peer}");
        }
        // all of IPv6 is not all of IPv4
        assert!(!contains(&["::/0"], "::ffff:192.0.2.1"));
    }

    #[test]
    fn everybody_is_told_from_some() {
        let are_everybody =
            |network: &str| TrustedProxies::parse(["10.0.0.0/8", network]).unwrap().are_everybody();
        assert!(are_everybody("0.0.0.0/0") && are_everybody("::/0") && are_everybody("::ffff:0:0/96"));
        assert!(!are_everybody("0.0.0.0/1") && !are_everybody("::1"));
    }

    #[test]
    fn what_names_no_network_is_told() {
        for bad in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            " 10.0.0.1",
            "10.0.0.1:80",
            "::ffff:0:0/90",
        ] {
            assert_eq!(TrustedProxies::parse([bad]), Err(NoNetwork::Unreadable(bad.to_owned())));
        }
        let error = TrustedProxies::parse(["10.1.2.3/8"]).unwrap_err();
        assert_eq!(error.to_string(), "names a network by its first address: `10.1.2.3/8` is in 10.0.0.0/8");
    }
}
