//! Who calls, as the upstream reads it: four headers that we alone may set.

use http::{HeaderMap, HeaderName, HeaderValue};

#[cfg(any(feature = "forward-auth", feature = "proxy"))]
use crate::{Access, Refusal};

/// What a verified token says of its bearer, ready to be sent; [`IdentityHeaders::default`] says nothing of nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityHeaders {
    client: Option<HeaderValue>,
    subject: Option<HeaderValue>,
    issuer: Option<HeaderValue>,
    scope: Option<HeaderValue>,
}

/// A value holds something that a header cannot carry without being read differently by somebody: refuse the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value for {header} is not printable ASCII without a space at its ends")]
pub struct NotPrintable {
    /// The header that it was for.
    pub header: &'static str,
}

impl IdentityHeaders {
    /// The headers for the bearer of a token: `client_id`, `sub`, `iss`, `scope`.
    ///
    /// # Errors
    /// [`NotPrintable`] names the first value that is not printable ASCII, or begins or ends with a space.
    pub fn of(client: Option<&str>, subject: &str, issuer: &str, scope: &str) -> Result<Self, NotPrintable> {
        Ok(Self {
            client: client.map(|client| value("X-Auth-Client", client)).transpose()?,
            subject: Some(value("X-Auth-Subject", subject)?),
            issuer: Some(value("X-Auth-Issuer", issuer)?),
            scope: Some(value("X-Auth-Scope", scope)?),
        })
    }

    /// Those of whom a request was let in with, and of nobody where it was let in with nothing.
    #[cfg(any(feature = "forward-auth", feature = "proxy"))]
    pub(crate) fn of_access(access: Option<&Access>) -> Result<Self, Refusal> {
        let Some(access) = access else { return Ok(Self::default()) };
        Self::of(access.client_id(), access.subject(), access.issuer(), access.scope())
            .map_err(|_| Refusal::NotPrintable)
    }

    /// For a request to an upstream: takes out what came in, and sets what is known.
    pub fn put(&self, headers: &mut HeaderMap) {
        strip(headers);
        for (name, value) in self.each() {
            if let Some(value) = value {
                headers.insert(name, value.clone());
            }
        }
    }

    /// For the 200 of forward-auth: sets all four, empty where unknown. A proxy copies them over what came in, and
    /// what it does not find in our answer it would leave as the caller forged it.
    pub fn put_all(&self, headers: &mut HeaderMap) {
        strip(headers);
        for (name, value) in self.each() {
            headers.insert(name, value.clone().unwrap_or(HeaderValue::from_static("")));
        }
    }

    fn each(&self) -> [(HeaderName, &Option<HeaderValue>); 4] {
        [(CLIENT, &self.client), (SUBJECT, &self.subject), (ISSUER, &self.issuer), (SCOPE, &self.scope)]
    }
}

/// Takes out every header that an upstream could read as one of the four; trailers need it as well.
///
/// CGI and its heirs (WSGI, Rack, PHP) make `HTTP_X_AUTH_CLIENT` of `X-Auth-Client` and of `X_Auth_Client` alike (RFC
/// 3875 §4.1.18), some of them of `X.Auth.Client` too: so whatever is neither letter nor digit counts as a hyphen.
pub fn strip(headers: &mut HeaderMap) {
    strip_named(headers, &[CLIENT, SUBJECT, ISSUER, SCOPE]);
}

/// Takes out every header that an upstream could read as one of these.
pub(crate) fn strip_named(headers: &mut HeaderMap, names: &[HeaderName]) {
    let forged: Vec<HeaderName> =
        headers.keys().filter(|sent| names.iter().any(|name| reads_as(sent, name))).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
}

fn reads_as(sent: &HeaderName, name: &HeaderName) -> bool {
    let (sent, name) = (sent.as_str(), name.as_str());
    sent.len() == name.len() && sent.bytes().map(folded).eq(name.bytes().map(folded))
}

/// A byte of a header's name, which is in lower case anyhow, as CGI and its heirs tell it from others.
pub(crate) const fn folded(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte } else { b'-' }
}

fn value(header: &'static str, text: &str) -> Result<HeaderValue, NotPrintable> {
    let printable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if !printable || text.starts_with(' ') || text.ends_with(' ') {
        return Err(NotPrintable { header });
    }
    HeaderValue::from_str(text).map_err(|_| NotPrintable { header })
}

/// The client that the token was issued to: `client_id` (RFC 9068 §2.2).
pub const CLIENT: HeaderName = HeaderName::from_static("x-auth-client");
/// Whom the token is about: `sub`.
pub const SUBJECT: HeaderName = HeaderName::from_static("x-auth-subject");
/// Who issued the token: `iss`.
pub const ISSUER: HeaderName = HeaderName::from_static("x-auth-issuer");
/// What the token allows: `scope`, separated by spaces (RFC 6749 §3.3).
pub const SCOPE: HeaderName = HeaderName::from_static("x-auth-scope");

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for name in names {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_static("forged"));
        }
        headers
    }

    fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
        headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// T-9700-07: nobody but us says who calls, in whatever spelling an upstream would take for the same.
    #[test]
    fn what_reads_as_one_of_ours_is_taken_out() {
        for name in ["X-Auth-Client", "X-Auth-Subject", "X-Auth-Issuer", "X-Auth-Scope"] {
            let mut spellings = vec![name.to_owned(), name.to_uppercase(), name.to_lowercase()];
            for other in ["_", ".", "~", "!", "#", "$", "%", "&", "'", "*", "+", "^", "`", "|"] {
                spellings.push(name.replace('-', other));
                spellings.push(name.replacen('-', other, 1));
                spellings.push(name.replace("-", other).replacen(other, "-", 1));
            }
            for spelling in spellings {
                let mut headers = headers(&[&spelling, &spelling, "accept"]);
                strip(&mut headers);
                assert_eq!(headers.keys().collect::<Vec<_>>(), ["accept"], "{spelling}");
            }
        }
    }

    #[test]
    fn what_is_another_header_to_everybody_stays() {
        let others = [
            "x-auth-clients",
            "x-auth-clien",
            "xauth-client",
            "x--auth-client",
            "http-x-auth-client",
            "x-auth",
        ];
        let mut headers = headers(&others);
        strip(&mut headers);
        assert_eq!(headers.len(), others.len());
    }

    /// T-9700-07: what is set takes the place of what came in, and what is unknown leaves no gap for it.
    #[test]
    fn what_is_known_replaces_what_came_in() {
        let inbound = ["x-auth-client", "x-auth-client", "x_auth_client", "x-auth-subject", "x_auth-scope"];
        let known =
            IdentityHeaders::of(None, "orders", "https://as.example", "orders:read orders:write").unwrap();

        let mut upstream = headers(&inbound);
        known.put(&mut upstream);
        assert_eq!(upstream.len(), 3);
        assert_eq!(values(&upstream, &SUBJECT), ["orders"]);
        assert_eq!(values(&upstream, &ISSUER), ["https://as.example"]);
        assert_eq!(values(&upstream, &SCOPE), ["orders:read orders:write"]);

        let mut answer = headers(&inbound);
        known.put_all(&mut answer);
        assert_eq!(answer.len(), 4);
        assert_eq!(values(&answer, &CLIENT), [""]);
        assert_eq!(values(&answer, &SUBJECT), ["orders"]);

        let with_client = IdentityHeaders::of(Some("svc"), "orders", "i", "").unwrap();
        with_client.put(&mut upstream);
        assert_eq!((values(&upstream, &CLIENT), values(&upstream, &SCOPE)), (vec!["svc"], vec![""]));
    }

    /// T-9700-07: a request that passes without a token carries nobody's identity.
    #[test]
    fn nobody_is_said_by_four_empty_headers_or_none() {
        let nobody = IdentityHeaders::default();
        let mut answer = headers(&["x-auth-client", "x_auth_subject"]);
        nobody.put_all(&mut answer);
        for name in [CLIENT, SUBJECT, ISSUER, SCOPE] {
            assert_eq!(values(&answer, &name), [""]);
        }
        assert_eq!(answer.len(), 4);
        nobody.put(&mut answer);
        assert!(answer.is_empty());
    }

    #[test]
    fn what_is_not_printable_is_refused() {
        for bad in
            ["a\r\nX-Auth-Scope: admin", "a\0", "a\tb", "\u{7f}", "müller", "ａ", " a", "a ", " ", "a\u{a0}"]
        {
            for (place, name) in
                ["X-Auth-Client", "X-Auth-Subject", "X-Auth-Issuer", "X-Auth-Scope"].into_iter().enumerate()
            {
                let at = |here| if place == here { bad } else { "good" };
                let refused = IdentityHeaders::of(Some(at(0)), at(1), at(2), at(3));
                assert_eq!(refused, Err(NotPrintable { header: name }), "{bad:?}");
            }
        }
        assert!(IdentityHeaders::of(Some("a b~!"), "", "", "").is_ok());
    }
}
