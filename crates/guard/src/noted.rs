//! What the log says of a request that is refused: enough to find it again, of bounded length, and nothing of its query,
//! its body or its token.

use std::fmt::{self, Write};

use http::Method;

use crate::path::RequestPath;
use crate::presented::Presented;
use crate::refusal::Refusal;
use crate::{Access, Verifier};

impl Verifier {
    /// Takes note of how a request was judged in the end: counts it, and logs a refusal in one line with its true reason.
    /// Every door calls it once.
    pub fn note<T>(&self, presented: &Presented<'_>, judged: &Result<T, Refusal>) {
        let Err(refusal) = judged else {
            self.counts().allow();
            return;
        };
        self.counts().refuse(refusal);
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let target = presented.target();
        let caller = self.caller(presented, refusal);
        tracing::info!(
            reason = refusal.reason().as_str(),
            why = %refusal,
            method = target.map(|target| beginning(target.method)),
            path = target.map(|target| display(Shown(target.path))),
            peer = presented.peer().map(display),
            client = caller.as_ref().and_then(Access::client_id),
            request_id = presented.request_id(),
            "request refused"
        );
    }

    /// Who presents the token, where that was found out before the request was refused.
    fn caller(&self, presented: &Presented<'_>, refusal: &Refusal) -> Option<Access> {
        let is_genuine = matches!(
            refusal,
            Refusal::Binding(_)
                | Refusal::Proof(_)
                | Refusal::ProofReplayed
                | Refusal::ProofRoom
                | Refusal::UseNonce(_)
                | Refusal::OtherIssuer
                | Refusal::Scope(_)
                | Refusal::NotPrintable
        );
        is_genuine.then(|| self.genuine_now(presented.token().ok()?.token())).flatten()
    }
}

/// A path as the rules see it, or as it came where it has no such form.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let normal = RequestPath::parse(self.0);
        let path = normal.as_ref().map_or(self.0, |normal| normal.path());
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let mut rest = path.chars();
        for escaped in rest.by_ref().take(PATH).flat_map(char::escape_debug) {
            f.write_char(escaped)?;
        }
        if rest.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// Methods are ASCII.
fn beginning(method: &Method) -> &str {
    method.as_str().get(..METHOD).unwrap_or(method.as_str())
}

/// In characters.
const PATH: usize = 256;
const METHOD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of the log stays one, is bounded, and holds no query.
    #[test]
    fn paths_are_shown_in_one_bounded_line() {
        for (path, shown) in [
            ("/%6Frders", "/orders"),
            ("/orders;x", "/orders;x"),
            ("/a/%2e%2e/b", "/a/%2e%2e/b"),
            ("/a\nb\u{1b}", "/a\\nb\\u{1b}"),
            ("/..?token=x", "/.."),
            ("*", "*"),
        ] {
            assert_eq!(Shown(path).to_string(), shown);
        }
        let long = format!("/{}", "a".repeat(10_000));
        assert_eq!(Shown(&long).to_string().chars().count(), PATH + 1);
    }

    #[test]
    fn methods_are_bounded() {
        assert_eq!(beginning(&Method::DELETE), "DELETE");
        assert_eq!(beginning(&Method::from_bytes(&[b'A'; 500]).unwrap()).len(), METHOD);
    }
}
