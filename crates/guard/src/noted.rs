//! What the log says of a request that is refused: enough to find it again, of bounded length, and nothing of its query,
//! its body or its token.

use std::fmt::{self, Write};

use http::Method;

use crate::Verifier;
use crate::path::RequestPath;
use crate::presented::Presented;
use crate::refusal::{Reason, Refusal};

impl Verifier {
    /// Takes note of how a request was judged in the end: counts it, and logs a refusal in one line with its true reason.
    /// Every door calls it once. Beyond 20 of one reason in a second, or 60
    /// of all, refusals are counted in the log as well.
    pub fn note<T>(&self, presented: &Presented<'_>, judged: &Result<T, Refusal>) {
        match judged {
            Ok(_) => self.counts().allow(),
            Err(refusal) => self.note_refused(presented, refusal, refusal),
        }
    }

    /// As [`Self::note`], where the door knows more of the reason than the refusal says.
    pub(crate) fn note_refused(
        &self,
        presented: &Presented<'_>,
        refusal: &Refusal,
        why: &(impl fmt::Display + ?Sized),
    ) {
        self.counts().refuse(refusal);
        if !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let reason = refusal.reason();
        let left_out = |kind, more| {
            let reason = Reason::all().nth(kind).map(Reason::as_str);
            tracing::info!(reason, more, "more requests refused within a second");
        };
        if !self.quota().take(reason.number(), self.now(), left_out) {
            return;
        }
        let target = presented.target();
        tracing::info!(
            reason = reason.as_str(),
            %why,
            method = target.map(|target| beginning(target.method)),
            path = target.map(|target| display(Shown(target.path))),
            peer = presented.peer().map(display),
            client = self.client(presented, refusal),
            request_id = presented.request_id(),
            "request refused"
        );
    }

    /// Whose token it is, where that was found out before the request was refused.
    fn client(&self, presented: &Presented<'_>, refusal: &Refusal) -> Option<String> {
        let is_genuine = matches!(
            refusal,
            Refusal::Binding(_)
                | Refusal::Proof(_)
                | Refusal::ProofReplayed
                | Refusal::ProofBeforeStart
                | Refusal::ProofRoom
                | Refusal::UseNonce(_)
                | Refusal::OtherIssuer
                | Refusal::Scope(_)
                | Refusal::NotPrintable
        );
        is_genuine.then(|| self.client_now(presented.token().ok()?.token())).flatten()
    }
}

/// A path as the rules see it, or as it came where it has no such form.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let normal = RequestPath::parse(self.0);
        let path = normal.as_ref().map_or(self.0, |normal| normal.path());
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let segments: Vec<_> = path.split('/').map(without_token).collect();
        let path = segments.join("/");
        let mut rest = path.chars();
        for escaped in rest.by_ref().take(PATH).flat_map(char::escape_debug) {
            f.write_char(escaped)?;
        }
        if rest.next().is_some() { f.write_char('…') } else { Ok(()) }
    }
}

/// What stands between two slashes, unless it could be a token: a JWS begins so (RFC 7515 §3.3), and others are long.
fn without_token(segment: &str) -> &str {
    let is_one = segment.contains("eyJ") || segment.chars().nth(SEGMENT).is_some();
    if is_one { "[left out]" } else { segment }
}

/// Methods are ASCII.
fn beginning(method: &Method) -> &str {
    method.as_str().get(..METHOD).unwrap_or(method.as_str())
}

/// In characters.
const PATH: usize = 256;
const SEGMENT: usize = 64;
const METHOD: usize = 32;

#[cfg(test)]
pub(crate) mod lines;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    use countersign_proto::time::{Clock, UnixTime};
    use http::HeaderMap;

    use super::lines::Lines;
    use super::*;
    use crate::TrustedIssuer;

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
        let long = "/a".repeat(10_000);
        assert_eq!(Shown(&long).to_string().chars().count(), PATH + 1);
    }

    /// Threats 7: whoever puts a token into a path finds it in no log of ours.
    #[test]
    fn no_token_in_a_path_is_shown() {
        let (edge, long) = ("a".repeat(64), "a".repeat(65));
        for (path, shown) in [
            ("/orders/eyJhbGciOiJFUzI1NiJ9.e30.c2ln/x".to_owned(), "/orders/[left out]/x".to_owned()),
            ("/x%2FeyJhbGciOiJFUzI1NiJ9.e30.c2ln".to_owned(), "/[left out]".to_owned()),
            (format!("/{long}/x?eyJ"), "/[left out]/x".to_owned()),
            (format!("/{edge}/x"), format!("/{edge}/x")),
        ] {
            assert_eq!(Shown(&path).to_string(), shown);
        }
    }

    #[test]
    fn methods_are_bounded() {
        assert_eq!(beginning(&Method::DELETE), "DELETE");
        assert_eq!(beginning(&Method::from_bytes(&[b'A'; 500]).unwrap()).len(), METHOD);
    }

    /// Threats 7: a flood fills no log, and the log says how much it left out; the counters have all.
    #[test]
    fn a_flood_is_told_in_few_lines() {
        let issuer = TrustedIssuer::discover("https://issuer.example", "https://orders.example");
        let clock = Arc::new(Moved::default());
        let builder = Verifier::builder(issuer.jwks(std::iter::empty().collect())).clock(clock.clone());
        let verifier = builder.build().unwrap();
        let (lines, _guard) = Lines::of_this_thread();
        let headers = HeaderMap::new();
        let refuse = |refusal: Refusal| verifier.note::<()>(&Presented::of_token(&headers), &Err(refusal));
        (0..1000).for_each(|_| refuse(Refusal::NoCredentials));
        refuse(Refusal::NoRule);
        assert_eq!(lines.count(), 21);
        clock.0.store(1, SeqCst);
        refuse(Refusal::NoRule);
        assert_eq!(lines.count(), 23, "what was left out, and the one");
        let refused: u64 = verifier.refused().map(|(_, count)| count).sum();
        assert_eq!(refused, 1002);
    }

    #[derive(Default)]
    struct Moved(AtomicI64);

    impl Clock for Moved {
        fn now(&self) -> UnixTime {
            UnixTime(self.0.load(SeqCst))
        }
    }
}
