//! Forward-auth: which request a proxy asks about, told in headers of one family; the other family may be the caller's own
//! words, as proxies pass on what they do not set themselves.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;
use http::{HeaderMap, Method};

/// Whose headers tell the original request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `X-Original-Method` and `X-Original-URI`, as nginx is told to set them.
    Original,
    /// `X-Forwarded-Method` and `X-Forwarded-Uri`, beside `X-Forwarded-Host` and `X-Forwarded-Proto`: Caddy, Traefik.
    Forwarded,
}

/// The request that a proxy asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalRequest {
    method: Method,
    target: String,
}

/// Why the original request is not known; whoever cannot tell what it is asked about must not say yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotTold {
    /// The proxy did not set the header.
    #[error("{0} is missing: the proxy must set it, see docs/guard.md")]
    Missing(&'static str),
    /// There are several; which one is the proxy's cannot be told.
    #[error("{0} was sent more than once: the proxy must replace what its caller sent")]
    Repeated(&'static str),
    /// Longer than is read.
    #[error("{header} is longer than {max} bytes")]
    TooLong {
        /// The header.
        header: &'static str,
        /// The most that is read.
        max: usize,
    },
    /// The method is none (RFC 9110 §9.1), or not in upper case.
    #[error("{0} is not a method in upper case")]
    Method(&'static str),
    /// The target is not a path with or without a query (RFC 9112 §3.2.1).
    #[error("{0} is not a path that begins with a slash")]
    Target(&'static str),
    /// The host is not one host with or without a port (RFC 9110 §7.2).
    #[error("{0} is not a host")]
    Host(&'static str),
    /// The protocol is neither `http` nor `https`.
    #[error("{0} is neither http nor https")]
    Proto(&'static str),
}

impl OriginalRequest {
    /// Reads the headers of one family, each of which must be there exactly once; those of the other are not looked at.
    ///
    /// `X-Forwarded-Host` and `X-Forwarded-Proto` decide nothing. But where there are two of one, or something else stands
    /// there, the proxy lets its callers' lines through, and then the others may be its callers' too.
    ///
    /// Does not check: that these headers come from a proxy that may be believed (see
    /// [`TrustedProxies`](crate::proxied::TrustedProxies)), that the path means one thing only, that the host is ours.
    ///
    /// # Errors
    /// [`NotTold`] names the header.
    pub fn read(family: Family, headers: &HeaderMap) -> Result<Self, NotTold> {
        match family {
            Family::Original => Ok(Self {
                method: method(headers, "X-Original-Method")?,
                target: target(headers, "X-Original-URI")?,
            }),
            Family::Forwarded => {
                let told = Self {
                    method: method(headers, "X-Forwarded-Method")?,
                    target: target(headers, "X-Forwarded-Uri")?,
                };
                judge_host(headers, "X-Forwarded-Host")?;
                judge_proto(headers, "X-Forwarded-Proto")?;
                Ok(told)
            }
        }
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Its path and query as the proxy tells them, neither decoded nor normalised.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.target
    }
}

impl Family {
    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Forwarded => "forwarded",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Family {
    type Err = NoFamily;

    fn from_str(text: &str) -> Result<Self, NoFamily> {
        match text {
            "original" => Ok(Self::Original),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(NoFamily),
        }
    }
}

/// A name of no family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is `original` (nginx) or `forwarded` (Caddy, Traefik)")]
pub struct NoFamily;

/// Upper case alone: some upstreams read `post` as POST, and then a rule for POST would not have been asked.
fn method(headers: &HeaderMap, name: &'static str) -> Result<Method, NotTold> {
    let sent = one(headers, name, MAX_METHOD)?;
    if sent.iter().any(u8::is_ascii_lowercase) {
        return Err(NotTold::Method(name));
    }
    Method::from_bytes(sent).map_err(|_| NotTold::Method(name))
}

fn target(headers: &HeaderMap, name: &'static str) -> Result<String, NotTold> {
    let sent = one(headers, name, MAX_TARGET)?;
    // a fragment is never sent (RFC 9112 §3.2), and who cuts it off sees another path than who does not
    let plain = sent.iter().all(|b| b.is_ascii_graphic() && *b != b'#');
    match std::str::from_utf8(sent) {
        Ok(target) if plain && target.starts_with('/') => Ok(target.to_owned()),
        _ => Err(NotTold::Target(name)),
    }
}

fn judge_host(headers: &HeaderMap, name: &'static str) -> Result<(), NotTold> {
    let host = match one(headers, name, MAX_HOST) {
        Err(NotTold::Missing(_)) => return Ok(()),
        host => Authority::try_from(host?).map_err(|_| NotTold::Host(name))?,
    };
    // a list tells of several proxies, and user information is no part of a host
    let alone = !host.as_str().contains(['@', ',']) && !host.host().is_empty();
    let with_port = host.as_str().len() > host.host().len();
    if alone && (!with_port || host.port_u16().is_some()) { Ok(()) } else { Err(NotTold::Host(name)) }
}

fn judge_proto(headers: &HeaderMap, name: &'static str) -> Result<(), NotTold> {
    match one(headers, name, MAX_PROTO) {
        Ok(b"http" | b"https") | Err(NotTold::Missing(_)) => Ok(()),
        Ok(_) => Err(NotTold::Proto(name)),
        Err(error) => Err(error),
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &'static str, max: usize) -> Result<&'a [u8], NotTold> {
    let mut sent = headers.get_all(name).iter();
    let value = sent.next().ok_or(NotTold::Missing(name))?;
    if sent.next().is_some() {
        return Err(NotTold::Repeated(name));
    }
    match value.as_bytes() {
        long if long.len() > max => Err(NotTold::TooLong { header: name, max }),
        value => Ok(value),
    }
}

const MAX_METHOD: usize = 32;
const MAX_TARGET: usize = 8 * 1024;
/// A DNS name of 253 characters, and a port.
const MAX_HOST: usize = 259;
const MAX_PROTO: usize = 16;

#[cfg(test)]
mod tests;
