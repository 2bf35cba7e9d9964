//! Which addresses a document may lead to: those of the public internet. All others are doors to what stands beside us,
//! such as the metadata service of a cloud at 169.254.169.254.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that a document led to and that is not called; the text says what an operator can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a document led to {0}, which is no public address: where that is meant, configure the URL that it names yourself"
)]
pub struct ForbiddenAddress(pub IpAddr);

/// Takes public unicast addresses.
///
/// # Errors
/// [`ForbiddenAddress`] for what the IANA registries of special-purpose addresses list (RFC 6890): loopback, private,
/// link-local, shared, unspecified, multicast, broadcast, benchmark, documentation and reserved ones, and IPv6 addresses
/// that stand for such an IPv4 address.
pub(crate) fn check(ip: IpAddr) -> Result<(), ForbiddenAddress> {
    let public = match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    };
    if public { Ok(()) } else { Err(ForbiddenAddress(ip)) }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    !INSIDE_V4.iter().any(|(net, len)| within(ip.to_bits().into(), net.to_bits().into(), *len, 32))
}

/// Only 2000::/3 is given out; of the rest, what stands for an IPv4 address is as good as that one (RFC 4291 §2.5.5.2,
/// RFC 6052 §2.1).
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let inside = |(net, len): &(Ipv6Addr, u32)| within(ip.to_bits(), net.to_bits(), *len, 128);
    if [MAPPED, NAT64].iter().any(inside) {
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    inside(&GIVEN_OUT) && !INSIDE_V6.iter().any(inside)
}

/// Whether `ip` lies in `net` with a prefix of `len` of `bits` bits.
const fn within(ip: u128, net: u128, len: u32, bits: u32) -> bool {
    (ip ^ net) >> (bits - len) == 0
}

const fn v4(a: u8, b: u8, c: u8, d: u8, len: u32) -> (Ipv4Addr, u32) {
    (Ipv4Addr::new(a, b, c, d), len)
}

const fn v6(a: u16, b: u16, c: u16, len: u32) -> (Ipv6Addr, u32) {
    (Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), len)
}

const INSIDE_V4: [(Ipv4Addr, u32); 16] = [
    v4(0, 0, 0, 0, 8),        // this network, unspecified
    v4(10, 0, 0, 0, 8),       // private (RFC 1918)
    v4(100, 64, 0, 0, 10),    // shared behind a carrier's NAT (RFC 6598); Alibaba's metadata service
    v4(127, 0, 0, 0, 8),      // loopback
    v4(168, 63, 129, 16, 32), // public by number alone: the host of a machine at Azure
    v4(169, 254, 0, 0, 16),   // link-local; the metadata services of clouds
    v4(172, 16, 0, 0, 12),    // private
    v4(192, 0, 0, 0, 24),     // protocol assignments
    v4(192, 0, 2, 0, 24),     // documentation
    v4(192, 88, 99, 0, 24),   // 6to4 relays
    v4(192, 168, 0, 0, 16),   // private
    v4(198, 18, 0, 0, 15),    // benchmarks (RFC 2544)
    v4(198, 51, 100, 0, 24),  // documentation
    v4(203, 0, 113, 0, 24),   // documentation
    v4(224, 0, 0, 0, 4),      // multicast
    v4(240, 0, 0, 0, 4),      // reserved, broadcast
];

const MAPPED: (Ipv6Addr, u32) = (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);
const NAT64: (Ipv6Addr, u32) = v6(0x64, 0xff9b, 0, 96);
const GIVEN_OUT: (Ipv6Addr, u32) = v6(0x2000, 0, 0, 3);
const INSIDE_V6: [(Ipv6Addr, u32); 4] = [
    v6(0x2001, 0, 0, 23),     // protocol assignments: Teredo, benchmarks, ORCHID
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4: stands for an IPv4 address
    v6(0x3fff, 0, 0, 20),     // documentation (RFC 9637)
];

#[cfg(test)]
mod tests {
    use super::*;

    fn public(ip: &str) -> bool {
        check(ip.parse().unwrap()).is_ok()
    }

    /// Threats 2 "IPv6 `::`, v4-mapped, 169.254.169.254": both ends of each range, and their neighbours outside.
    #[test]
    fn what_is_not_public_is_forbidden() {
        for inside in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.0",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0.0.0.0",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:2::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "4000::1",
            "1fff::1",
        ] {
            assert!(!public(inside), "{inside}");
        }
        for outside in [
            "1.0.0.0",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
            "2001:200::1",
            "2606:4700::1111",
            "2a00::1",
            "3ffe::1",
        ] {
            assert!(public(outside), "{outside}");
        }
    }
}
