//! Rules on single members: each says its rule when it is broken, and names the member.

use std::collections::HashSet;

use countersign_proto::jose::Algorithm;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;
use ipnet::{IpNet, Ipv4Net};

use super::AdminError;

/// A realm's name: what can stand in every URL as it is.
pub(super) fn realm_name(name: &str) -> Result<(), AdminError> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if !(1..=63).contains(&name.len()) || !name.bytes().all(allowed) {
        return Err(AdminError::invalid(
            "name",
            "a realm name is 1 to 63 characters of A-Z, a-z, 0-9, '.', '_' and '-'",
        ));
    }
    if matches!(name, "." | "..") {
        return Err(AdminError::invalid(
            "name",
            "'.' and '..' are reserved: they mean something else in URLs",
        ));
    }
    Ok(())
}

/// A text for people.
pub(super) fn text(field: &str, text: &str, most: usize) -> Result<(), AdminError> {
    if text.chars().count() > most {
        return Err(AdminError::invalid(field, format!("{field} has at most {most} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(AdminError::invalid(
            field,
            format!("{field} has no control characters, line breaks included"),
        ));
    }
    Ok(())
}

/// A token lifetime: 1 second to 30 days.
pub(super) fn lifetime(seconds: i64) -> Result<i64, AdminError> {
    if (1..=MAX_LIFETIME).contains(&seconds) {
        return Ok(seconds);
    }
    let rule = format!("token_lifetime is a whole number of seconds from 1 to {MAX_LIFETIME} (30 days)");
    Err(AdminError::invalid("token_lifetime", rule))
}

/// A moment when something ends; `now` where it must lie ahead.
pub(super) fn expiry(at: UnixTime, now: Option<UnixTime>) -> Result<UnixTime, AdminError> {
    if !(0..=YEAR_9999).contains(&at.0) {
        let rule = "expires_at is in seconds (not milliseconds) since 1970-01-01T00:00:00Z, at most the end of year 9999";
        return Err(AdminError::invalid("expires_at", rule));
    }
    if now.is_some_and(|now| at <= now) {
        return Err(AdminError::invalid("expires_at", "expires_at must lie in the future"));
    }
    Ok(at)
}

/// One of the words that `parse` knows.
pub(super) fn word<T>(
    field: &str,
    word: &str,
    parse: impl Fn(&str) -> Option<T>,
    known: &[&str],
) -> Result<T, AdminError> {
    parse(word).ok_or_else(|| AdminError::invalid(field, format!("{field} is one of {}", known.join(", "))))
}

/// A signature algorithm by its registered name.
pub(super) fn algorithm(name: &str) -> Result<Algorithm, AdminError> {
    word("algorithm", name, Algorithm::parse, &Algorithm::ALL.map(Algorithm::as_str))
}

/// The networks that a client may call from.
pub(super) fn cidrs(given: &[String]) -> Result<Vec<IpNet>, AdminError> {
    let broken = |rule: &str| Err(AdminError::invalid("allowed_cidrs", rule));
    if given.len() > MAX_CIDRS {
        return broken("allowed_cidrs has at most 32 networks");
    }
    let mut nets = Vec::with_capacity(given.len());
    for text in given {
        let net = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
        let Ok(net) = net else {
            return broken("allowed_cidrs holds networks such as 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32");
        };
        if net.trunc() != net {
            return broken("a network has no bits set behind its prefix: 10.0.0.0/8, not 10.1.2.3/8");
        }
        let net = canonical(net);
        if !nets.contains(&net) {
            nets.push(net);
        }
    }
    Ok(nets)
}

/// An IPv4 network written as IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 network: addresses are compared as such.
fn canonical(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let prefix = v6.prefix_len().checked_sub(96);
    let mapped = v6.addr().to_ipv4_mapped().zip(prefix);
    mapped.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok()).map_or(net, IpNet::V4)
}

/// The scope names of `given`, each once and not in `others` either.
pub(super) fn scope_names(
    field: &str,
    given: &[String],
    others: &mut HashSet<ScopeName>,
) -> Result<Vec<ScopeName>, AdminError> {
    let mut names = Vec::with_capacity(given.len());
    for text in given {
        let name = ScopeName::parse(text).map_err(|error| AdminError::invalid(field, error))?;
        if !others.insert(name.clone()) {
            let rule = format!("the scope {name} stands twice; a scope is either default or optional");
            return Err(AdminError::invalid(field, rule));
        }
        names.push(name);
    }
    Ok(names)
}

/// The longest lifetime of a token, in seconds.
pub(super) const MAX_LIFETIME: i64 = 2_592_000;
/// Longest name or label, in characters.
pub(super) const MAX_NAME: usize = 200;
/// Longest description, in characters.
pub(super) const MAX_DESCRIPTION: usize = 1000;
const MAX_CIDRS: usize = 32;
const YEAR_9999: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    /// Issue 3, item 2: names and limits are validated with errors that say the rule.
    #[test]
    fn realm_names_stand_in_urls_as_they_are() {
        for good in ["a", "my-org", "A.b_c-9", &"x".repeat(63)] {
            assert!(realm_name(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a%2fb", "ä", "a\n", &"x".repeat(64)] {
            let Err(AdminError::Invalid { field, rule }) = realm_name(bad) else { panic!("{bad}") };
            assert!(field == "name" && !rule.is_empty());
        }
    }

    #[test]
    fn lifetimes_and_expiries_have_ends() {
        assert!([1, 3600, MAX_LIFETIME].into_iter().all(|s| lifetime(s).is_ok()));
        assert!([0, -1, MAX_LIFETIME + 1, i64::MAX, i64::MIN].into_iter().all(|s| lifetime(s).is_err()));
        let now = UnixTime(1_000);
        assert!(expiry(UnixTime(1_001), Some(now)).is_ok());
        assert!(expiry(UnixTime(1_000), Some(now)).is_err());
        assert!(expiry(UnixTime(999), None).is_ok());
        let milliseconds = UnixTime(1_750_000_000_000);
        assert!(expiry(milliseconds, Some(now)).is_err());
    }

    #[test]
    fn networks_are_networks() {
        let nets = |texts: &[&str]| cidrs(&texts.iter().map(|&t| t.to_owned()).collect::<Vec<_>>());
        assert_eq!(nets(&["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "10.0.0.0/8"]).unwrap().len(), 3);
        for bad in ["", "10.0.0.0/33", "10.1.2.3/8", "example.org", "10.0.0.0/8 "] {
            assert!(nets(&[bad]).is_err(), "{bad}");
        }
        let written = nets(&["::ffff:10.0.0.0/104", "::ffff:192.0.2.7", "10.0.0.0/8", "::/0"]).unwrap();
        assert_eq!(
            written.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.0.0/8", "192.0.2.7/32", "::/0"]
        );
        let many: Vec<String> = (0..33).map(|n| format!("10.0.0.{n}")).collect();
        assert!(cidrs(&many).is_err());
    }
}
