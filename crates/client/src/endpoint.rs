//! URLs that a client may call: https anywhere, plain http to loopback alone; and, of what a document names, public
//! addresses alone.

use std::fmt;

use url::{Host, Url};

use crate::address::{self, ForbiddenAddress};

/// A URL that was judged fit to be called; only the functions here make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    named_by: NamedBy,
}

/// Who says that a URL is to be called: an operator may name whatever host they like, a document may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// Somebody who configures this program.
    Operator,
    /// A document that came over the network: the host may resolve to public addresses alone.
    Document,
}

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
        if endpoint.url.scheme() == "http" && !endpoint.is_loopback() {
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
        Ok(Self { url, named_by: NamedBy::Operator })
    }

    /// Takes a URL that a document of `issuer` names, such as `jwks_uri`: `https`, and when it is called, every address
    /// that its host resolves to must be public.
    ///
    /// A host that is the issuer's own is spared, because an operator named it; there plain `http` is taken too where
    /// the issuer itself is called by it.
    ///
    /// Does not check: that host and issuer have one owner; the port.
    ///
    /// # Errors
    /// [`DocumentUrlError`] with the rule that it breaks, a literal address included.
    pub fn named_in_document(url: &str, issuer: &Self) -> Result<Self, DocumentUrlError> {
        let mut endpoint = Self::danger_parse_any_http(url)?;
        let own = endpoint.url.host() == issuer.url.host();
        if endpoint.url.scheme() == "http" && !(own && issuer.url.scheme() == "http") {
            return Err(DocumentUrlError::PlainHttp);
        }
        if own {
            return Ok(endpoint);
        }
        match endpoint.url.host() {
            Some(Host::Ipv4(ip)) => address::check(ip.into())?,
            Some(Host::Ipv6(ip)) => address::check(ip.into())?,
            Some(Host::Domain(_)) | None => {}
        }
        endpoint.named_by = NamedBy::Document;
        Ok(endpoint)
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    pub(crate) const fn named_by(&self) -> NamedBy {
        self.named_by
    }

    /// Whether the host is loopback. Names below `localhost` are not taken for it: they are asked of DNS here (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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

/// Why a URL that a document names is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentUrlError {
    /// It would not be called whoever named it.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// Plain HTTP, where the issuer is called by https or has another host.
    #[error("a document may name https URLs alone: what comes by plain http can be changed on the way")]
    PlainHttp,
    /// A literal address that is not public.
    #[error(transparent)]
    Address(#[from] ForbiddenAddress),
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

    fn named(url: &str, issuer: &str) -> Result<NamedBy, DocumentUrlError> {
        let issuer = Endpoint::danger_parse_any_http(issuer).unwrap();
        Endpoint::named_in_document(url, &issuer).map(|endpoint| endpoint.named_by())
    }

    /// Threats 2 "JWKS URL scheme `file:`, `http:`, `data:`": a document leads nowhere but to https.
    #[test]
    fn a_document_names_https_alone() {
        let issuer = "https://a.example/realms/x";
        for url in
            ["file:///etc/passwd", "data:application/json,{}", "ftp://a.example/", "/keys", "", "https:"]
        {
            assert_eq!(named(url, issuer), Err(EndpointError::Syntax.into()), "{url}");
        }
        assert_eq!(named("https://u:p@a.example/", issuer), Err(EndpointError::Credentials.into()));
        for url in ["http://a.example/keys", "http://localhost/keys", "http://127.0.0.1/", "http:a.example/"]
        {
            assert_eq!(named(url, issuer), Err(DocumentUrlError::PlainHttp), "{url}");
        }
        // plain http goes to no other host than the issuer's own
        assert_eq!(named("http://localhost:2/", "http://127.0.0.1:1"), Err(DocumentUrlError::PlainHttp));
        assert_eq!(named("http://b.cluster/", "http://a.cluster"), Err(DocumentUrlError::PlainHttp));
    }

    /// The operator named the issuer's host, so the issuer's documents may.
    #[test]
    fn the_issuers_own_host_is_spared() {
        for (url, issuer) in [
            ("https://a.example/keys", "https://A.example/realms/x"),
            ("https://a.example:8443/keys", "https://a.example"),
            ("https://10.0.0.1/keys", "https://10.0.0.1/"),
            ("http://127.0.0.1:2/", "http://127.1:1"),
            ("http://keycloak:8080/certs", "http://keycloak:8080/realms/x"),
            ("https://[::1]/", "http://[::1]:80"),
        ] {
            assert_eq!(named(url, issuer), Ok(NamedBy::Operator), "{url}");
        }
        for other in ["https://b.example/", "https://a.example./", "https://x.a.example/", "https://8.8.8.8/"]
        {
            assert_eq!(named(other, "https://a.example"), Ok(NamedBy::Document), "{other}");
        }
    }

    /// Threats 2 "IPv6 `::`, v4-mapped, 169.254.169.254, decimal IPs": however a literal address is written.
    #[test]
    fn a_document_names_no_address_inside() {
        for url in [
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/",
            "https://0xa9fea9fe/",
            "https://0xa9.254.0251.254/",
            "https://0251.0376.0251.0376/",
            "https://169.254.43518/",
            "https://\u{ff11}\u{ff16}\u{ff19}.254.169.254/",
            "https://169.254.169.254./",
            "https://127.1/",
            "https://0/",
            "https://[::]/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://10.0.0.1:8443/",
        ] {
            let refused = named(url, "https://a.example");
            assert!(matches!(refused, Err(DocumentUrlError::Address(_))), "{url}: {refused:?}");
        }
    }
}
