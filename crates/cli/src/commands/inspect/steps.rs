//! What each step of inspecting a token finds.

use countersign_proto::jose::verify::verify_signature;
use countersign_proto::jose::{Claims, JwkSet, KeySource, StaticKeys, jws};
use countersign_proto::time::UnixTime;

use super::super::steps::Steps;
use crate::moment::{length, rfc3339};
use crate::output::clean;

impl Steps {
    /// Whether the token may be believed: its signature was verified, and nothing failed.
    pub(super) fn good(&self) -> bool {
        self.passed(SIGNATURE) && !self.any_failed()
    }

    pub(super) fn typ(&mut self, typ: Option<&str>) {
        match typ {
            Some(typ)
                if typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt") =>
            {
                self.pass("type", "an access token (RFC 9068)");
            }
            Some(typ) if typ.eq_ignore_ascii_case("JWT") => {
                self.open("type", "JWT: an access token of an older shape, or another kind of token");
            }
            Some(typ) => self.fail("type", format!("typ is {}", clean(typ)), "this is no access token"),
            None => self.open("type", "not said; an access token should say at+jwt (RFC 9068)"),
        }
    }

    pub(super) fn times(&mut self, claims: &Claims, now: i64) {
        match claims.exp.map(|exp| exp.seconds()) {
            None => {
                self.fail("expiry", "there is no exp", "a token that never expires is refused by verifiers")
            }
            Some(exp) if exp <= now => {
                let ago = length(now.saturating_sub(exp));
                let said = format!("expired {ago} ago, at {}", rfc3339(UnixTime(exp)));
                self.fail("expiry", said, "take a new one; a client should take one before the old expires");
            }
            Some(exp) => {
                let left = length(exp.saturating_sub(now));
                self.pass("expiry", format!("valid for {left} more, until {}", rfc3339(UnixTime(exp))));
            }
        }
        for (name, date) in [("nbf", claims.nbf), ("iat", claims.iat)] {
            if let Some(ahead) =
                date.map(|date| date.seconds().saturating_sub(now)).filter(|ahead| *ahead > LEEWAY)
            {
                let said = format!("{name} lies {} in the future", length(ahead));
                self.fail("clock", said, "the clock of the issuer, or of this machine, is wrong");
            }
        }
    }

    pub(super) fn audience(&mut self, claims: &Claims, expected: Option<&str>) {
        let audiences = claims.aud.iter().map(|aud| clean(aud)).collect::<Vec<_>>().join(", ");
        match expected {
            _ if claims.aud.is_empty() => {
                self.fail(
                    "audience",
                    "there is no aud",
                    "an API cannot know that this token is meant for it",
                );
            }
            None => self.open("audience", format!("for {audiences} (give --audience to insist on one)")),
            Some(expected) if claims.aud.iter().any(|aud| aud == expected) => {
                self.pass("audience", format!("for {expected}"));
            }
            Some(expected) => {
                let advice =
                    format!("ask for it with `resource={expected}`, or compare the API's identifier");
                self.fail("audience", format!("for {audiences}, not for {expected}"), advice);
            }
        }
    }

    pub(super) fn scopes(&mut self, claims: &Claims, needed: &[String]) {
        let held: Vec<&str> =
            claims.scope.as_deref().unwrap_or_default().split(' ').filter(|s| !s.is_empty()).collect();
        let missing: Vec<&String> = needed.iter().filter(|scope| !held.contains(&scope.as_str())).collect();
        let shown = if held.is_empty() { "none".to_owned() } else { clean(&held.join(" ")) };
        if missing.is_empty() {
            let outcome = if needed.is_empty() { Self::open } else { Self::pass };
            outcome(self, "scopes", shown);
            return;
        }
        let missing: Vec<&str> = missing.into_iter().map(String::as_str).collect();
        let said = format!("{shown}; missing: {}", missing.join(" "));
        self.fail("scopes", said, "ask for them, or have them granted to the client");
    }

    /// The issuer whose keys decide.
    pub(super) fn issuer(&mut self, claims: &Claims, expected: Option<&str>) -> Option<String> {
        match (claims.iss.as_deref(), expected) {
            (None, _) => {
                self.fail("issuer", "there is no iss", "nobody can know whose keys to verify it with");
                None
            }
            (Some(issuer), Some(expected)) if issuer != expected => {
                let advice = "issuers are compared character by character, a slash at the end included";
                self.fail("issuer", format!("{}, not {expected}", clean(issuer)), advice);
                None
            }
            (Some(issuer), Some(_)) => {
                self.pass("issuer", clean(issuer));
                Some(issuer.to_owned())
            }
            (Some(issuer), None) => {
                self.open(
                    "issuer",
                    format!("{} by its own word (give --issuer to insist on one)", clean(issuer)),
                );
                Some(issuer.to_owned())
            }
        }
    }

    pub(super) fn signature(&mut self, unverified: jws::Unverified<'_>, issuer: &str, keys: &JwkSet) {
        let header = unverified.header().clone();
        let kid = header.kid().map_or("without a kid".to_owned(), |kid| format!("of the key {}", clean(kid)));
        let key = match StaticKeys::new(issuer, keys).find(issuer, header.kid(), header.alg()) {
            Ok(key) => key,
            Err(error) => {
                let known: Vec<&str> = keys.keys().iter().filter_map(|key| key.kid()).collect();
                let advice = format!(
                    "its issuer publishes {}; the key may have been retired, or the token is from elsewhere",
                    if known.is_empty() { "no usable key".to_owned() } else { clean(&known.join(", ")) }
                );
                self.fail(SIGNATURE, format!("{kid}: {error}"), advice);
                return;
            }
        };
        match verify_signature(unverified, &key) {
            Ok(_) => self.pass(SIGNATURE, format!("genuine, {kid}")),
            Err(error) => {
                self.fail(
                    SIGNATURE,
                    error.to_string(),
                    "the token was changed after it was signed, or cut when copied",
                );
            }
        }
    }
}

const SIGNATURE: &str = "signature";

/// What clocks may differ, in seconds.
const LEEWAY: i64 = 30;

#[cfg(test)]
mod tests {
    use countersign_proto::jose::{Algorithm, EncodedHeader, SigningKey, compact};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn judged(
        claims: &str,
        change: impl Fn(String) -> String,
        audience: Option<&str>,
        scopes: &[&str],
    ) -> Steps {
        let key = SigningKey::generate(Algorithm::ES256, "k1").unwrap();
        let keys: JwkSet = [key.public_jwk().clone()].into_iter().collect();
        let token = compact::sign(&EncodedHeader::of(&key, Some("at+jwt")), claims.as_bytes(), &key).unwrap();
        let token = change(token);
        let mut steps = Steps::default();
        let unverified = jws::parse(&token).unwrap();
        let claims = Claims::parse(unverified.payload()).unwrap();
        steps.typ(unverified.header().typ());
        steps.times(&claims, NOW);
        steps.audience(&claims, audience);
        steps.scopes(&claims, &scopes.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let issuer = steps.issuer(&claims, None).unwrap_or_default();
        steps.signature(unverified, &issuer, &keys);
        steps
    }

    const GOOD: &str = r#"{"iss":"https://i.example","aud":"https://a.example","exp":1800000100,"iat":1800000000,"scope":"x"}"#;

    #[test]
    fn a_good_token_is_good_and_each_fault_is_named() {
        let same = |token: String| token;
        let good = judged(GOOD, same, Some("https://a.example"), &["x"]);
        assert!(good.good(), "{good}");
        for (claims, audience, scopes, part) in [
            (GOOD.replace("1800000100", "1799990000"), None, &[][..], "expired 2 h ago"),
            (GOOD.replace("\"iat\":1800000000", "\"iat\":1800001000"), None, &[], "in the future"),
            (GOOD.to_owned(), Some("https://b.example"), &[], "not for https://b.example"),
            (GOOD.to_owned(), None, &["y"], "missing: y"),
            (GOOD.replace("\"exp\":1800000100,", ""), None, &[], "no exp"),
            (GOOD.replace("\"aud\":\"https://a.example\",", ""), None, &[], "no aud"),
            (GOOD.replace("\"iss\":\"https://i.example\",", ""), None, &[], "no iss"),
        ] {
            let steps = judged(&claims, same, audience, scopes);
            assert!(!steps.good() && steps.to_string().contains(part), "{part}: {steps}");
        }
    }

    #[test]
    fn a_changed_token_is_not_genuine() {
        let forged = |token: String| {
            let (head, signature) = token.rsplit_once('.').unwrap();
            let (header, _) = head.split_once('.').unwrap();
            let payload =
                countersign_proto::jose::base64url::encode(GOOD.replace("\"x\"", "\"y\"").as_bytes());
            format!("{header}.{payload}.{signature}")
        };
        let steps = judged(GOOD, forged, None, &[]);
        assert!(!steps.good() && steps.to_string().contains("changed after it was signed"), "{steps}");
    }

    /// Nothing that was merely not checked makes a token good.
    #[test]
    fn without_a_verified_signature_nothing_is_good() {
        let mut steps = Steps::default();
        steps.pass("form", "");
        assert!(!steps.good());
    }
}
