//! Tokens that only their issuer can read: it is asked (RFC 7662), as seldom as may be. One question at a time for a
//! token, an answer kept for a while and never beyond the token's expiry, and no answer never taken for a yes.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use countersign_client::Introspector;
use countersign_proto::introspection::{ActiveToken, IntrospectionResponse};
use countersign_proto::jose::claims::{ClaimError, ClaimProblem, ClaimsError};
use countersign_proto::jose::confirmation::Confirmation;
use countersign_proto::jose::{NumericDate, VerifyError};

use crate::TrustedIssuer;
use crate::local::{self, Local};
use crate::quota::Quota;
use crate::refusal::Refusal;

/// An issuer that is asked about its tokens.
pub(crate) struct Remote {
    introspector: Introspector,
    issuer: String,
    audiences: Vec<String>,
    leeway: i64,
    /// For how many seconds an active token is not asked about again: a revoked one may work so much longer.
    active_for: i64,
    /// For how many seconds one that is refused is not.
    refused_for: i64,
    refused: Mutex<Refused>,
    /// How often the log says that there was no answer.
    unanswered: Quota,
}

/// Tokens that are not active, or not for us.
#[derive(Default)]
struct Refused {
    /// Each until when that is believed.
    tokens: HashMap<Digest, (Refusal, i64)>,
    /// The second in which the old ones were last sought: that takes a look at all.
    swept: Option<i64>,
}

/// What an issuer says of an active token.
pub(crate) struct Answer {
    pub(crate) says: Local,
    pub(crate) believed_until: i64,
}

type Digest = [u8; 32];

impl Remote {
    pub(crate) fn new(introspector: Introspector, trusted: &TrustedIssuer) -> Self {
        Self {
            introspector,
            issuer: trusted.issuer.clone(),
            audiences: trusted.audiences.clone(),
            leeway: i64::from(trusted.leeway),
            active_for: i64::from(trusted.active_for),
            refused_for: i64::from(trusted.inactive_for),
            refused: Mutex::default(),
            unanswered: Quota::new(1),
        }
    }

    /// Whether it is known where to ask.
    pub(crate) fn is_ready(&self) -> bool {
        self.introspector.is_ready()
    }

    /// Why it is not known, as far as that is.
    pub(crate) fn error(&self) -> Option<String> {
        self.introspector.error()
    }

    /// What the issuer says of a token.
    ///
    /// # Errors
    /// [`Refusal::Inactive`], [`Refusal::Token`] where an active token is not for us, and [`Refusal::Unavailable`] where
    /// there is no answer: neither a yes nor a no.
    pub(crate) async fn ask(&self, token: &str, now: i64) -> Result<Answer, Refusal> {
        let name = name(token);
        if let Some(refusal) = self.known(&name, now) {
            return Err(refusal);
        }
        let answer = self.introspector.introspect(token).await.map_err(|error| {
            self.note(&error, now);
            Refusal::Unavailable
        })?;
        let answer = self.read(answer, now);
        match &answer {
            // it may become so any moment
            Err(Refusal::Token(VerifyError::NotYetValid(_))) | Ok(_) => {}
            Err(refusal) => self.remember(name, refusal, now),
        }
        answer
    }

    /// RFC 7662 §2.2, §4: what an issuer calls active must still be an access token, its own, for us, and in time.
    fn read(&self, answer: IntrospectionResponse, now: i64) -> Result<Answer, Refusal> {
        let IntrospectionResponse::Active(token) = answer else { return Err(Refusal::Inactive) };
        judge_kind(&token).map_err(|error| Refusal::Token(VerifyError::Claims(ClaimsError::Claim(error))))?;
        if token.iss.as_ref().is_some_and(|iss| *iss != self.issuer) {
            return Err(Refusal::Token(VerifyError::Issuer));
        }
        if !token.aud.iter().any(|audience| self.audiences.contains(audience)) {
            return Err(Refusal::Token(VerifyError::Audience));
        }
        let ahead = token.nbf.map_or(0, |nbf| nbf.seconds().saturating_sub(now));
        if ahead > self.leeway {
            return Err(Refusal::Token(VerifyError::NotYetValid(ahead)));
        }
        // a binding that cannot be read might ask for anything
        let confirmation = token.cnf.as_ref().map(Confirmation::read).transpose();
        let confirmation = confirmation.map_err(|_| Refusal::Inactive)?;
        let expires_at = token.exp.unwrap_or(NumericDate::MAX).seconds();
        let past = now.saturating_sub(expires_at);
        if past >= self.leeway {
            return Err(Refusal::Token(VerifyError::Expired(past)));
        }
        let subject = token.sub.or_else(|| token.client_id.clone()).ok_or(Refusal::Inactive)?;
        Ok(Answer {
            believed_until: expires_at.min(now.saturating_add(self.active_for)),
            says: Local {
                subject,
                client_id: token.client_id,
                audience: token.aud,
                scope: token.scope,
                expires_at,
                token_id: token.jti,
                confirmation,
                claims: token.other,
            },
        })
    }

    /// Whether a yes is still believed. One that would be for longer than any is was given when the clock stood later.
    pub(crate) fn believes(&self, until: i64, now: i64) -> bool {
        is_within(until, self.active_for, now)
    }

    /// The refusal where no answer was waited for any longer.
    pub(crate) fn unanswered_within(&self, patience: Duration, now: i64) -> Refusal {
        self.note(&format_args!("it said nothing within {patience:?}"), now);
        Refusal::Unavailable
    }

    /// Says why there was no answer; whoever sends tokens that nobody knows can bring about any number.
    fn note(&self, error: &dyn Display, now: i64) {
        let issuer = &self.issuer;
        let left_out = |_, more| {
            tracing::warn!(%issuer, more, "more questions about tokens without an answer within a second");
        };
        if self.unanswered.take(0, now, left_out) {
            tracing::warn!(%issuer, %error, "the issuer gave no answer about a token");
        }
    }

    fn known(&self, name: &Digest, now: i64) -> Option<Refusal> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused
            .tokens
            .get(name)
            .filter(|(_, until)| is_within(*until, self.refused_for, now))
            .map(|(refusal, _)| refusal.clone())
    }

    fn remember(&self, name: Digest, refusal: &Refusal, now: i64) {
        if self.refused_for == 0 {
            return; // nobody would read it
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.tokens.len() >= MAX_REFUSED && refused.swept != Some(now) {
            refused.swept = Some(now);
            refused.tokens.retain(|_, (_, until)| is_within(*until, self.refused_for, now));
        }
        if refused.tokens.len() < MAX_REFUSED {
            refused.tokens.insert(name, (refusal.clone(), now.saturating_add(self.refused_for)));
        }
    }
}

/// Refuses refresh tokens and whatever else an issuer calls active, and tokens bound by DPoP to nothing.
fn judge_kind(token: &ActiveToken) -> Result<(), ClaimError> {
    local::refuse_other_kinds(&token.other)?;
    let is = |name| token.token_type.as_ref().is_some_and(|typ| typ.eq_ignore_ascii_case(name));
    if token.token_type.is_some() && !is("Bearer") && !is("DPoP") {
        return Err(ClaimError { claim: "token_type", problem: ClaimProblem::OfAnotherKind });
    }
    if is("DPoP") && !token.cnf.as_ref().is_some_and(|cnf| cnf.contains_key("jkt")) {
        return Err(ClaimError { claim: "cnf", problem: ClaimProblem::Missing });
    }
    Ok(())
}

/// Whether what was to hold for so many seconds, until then, holds now; also where the clock was set back meanwhile.
fn is_within(until: i64, seconds: i64, now: i64) -> bool {
    (1..=seconds).contains(&until.saturating_sub(now))
}

/// Tokens are not kept where they need not be.
fn name(token: &str) -> Digest {
    digest(&SHA256, token.as_bytes()).as_ref().try_into().unwrap_or_default()
}

const MAX_REFUSED: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use countersign_client::token::Secret;
    use countersign_client::{ClientAuth, Endpoint, HttpClient};
    use serde_json::json;

    use super::*;
    use crate::noted::lines::Lines;

    const ISSUER: &str = "https://issuer.example";
    const API: &str = "https://orders.example";
    const NOW: i64 = 1_767_225_600;

    fn remote() -> Remote {
        set(|trusted| trusted)
    }

    fn set(terms: impl FnOnce(TrustedIssuer) -> TrustedIssuer) -> Remote {
        let auth = ClientAuth::client_secret_basic("guard", Secret::new("secret".to_owned()));
        let endpoint = Endpoint::parse("https://issuer.example/introspect").unwrap();
        let introspector = Introspector::at(Arc::new(HttpClient::default()), endpoint, auth.clone());
        let trusted = TrustedIssuer::discover(ISSUER, API).or_audience("urn:orders").introspect(None, auth);
        Remote::new(introspector, &terms(trusted))
    }

    fn read(answer: &serde_json::Value) -> Result<Answer, Refusal> {
        remote().read(IntrospectionResponse::parse(answer.to_string().as_bytes()).unwrap(), NOW)
    }

    fn active(more: serde_json::Value) -> serde_json::Value {
        let mut answer =
            json!({ "active": true, "aud": API, "sub": "svc", "client_id": "svc", "exp": NOW + 300 });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        answer
    }

    /// T-7662-06: an answer is believed for a while, and never beyond the token's expiry.
    #[test]
    fn answers_are_believed_within_exp() {
        for (exp, until) in [(300, 30), (31, 30), (7, 7), (-29, -29)] {
            let answer = read(&active(json!({ "exp": NOW + exp }))).unwrap();
            assert_eq!((answer.believed_until, answer.says.expires_at), (NOW + until, NOW + exp));
        }
        let mut endless = active(json!({}));
        endless.as_object_mut().unwrap().remove("exp");
        assert_eq!(read(&endless).unwrap().believed_until, NOW + 30);
    }

    /// T-7662-06: for how long is configured, and still never beyond `exp`; a clock that is set back makes it no longer.
    #[test]
    fn for_how_long_answers_are_believed_is_a_setting() {
        let remote = set(|trusted| trusted.active_for(120).inactive_for(0));
        let until = |exp: i64| {
            let answer = active(json!({ "exp": NOW + exp })).to_string();
            remote.read(IntrospectionResponse::parse(answer.as_bytes()).unwrap(), NOW).unwrap().believed_until
        };
        assert_eq!((until(300), until(60)), (NOW + 120, NOW + 60));
        for (now, is_believed) in [(0, true), (119, true), (120, false), (-1, false), (-3600, false)] {
            assert_eq!(remote.believes(until(300), NOW + now), is_believed, "{now}");
        }
        remote.remember(name("t"), &Refusal::Inactive, NOW);
        assert_eq!(remote.known(&name("t"), NOW), None);
        assert!(remote.refused.lock().unwrap().tokens.is_empty());
        let remote = self::remote();
        remote.remember(name("t"), &Refusal::Inactive, NOW);
        assert!(remote.known(&name("t"), NOW).is_some() && remote.known(&name("t"), NOW - 1).is_none());
    }

    /// RFC 7662 §4: what is called active must still be for us, of its issuer, and in time.
    #[test]
    fn what_is_active_may_still_not_be_for_us() {
        let refused = |answer: serde_json::Value| read(&answer).err();
        assert_eq!(refused(json!({ "active": false })), Some(Refusal::Inactive));
        assert_eq!(
            refused(active(json!({ "iss": ISSUER, "aud": ["x", "urn:orders"], "nbf": NOW + 30 }))),
            None
        );
        for (more, error) in [
            (json!({ "iss": "https://other.example" }), VerifyError::Issuer),
            (json!({ "aud": "https://orders.example/" }), VerifyError::Audience),
            (json!({ "aud": [] }), VerifyError::Audience),
            (json!({ "nbf": NOW + 31 }), VerifyError::NotYetValid(31)),
            (json!({ "exp": NOW - 30 }), VerifyError::Expired(30)),
        ] {
            assert_eq!(refused(active(more)), Some(Refusal::Token(error)));
        }
        for more in [json!({ "cnf": { "future": "x" } }), json!({ "cnf": {} })] {
            assert_eq!(refused(active(more)), Some(Refusal::Inactive));
        }
    }

    /// T-7662-05, RFC 6749 §5.1: what an issuer says is another kind of token gives no access, however active.
    #[test]
    fn other_kinds_of_token_are_refused() {
        let jkt = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
        let claim = |more: serde_json::Value| match read(&active(more)).err() {
            Some(Refusal::Token(VerifyError::Claims(ClaimsError::Claim(error)))) => Some(error.claim),
            None => None,
            Some(refusal) => panic!("{refusal:?}"),
        };
        for good in [
            json!({ "token_type": "bearer", "typ": "Bearer" }),
            json!({ "token_type": "BEARER", "token_use": "access_token" }),
            json!({ "token_use": "access" }),
            json!({ "token_type": "DPoP", "cnf": jkt }),
            json!({ "token_type": "dpop", "cnf": jkt }),
            json!({ "cnf": jkt }),
        ] {
            assert_eq!(claim(good.clone()), None, "{good}");
        }
        for (bad, named) in [
            (json!({ "token_type": "refresh_token" }), "token_type"),
            (json!({ "token_type": "N_A" }), "token_type"),
            (json!({ "token_type": "mac" }), "token_type"),
            (json!({ "token_type": "DPoP" }), "cnf"),
            (json!({ "token_type": "dpop", "cnf": { "x5t#S256": jkt["jkt"] } }), "cnf"),
            (json!({ "token_use": "refresh_token" }), "token_use"),
            (json!({ "token_use": ["access_token"] }), "token_use"),
            (json!({ "typ": "Refresh" }), "typ"),
            (json!({ "typ": "ID" }), "typ"),
            (json!({ "nonce": "n" }), "nonce"),
            (json!({ "at_hash": "h" }), "at_hash"),
            (json!({ "events": {} }), "events"),
        ] {
            assert_eq!(claim(bad.clone()), Some(named), "{bad}");
        }
    }

    #[test]
    fn somebody_must_be_named() {
        let nobody = json!({ "active": true, "aud": API });
        assert_eq!(read(&nobody).err(), Some(Refusal::Inactive));
        let client = read(&json!({ "active": true, "aud": API, "client_id": "svc" })).unwrap().says;
        assert_eq!((client.subject.as_str(), client.client_id.as_deref()), ("svc", Some("svc")));
    }

    /// Threats 7: tokens that nobody knows, while the issuer is away, fill no log.
    #[tokio::test]
    async fn a_flood_without_answers_is_told_in_few_lines() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let auth = ClientAuth::client_secret_basic("guard", Secret::new("secret".to_owned()));
        let introspector = Introspector::at(Arc::new(HttpClient::default()), endpoint, auth.clone());
        let trusted = TrustedIssuer::discover(ISSUER, API).introspect(None, auth);
        let remote = Remote::new(introspector, &trusted);
        let (lines, _guard) = Lines::of_this_thread();
        for number in 0..1000 {
            assert_eq!(remote.ask(&number.to_string(), NOW).await.err(), Some(Refusal::Unavailable));
        }
        assert_eq!(lines.count(), 20);
        assert!(remote.ask("later", NOW + 1).await.is_err());
        assert_eq!(lines.count(), 22, "what was left out, and the one");
    }

    /// T-7662-06: what is refused is remembered for a while, as many as there is room for.
    #[test]
    fn what_is_remembered_is_bounded() {
        let remote = remote();
        let of = |number: usize| name(&number.to_string());
        for number in 0..MAX_REFUSED + 100 {
            remote.remember(of(number), &Refusal::Inactive, NOW);
        }
        let known = |number, now| remote.known(&of(number), now);
        assert_eq!(known(0, NOW + 9), Some(Refusal::Inactive));
        assert_eq!(known(0, NOW + 10), None);
        assert_eq!(known(MAX_REFUSED, NOW), None, "no room");
        assert_eq!(remote.refused.lock().unwrap().tokens.len(), MAX_REFUSED);
        let other = Refusal::Token(VerifyError::Audience);
        remote.remember(of(MAX_REFUSED), &other, NOW + 10);
        assert_eq!(known(MAX_REFUSED, NOW + 10), Some(other), "the old ones made room");
        assert_eq!(remote.refused.lock().unwrap().tokens.len(), 1);
    }

    /// However many are refused, the old ones are sought once a second.
    #[test]
    fn the_old_ones_are_sought_once_a_second() {
        let remote = remote();
        let of = |number: usize| name(&number.to_string());
        let remember = |number, now| remote.remember(of(number), &Refusal::Inactive, now);
        for number in 0..MAX_REFUSED {
            remember(number, NOW);
        }
        remember(MAX_REFUSED, NOW);
        for (_, until) in remote.refused.lock().unwrap().tokens.values_mut() {
            *until = NOW;
        }
        remember(MAX_REFUSED, NOW);
        assert_eq!(remote.refused.lock().unwrap().tokens.len(), MAX_REFUSED, "sought in this second");
        remember(MAX_REFUSED, NOW + 1);
        assert_eq!(remote.refused.lock().unwrap().tokens.len(), 1);
    }
}
