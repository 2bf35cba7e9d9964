//! What a header is to a proxy: of this hop, of the request's way here, or of no concern; by its name, however it is spelt.

use http::HeaderName;

use crate::identity::folded;

/// What a header is to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// For one connection alone.
    Hop,
    /// Names another path, method, caller or certificate than those that were judged, or a proxy to go through.
    Elsewhere,
    /// Tells where the request came from.
    Origin,
    /// Read or written here, and goes on in its own spelling.
    Plain,
    /// One of the last two in a spelling that nobody writes: a trusted proxy replaces the right one, and lets its caller's
    /// `X_Forwarded_For` through, and we would let `Content_Length` stand beside ours.
    Odd,
    /// Has done its work here.
    Token,
}

impl Kind {
    /// That of a header, in every spelling that an upstream could read as it: CGI and its heirs take whatever is neither
    /// letter nor digit for the same.
    pub(super) fn of(name: &HeaderName) -> Option<Self> {
        let sent = name.as_str().as_bytes();
        // `Content-Length_` as well
        let signs = sent.iter().rev().take_while(|byte| folded(**byte) == b'-').count();
        let name = sent.get(..sent.len() - signs)?;
        let mut room = [0; LONGEST];
        let begins = room.get_mut(..name.len().min(LONGEST))?;
        for (to, byte) in begins.iter_mut().zip(name) {
            *to = folded(*byte);
        }
        let begins = &*begins;
        let known = TABLE.iter().find(|(known, _)| name.len() <= LONGEST && known.as_bytes() == begins);
        let of_family = || FAMILIES.iter().find(|(family, _)| begins.starts_with(family.as_bytes()));
        match known.or_else(of_family).map(|(_, kind)| *kind) {
            Some(Self::Origin | Self::Plain)
                if signs > 0 || sent.iter().any(|byte| folded(*byte) != *byte) =>
            {
                Some(Self::Odd)
            }
            kind => kind,
        }
    }
}

/// What is not just passed on; of whole [`FAMILIES`] nothing is.
///
/// By those that name another path or method some upstreams choose them: IIS and old Symfony by the URLs, many frameworks
/// by the override, and Gunicorn cuts `SCRIPT_NAME` off the path, so that `/orders/admin` becomes `/admin`; `Proxy` becomes
/// `HTTP_PROXY` to whatever CGI runs, and `Destination` is the second path of WebDAV's COPY and MOVE (RFC 4918 §10.3), which
/// no rule judges. By users and groups, services behind other proxies know who calls. The certificate of RFC 9440 is never the
/// one that was judged.
pub(super) const TABLE: [(&str, Kind); 51] = [
    ("connection", Kind::Hop),
    ("keep-alive", Kind::Hop),
    ("proxy-connection", Kind::Hop),
    ("proxy-authenticate", Kind::Hop),
    ("proxy-authorization", Kind::Hop),
    ("te", Kind::Hop),
    ("trailer", Kind::Hop),
    ("transfer-encoding", Kind::Hop),
    ("upgrade", Kind::Hop),
    ("http2-settings", Kind::Hop),
    ("expect", Kind::Hop), // answered here
    ("x-original-url", Kind::Elsewhere),
    ("x-original-uri", Kind::Elsewhere),
    ("x-original-host", Kind::Elsewhere),
    ("x-original-method", Kind::Elsewhere),
    ("x-rewrite-url", Kind::Elsewhere),
    ("x-rewrite-uri", Kind::Elsewhere),
    ("x-forwarded-uri", Kind::Elsewhere),
    ("x-forwarded-method", Kind::Elsewhere),
    ("x-http-method", Kind::Elsewhere),
    ("x-http-method-override", Kind::Elsewhere),
    ("x-method-override", Kind::Elsewhere),
    ("script-name", Kind::Elsewhere),
    ("path-info", Kind::Elsewhere),
    ("request-uri", Kind::Elsewhere),
    ("x-request-uri", Kind::Elsewhere),
    ("x-script-name", Kind::Elsewhere),
    ("x-original-path", Kind::Elsewhere),
    ("x-envoy-original-path", Kind::Elsewhere),
    ("x-override-url", Kind::Elsewhere),
    ("x-arr-original-url", Kind::Elsewhere),
    ("x-waws-unencoded-url", Kind::Elsewhere),
    ("x-forwarded-url", Kind::Elsewhere),
    ("x-forwarded-path", Kind::Elsewhere),
    ("x-forwarded-prefix", Kind::Elsewhere),
    ("destination", Kind::Elsewhere),
    ("proxy", Kind::Elsewhere),
    ("client-cert", Kind::Elsewhere),
    ("client-cert-chain", Kind::Elsewhere),
    ("forwarded", Kind::Elsewhere), // X-Forwarded-For is what grows here
    ("x-forwarded-user", Kind::Elsewhere),
    ("x-forwarded-email", Kind::Elsewhere),
    ("x-forwarded-groups", Kind::Elsewhere),
    ("x-forwarded-preferred-username", Kind::Elsewhere),
    ("x-forwarded-access-token", Kind::Elsewhere),
    ("content-length", Kind::Plain),
    ("host", Kind::Plain),
    ("x-request-id", Kind::Plain),
    ("x-real-ip", Kind::Origin),
    ("authorization", Kind::Token),
    ("dpop", Kind::Token),
];
/// What begins so and is not in the table: who calls is said by us alone, in whatever name of this kind.
const FAMILIES: [(&str, Kind); 5] = [
    ("x-auth-", Kind::Elsewhere),
    ("remote-", Kind::Elsewhere),
    ("x-remote-", Kind::Elsewhere),
    ("x-webauth-", Kind::Elsewhere),
    ("x-forwarded-", Kind::Origin),
];
/// No name in the table is longer.
pub(super) const LONGEST: usize = 30;
