//! How the text of a value is read: switches, numbers, times, addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{ConfigError, Given, Setting};

impl Given {
    /// The one value.
    pub(super) fn text(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    /// The one value, unless it is empty.
    pub(super) fn optional(&self) -> Option<&str> {
        Some(self.text()).filter(|text| !text.is_empty())
    }

    pub(super) fn switch(&self, setting: &Setting) -> Result<bool, ConfigError> {
        match self.text() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            _ => Err(ConfigError::value(setting, &self.origin, "is true or false")),
        }
    }

    pub(super) fn number(
        &self,
        setting: &Setting,
        range: RangeInclusive<usize>,
    ) -> Result<usize, ConfigError> {
        self.text().parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let rule = format!("is a whole number from {} to {}", range.start(), range.end());
            ConfigError::value(setting, &self.origin, rule)
        })
    }

    pub(super) fn duration(
        &self,
        setting: &Setting,
        range: RangeInclusive<Duration>,
    ) -> Result<Duration, ConfigError> {
        duration(self.text()).filter(|time| range.contains(time)).ok_or_else(|| {
            let rule =
                format!("is a time such as 500ms, 30s or 5m, from {:?} to {:?}", range.start(), range.end());
            ConfigError::value(setting, &self.origin, rule)
        })
    }

    /// The socket addresses of `HOST:PORT`, where `localhost` stands for both loopback addresses.
    pub(super) fn addresses(&self, setting: &Setting, text: &str) -> Result<Vec<SocketAddr>, ConfigError> {
        addresses(text).ok_or_else(|| {
            let rule = "is HOST:PORT with an IP address or `localhost` as HOST, such as 127.0.0.1:8080, \
                        [::1]:8080, localhost:8080, or 0.0.0.0:8080 for all addresses";
            ConfigError::value(setting, &self.origin, rule)
        })
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    }
}

fn addresses(text: &str) -> Option<Vec<SocketAddr>> {
    if let Ok(address) = text.parse() {
        return Some(vec![address]);
    }
    let port: u16 = text.strip_prefix("localhost:")?.parse().ok()?;
    let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    Some(both.map(|ip| SocketAddr::new(ip, port)).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        for wrong in
            ["", "30", "s", "-1s", "1.5s", "1 s", "1d", "99999999999999999999s", "9999999999999999999h"]
        {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn localhost_is_both_loopback_addresses() {
        let both = addresses("localhost:8080").unwrap();
        assert_eq!(both, ["127.0.0.1:8080".parse().unwrap(), "[::1]:8080".parse().unwrap()]);
        assert_eq!(addresses("[::]:1").unwrap().len(), 1);
        for wrong in
            ["", ":8080", "8080", "localhost", "localhost:", "example.com:80", "127.0.0.1:70000", "::1:80x"]
        {
            assert_eq!(addresses(wrong), None, "{wrong}");
        }
    }
}
