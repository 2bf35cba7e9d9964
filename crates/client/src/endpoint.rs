//! URLs that a client may call: https anywhere, plain http to loopback alone.

use std::fmt;

use url::{Host, Url};

/// A URL that was judged fit to be called; only [`Endpoint::parse`] and the `danger` one make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Takes an absolute URL: `https`, or `http` whose host is loopback (`localhost`, 127.0.0.0/8, `::1`).
    ///
    /// The host is judged as the URL standard parses it, not as text. A URL with user or password is refused, because
    /// it would be sent and logged by accident; a fragment is dropped.
    ///
    /// Does not check: what the name `localhost` resolves to here.
    ///
    /// # Errors
    /// [`EndpointError`] with the rule that it breaks.
    pub fn parse(url: &str) -> Result<Self, EndpointError> {
        let endpoint = Self::danger_parse_any_http(url)?;
        if endpoint.0.scheme() == "http" && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp);
        }
        Ok(endpoint)
    }

    /// As [`Endpoint::parse`], and plain `http` to any host: secrets and tokens travel in the clear.
    ///
    /// # Errors
    /// [`EndpointError`] with the rule that it breaks.
    pub fn danger_parse_any_http(url: &str) -> Result<Self, EndpointError> {
        let mut url = Url::parse(url).map_err(|_| EndpointError::Syntax)?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(EndpointError::Syntax);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::Credentials);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whether the host is loopback. Names below `localhost` are not taken for it: they are asked of DNS here (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// No absolute `https` or `http` URL.
    #[error("it is no absolute https URL")]
    Syntax,
    /// User or password in the URL.
    #[error("a URL with user or password in it is not called")]
    Credentials,
    /// Plain HTTP beyond loopback.
    #[error("plain http is used to loopback alone, because secrets would travel in the clear: use https")]
    PlainHttp,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threats 5 "plain http by look-alike host": the parsed host decides, not the text.
    #[test]
    fn plain_http_goes_to_loopback_alone() {
        for good in [
            "https://a.example/x",
            "http://localhost:8080/x",
            "http://LOCALHOST",
            "http://127.0.0.1",
            "http://127.1:80/",
            "http://[::1]:8080",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for plain in [
            "http://a.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://localhost@a.example".replace("localhost@", "").as_str(),
            "http://auth.localhost",
            "http://notlocalhost",
            "http://0.0.0.0",
            "http://[::2]",
            "http://[::ffff:10.0.0.1]",
            "http:\\\\a.example\\@localhost",
        ] {
            assert_eq!(Endpoint::parse(plain).err(), Some(EndpointError::PlainHttp), "{plain}");
        }
        assert_eq!(Endpoint::parse("http://localhost@a.example").err(), Some(EndpointError::Credentials));
        for wrong in ["", "a.example", "/x", "ftp://localhost", "file:///etc/passwd", "https:"] {
            assert_eq!(Endpoint::parse(wrong).err(), Some(EndpointError::Syntax), "{wrong}");
        }
        assert!(Endpoint::danger_parse_any_http("http://a.example").is_ok());
    }
}
