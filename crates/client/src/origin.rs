//! Where tokens may be sent: the origins that a source was made for, and no other.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use http::Uri;
use url::{Host, Origin, Url};

use crate::discovery::Judge;
use crate::spend::{SpendError, Unfit};
use crate::token::Misconfigured;

/// The origins that a source's tokens may be sent to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins(Vec<Origin>);

/// Where a request goes that a token may be sent with; only [`Origins`] makes it.
pub(crate) struct Target<'a> {
    origin: &'a Origin,
    written: Written<'a>,
}

#[derive(Clone, Copy)]
enum Written<'a> {
    Url(&'a Url),
    Uri(&'a Uri),
}

impl Origins {
    /// Takes origins: scheme, host and port, and nothing after them; `judge` says whether plain HTTP is one.
    pub(crate) fn parse(texts: &[String], judge: Judge) -> Result<Self, Misconfigured> {
        parse("only_to", texts, judge).map(Self)
    }

    /// Takes a URL of one of them, as the URL standard reads it.
    ///
    /// # Errors
    /// [`SpendError`]: it is another place's, or there is none.
    pub(crate) fn of_url<'a>(&'a self, url: &'a Url) -> Result<Target<'a>, SpendError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::UserInfo.into());
        }
        let found = self.find(|origin| *origin == url.origin());
        let refused = || Unfit::Origin(crate::http::shown(&url.origin().ascii_serialization()));
        Ok(Target { origin: found?.ok_or_else(refused)?, written: Written::Url(url) })
    }

    /// Takes a URI of one of them, as those read it who connect to it: it is not parsed a second time in another way.
    ///
    /// # Errors
    /// [`SpendError`]: it is another place's, or there is none.
    pub(crate) fn of_uri<'a>(&'a self, uri: &'a Uri) -> Result<Target<'a>, SpendError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(Unfit::Relative.into());
        };
        if authority.as_str().contains('@') {
            return Err(Unfit::UserInfo.into());
        }
        let port = authority.port();
        let length = authority.host().len() + port.as_ref().map_or(0, |port| 1 + port.as_str().len());
        // a colon without a port that is one: what becomes of it is nobody's guess
        let whole = authority.as_str().len() == length;
        let port = port.map(|port| port.as_u16());
        let found = self.find(|origin| whole && is(origin, scheme, authority.host(), port));
        let refused = || Unfit::Origin(crate::http::shown(&format!("{scheme}://{authority}")));
        Ok(Target { origin: found?.ok_or_else(refused)?, written: Written::Uri(uri) })
    }

    fn find(&self, is: impl Fn(&Origin) -> bool) -> Result<Option<&Origin>, Misconfigured> {
        if self.0.is_empty() {
            let why =
                "nothing says where tokens may be sent: name the API's origin, as in https://orders.example";
            return Err(Misconfigured::new("only_to", why));
        }
        Ok(self.0.iter().find(|origin| is(origin)))
    }
}

impl<'a> Target<'a> {
    /// The origin, in the normal form of the URL standard.
    pub(crate) const fn origin(&self) -> &'a Origin {
        self.origin
    }

    /// The whole URI, as it is sent.
    pub(crate) fn uri(&self) -> Cow<'a, str> {
        match self.written {
            Written::Url(url) => Cow::Borrowed(url.as_str()),
            Written::Uri(uri) => Cow::Owned(uri.to_string()),
        }
    }
}

/// The origins that `setting` names.
pub(crate) fn parse(
    setting: &'static str,
    texts: &[String],
    judge: Judge,
) -> Result<Vec<Origin>, Misconfigured> {
    texts.iter().map(|text| one(setting, text, judge)).collect()
}

fn one(setting: &'static str, text: &str, judge: Judge) -> Result<Origin, Misconfigured> {
    let wrong = |why: String| Misconfigured::new(setting, format!("{}: {why}", crate::http::shown(text)));
    let endpoint = judge(text).map_err(|error| wrong(error.to_string()))?;
    let url = endpoint.url();
    if !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong(
            "an origin is scheme, host and port alone, as in https://orders.example".to_owned(),
        ));
    }
    Ok(url.origin())
}

/// Scheme and name are compared without regard to case (RFC 3986 §6.2.2.1); of addresses, IPv6 may be written in any
/// way, and IPv4 in the usual one.
fn is(origin: &Origin, scheme: &str, host: &str, port: Option<u16>) -> bool {
    let Origin::Tuple(own_scheme, own_host, own_port) = origin else { return false };
    let default = if own_scheme == "https" { 443 } else { 80 };
    let same_host = match own_host {
        Host::Domain(name) => name.eq_ignore_ascii_case(host),
        Host::Ipv4(ip) => host.parse() == Ok(*ip),
        Host::Ipv6(ip) => {
            let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            inside.and_then(|host| host.parse::<Ipv6Addr>().ok()) == Some(*ip)
        }
    };
    own_scheme.eq_ignore_ascii_case(scheme) && same_host && port.unwrap_or(default) == *own_port
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Endpoint;

    fn origins(texts: &[&str]) -> Origins {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        Origins::parse(&texts, Endpoint::parse).unwrap()
    }

    /// Whether a token may go there, by both readings.
    fn allows(origins: &Origins, url: &str) -> bool {
        let by_url = Url::parse(url).is_ok_and(|url| origins.of_url(&url).is_ok());
        let by_uri = url.parse::<Uri>().is_ok_and(|uri| origins.of_uri(&uri).is_ok());
        assert!(by_url || !by_uri, "{url}: the laxer reading is that of whoever connects");
        by_url && by_uri
    }

    /// T-9449-05 is kept per origin and tokens are sent by origin: what is one is one, however it is written.
    #[test]
    fn an_origin_is_known_however_it_is_written() {
        let own = origins(&[
            "https://Orders.example/",
            "http://[::1]:8080",
            "http://127.0.0.1:81",
            "https://x:444",
        ]);
        for url in [
            "https://orders.example",
            "https://orders.example/1?a=b",
            "https://ORDERS.example:443/1",
            "HTTPS://orders.example/1",
            "http://[::1]:8080/",
            "http://[0:0:0:0:0:0:0:1]:8080/",
            "http://127.0.0.1:81/x",
            "https://x:444",
        ] {
            assert!(allows(&own, url), "{url}");
        }
    }

    /// Threats 4 "SDK loopback exemption `http://localhost:80@evil`": nothing that looks like an origin is one.
    #[test]
    fn what_looks_like_an_origin_is_none() {
        let own =
            origins(&["https://orders.example", "http://localhost:80", "http://127.0.0.1", "http://[::1]"]);
        for url in [
            "http://orders.example/",
            "https://orders.example:444/",
            "https://orders.example./",
            "https://orders.example.evil.example/",
            "https://orders.example@evil.example/",
            "https://orders.example:443@evil.example/",
            "https://user@orders.example/",
            "https://user:password@orders.example/",
            "https://@orders.example/",
            "https://evil.example/https://orders.example",
            "https://evil.example#@orders.example",
            "https://evil.example?@orders.example",
            "https://evil.example\\@orders.example",
            "https://orders.example\\@evil.example/",
            "https://orders%2Eexample/",
            "https://xorders.example/",
            "https://a.orders.example/",
            "http://localhost:80@evil.example/",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.2/",
            "http://[::2]/",
            "http://[::ffff:127.0.0.1]/",
            "ftp://orders.example/",
            "https:orders.example",
            "/1",
            "orders.example",
            "*",
        ] {
            let as_url = Url::parse(url).map(|url| own.of_url(&url).is_ok());
            let as_uri = url.parse::<Uri>().map(|uri| own.of_uri(&uri).is_ok());
            // these are that origin by the URL standard, and whoever connects to a `Url` goes there
            let own_by_url = [
                "https:orders.example",
                "https://@orders.example/",
                "https://orders%2Eexample/",
                "https://orders.example\\@evil.example/",
            ];
            assert_eq!(as_url == Ok(true), own_by_url.contains(&url), "{url}");
            assert!(!matches!(as_uri, Ok(true)), "{url}");
        }
        for odd in ["https://orders.example:/", "https://orders.example:99999/"] {
            let uri = odd.parse::<Uri>().map(|uri| own.of_uri(&uri).is_ok());
            assert!(!matches!(uri, Ok(true)), "{odd}");
        }
    }

    /// Threats 5 "plain http": a token goes in the clear to loopback alone, unless that danger is taken.
    #[test]
    fn a_token_goes_to_no_plain_http() {
        let texts = ["http://orders.example".to_owned()];
        let error = Origins::parse(&texts, Endpoint::parse).unwrap_err().to_string();
        assert!(error.contains("use https"), "{error}");
        assert!(Origins::parse(&texts, Endpoint::danger_parse_any_http).is_ok());
    }

    #[test]
    fn an_origin_is_no_more_than_that() {
        for text in
            ["https://a.example/x", "https://a.example?x", "a.example", "", "https://u@a.example", "ftp://a"]
        {
            let parsed = Origins::parse(&[text.to_owned()], Endpoint::parse);
            assert_eq!(parsed.unwrap_err().setting(), "only_to", "{text}");
        }
        let none = Origins::default();
        let url = Url::parse("https://a.example").unwrap();
        let Err(error) = none.of_url(&url) else { panic!("nowhere is not everywhere") };
        assert!(error.to_string().contains("only_to"), "{error}");
    }
}
