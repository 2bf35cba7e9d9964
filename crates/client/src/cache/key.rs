//! Which token a place is for: all that makes the server give another.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

use crate::token::Ask;

/// What two sources must have in common to share a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub(crate) struct CacheKey {
    pub whom: Whom,
    pub client_id: String,
    resource: BTreeSet<String>,
    audience: BTreeSet<String>,
    scope: BTreeSet<String>,
    /// The key that the token is bound to.
    pub binding: Option<Binding>,
    /// The certificate that the client shows, to which a server may bind its tokens (RFC 8705 §3).
    pub certificate: Option<String>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Whom {
    /// The issuer with this identifier.
    Issuer(String),
    /// This token endpoint.
    Endpoint(String),
}

/// What a token is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Binding {
    /// The proof key with this thumbprint (RFC 9449).
    Jkt(String),
    /// A proof key for this algorithm that is still to be found: names the place of the key, not of a token.
    Algorithm(&'static str),
}

impl CacheKey {
    /// The order in which things are asked for does not count, nor does saying one twice.
    pub(crate) fn new(whom: Whom, client_id: &str, ask: &Ask, binding: Option<Binding>) -> Self {
        let set = |names: &[String]| names.iter().cloned().collect();
        Self {
            whom,
            client_id: client_id.to_owned(),
            resource: set(&ask.resource),
            audience: set(&ask.audience),
            scope: set(&ask.scope),
            binding,
            certificate: None,
        }
    }

    /// The same, for a client that shows the certificate in this file: as it is now, or, where it cannot be read, by the
    /// file's name.
    pub(crate) fn showing(mut self, file: Option<&Path>) -> Self {
        self.certificate = file.map(|path| {
            let mut held = Vec::new();
            let read = File::open(path).and_then(|file| file.take(MAX_CERTIFICATE).read_to_end(&mut held));
            read.map_or_else(|_| path.display().to_string(), |_| hexadecimal(&held))
        });
        self
    }

    /// Its one spelling.
    pub(super) fn text(&self) -> String {
        // strings and lists of them can always be written
        serde_json::to_string(self).unwrap_or_default()
    }

    /// A name for it that a file can have: the SHA-256 of its spelling, in hexadecimal.
    pub(super) fn name(&self) -> String {
        hexadecimal(self.text().as_bytes())
    }
}

/// The SHA-256 of `bytes`.
fn hexadecimal(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of a certificate's file that count.
const MAX_CERTIFICATE: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(resource: &[&str], audience: &[&str], scope: &[&str]) -> Ask {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Ask { scope: list(scope), resource: list(resource), audience: list(audience) }
    }

    /// Threats 4 "wrong tenant's token": whatever differs makes another place, in memory and on disk, and no two keys
    /// have one spelling.
    #[test]
    fn every_part_makes_another_place() {
        let issuer = |url: &str| Whom::Issuer(url.to_owned());
        let jkt = |text: &str| Some(Binding::Jkt(text.to_owned()));
        let base = || ask(&["r"], &["a"], &["s"]);
        let keys = [
            CacheKey::new(issuer("https://x"), "c", &base(), None),
            CacheKey::new(issuer("https://x/"), "c", &base(), None),
            CacheKey::new(Whom::Endpoint("https://x".to_owned()), "c", &base(), None),
            CacheKey::new(issuer("https://x"), "d", &base(), None),
            CacheKey::new(issuer("https://x"), "C", &base(), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r2"], &["a"], &["s"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r", "r2"], &["a"], &["s"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r", "a"], &[], &["s"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&[], &["a", "r"], &["s"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r"], &["b"], &["s"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r"], &["a"], &["t"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r"], &["a"], &["s", "t"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r"], &["a"], &["s\",\"t"]), None),
            CacheKey::new(issuer("https://x"), "c", &ask(&["r"], &["a"], &[]), None),
            CacheKey::new(issuer("https://x"), "c", &base(), jkt("k")),
            CacheKey::new(issuer("https://x"), "c", &base(), jkt("l")),
            CacheKey::new(issuer("https://x"), "c", &base(), Some(Binding::Algorithm("ES256"))),
            CacheKey::new(issuer("https://x"), "c", &base(), None).showing(Some(Path::new("/no/such/file"))),
            CacheKey::new(issuer("https://x"), "c", &base(), None).showing(Some(Path::new("Cargo.toml"))),
        ];
        let different: BTreeSet<&CacheKey> = keys.iter().collect();
        let names: BTreeSet<String> = keys.iter().map(CacheKey::name).collect();
        assert_eq!((different.len(), names.len()), (keys.len(), keys.len()));
        assert!(names.iter().all(|name| name.len() == 64));
    }

    #[test]
    fn order_and_repetition_make_no_difference() {
        let key = |ask: &Ask| CacheKey::new(Whom::Issuer("https://x".to_owned()), "c", ask, None);
        let one = ask(&["r", "q"], &["b", "a"], &["s", "t"]);
        let other = ask(&["q", "r", "q"], &["a", "b"], &["t", "s"]);
        assert_eq!(key(&one).name(), key(&other).name());
    }
}
