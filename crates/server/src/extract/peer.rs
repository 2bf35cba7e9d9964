//! Where a request comes from, when proxies stand before us.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// The other end of the connection that a request came over; put into the request's extensions by the accept loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The proxies that are believed. `X-Forwarded-Host` and its kin are never read: no identity of ours follows a header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this connection comes from a proxy that is believed.
    pub(crate) fn are_trusted(&self, peer: Option<&Peer>) -> bool {
        peer.is_some_and(|peer| self.contain(peer.0.ip().to_canonical()))
    }

    /// The address of whoever sent the request: the connection's other end, or, when that is a trusted proxy, the
    /// rightmost address in `X-Forwarded-For` that is none.
    ///
    /// Without a [`Peer`] (an embedder that has no sockets) it is 0.0.0.0.
    pub(crate) fn source(&self, peer: Option<&Peer>, headers: &HeaderMap) -> IpAddr {
        let Some(peer) = peer else { return IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        let mut source = peer.0.ip().to_canonical();
        if self.0.is_empty() || !self.contain(source) {
            return source;
        }
        // the last lines are our proxies'; what stands before the cap is not looked at, whoever wrote it
        let lines = headers.get_all(FORWARDED_FOR).iter().rev().take(MAX_LINES);
        let hops = lines.flat_map(|line| line.as_bytes().rsplit(|&b| b == b','));
        for hop in hops.take(MAX_HOPS) {
            // Whatever stands left of something unreadable was not written by a proxy of ours.
            let Some(address) = address(hop.trim_ascii()) else { return source };
            source = address;
            if !self.contain(address) {
                return source;
            }
        }
        source
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() <= MAX_ADDRESS)?;
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>())
        .ok()?;
    Some(address.to_canonical())
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const MAX_LINES: usize = 8;
const MAX_HOPS: usize = 32;
const MAX_ADDRESS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn source(peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        proxies.source(Some(&Peer(peer.parse().unwrap())), &headers).to_string()
    }

    /// T-9700-07: only a trusted proxy is believed, and only as far as proxies of ours have written.
    #[test]
    fn believes_trusted_proxies_alone() {
        assert_eq!(source("192.0.2.9:1", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(source("10.0.0.1:1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1:1", &["203.0.113.7, 198.51.100.1, 10.2.3.4"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1:1", &["203.0.113.7", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.1:1", &["198.51.100.1, what?"]), "10.0.0.1");
        assert_eq!(source("10.0.0.1:1", &[]), "10.0.0.1");
        assert_eq!(source("[::ffff:10.0.0.1]:1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(source("[2001:db8::1]:1", &["[2001:db9::2]:80"]), "2001:db9::2");
        assert_eq!(source("10.0.0.1:1", &["10.0.0.2, 10.0.0.3"]), "10.0.0.2");
    }

    /// T-9700-07: a proxy that adds a line of its own adds it last, however many lines the caller wrote before.
    #[test]
    fn the_last_lines_count_however_many_come_before() {
        let mut lines = vec!["203.0.113.7"; MAX_LINES];
        lines.push("198.51.100.1");
        assert_eq!(source("10.0.0.1:1", &lines), "198.51.100.1");
        let mut beyond = vec!["203.0.113.7"];
        beyond.extend(["10.0.0.2"; MAX_LINES]);
        assert_eq!(source("10.0.0.1:1", &beyond), "10.0.0.2");
    }

    /// threats 4, "header-count DoS": a thousand lines cost what eight do.
    #[test]
    fn reads_a_bounded_number_of_hops() {
        let lines = vec!["10.0.0.5,10.0.0.6"; 1000];
        assert_eq!(source("10.0.0.1:1", &lines), "10.0.0.5");
        let hops = vec!["10.0.0.5"; 1000].join(",");
        assert_eq!(source("10.0.0.1:1", &[&format!("198.51.100.1,{hops}")]), "10.0.0.5");
    }
}
