//! The steps that the verifier takes, in its order, with what the token says at each: from its verdict, so that what is
//! explained and what is done cannot differ.

use countersign_guard::identity::NotPrintable;
use countersign_guard::{Access, Refusal};
use countersign_proto::jose::claims::ClaimsError;
use countersign_proto::jose::{Claims, Header, VerifyError, jws};
use countersign_proto::time::UnixTime;

use super::super::super::steps::{Steps, advice_on_form};
use super::identity;
use crate::moment::rfc3339;
use crate::output::clean;

/// What stands in a token, believed or not.
pub(super) struct Says {
    token: String,
    header: Option<Header>,
    claims: Option<Claims>,
}

impl Says {
    pub(super) fn read(token: &str) -> Self {
        let jws = jws::parse(token).ok();
        let claims = jws.as_ref().and_then(|jws| Claims::parse(jws.payload()).ok());
        Self { token: token.to_owned(), header: jws.map(|jws| jws.header().clone()), claims }
    }

    /// The issuer that it names.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.as_ref()?.iss.as_deref()
    }

    /// What it says at a step, and of an access if there is one.
    fn at(&self, step: &str, access: Option<&Access>) -> Option<String> {
        let (header, claims) = (self.header.as_ref(), self.claims.as_ref());
        match step {
            "issuer" => access.map(Access::issuer).or(self.issuer()).map(str::to_owned),
            "type" => header.map(|header| header.typ().unwrap_or("no type at all").to_owned()),
            "algorithm" => header.map(|header| header.alg().to_string()),
            "key" => header.map(|header| header.kid().unwrap_or("no key at all").to_owned()),
            "audience" => access
                .map(Access::audience)
                .or(claims.map(|claims| claims.aud.as_slice()))
                .map(|audience| audience.join(", ")),
            "times" => access
                .map(Access::expires_at)
                .or(claims.and_then(|claims| claims.exp).map(|exp| exp.seconds()))
                .map(|at| format!("until {}", rfc3339(UnixTime(at)))),
            "scope" => {
                let scope = access.map(Access::scope).or(claims.and_then(|claims| claims.scope.as_deref()));
                scope.map(
                    |scope| if scope.is_empty() { "no scope at all".to_owned() } else { scope.to_owned() },
                )
            }
            "binding" => access.map(binding),
            "headers" => access.and_then(|access| unprintable(access, identity(access).err()?)),
            _ => None,
        }
    }
}

/// The steps up to the one that failed, and those that were not reached.
pub(super) fn explain(
    says: &Says,
    is_asked: bool,
    (access, judged): (Option<&Access>, &Result<Access, Refusal>),
    why_unknown: Option<&str>,
) -> Steps {
    let mut steps = Steps::default();
    let names: &[(&str, &str)] = if is_asked { ASKED } else { SIGNED };
    let failed = judged.as_ref().err().map(|refusal| (failed_step(refusal, says, is_asked), refusal));
    let mut is_over = false;
    for &(name, passed) in names {
        let said = says.at(name, access).map(|said| clean(&said));
        match failed {
            Some((step, refusal)) if step == name => {
                is_over = true;
                let what = match (refusal, why_unknown) {
                    (Refusal::Unavailable, why) => {
                        format!("{refusal}: {}", why.unwrap_or("no answer"))
                    }
                    _ => refusal.to_string(),
                };
                let said = said.map_or_else(String::new, |said| format!(" (the token says: {said})"));
                let advice = match (refusal, why_unknown) {
                    (Refusal::Unavailable, Some(why)) if why.contains(NO_ENDPOINT) => NAME_ENDPOINT,
                    _ => advice(refusal, &says.token),
                };
                steps.fail(name, format!("{what}{said}"), advice);
            }
            _ if is_over => steps.open(name, "not reached"),
            _ => steps.pass(name, said.unwrap_or_else(|| passed.to_owned())),
        }
    }
    steps
}

/// At which step a token was refused.
fn failed_step(refusal: &Refusal, says: &Says, is_asked: bool) -> &'static str {
    match refusal {
        Refusal::Scope(_) => "scope",
        Refusal::Binding(_) => "binding",
        Refusal::NotPrintable => "headers",
        Refusal::Unavailable | Refusal::Inactive if is_asked => "active",
        Refusal::Unavailable => "key",
        Refusal::Token(error) => match error {
            VerifyError::Issuer => "issuer",
            VerifyError::Type => "type",
            VerifyError::Algorithm(_) => "algorithm",
            VerifyError::Audience => "audience",
            VerifyError::Expired(_) | VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_) => "times",
            VerifyError::Key(_) => "key",
            VerifyError::Signature => "signature",
            VerifyError::Claims(_) if is_asked => "claims",
            // claims that cannot even be read
            VerifyError::Claims(_) if says.claims.is_none() => "form",
            VerifyError::Claims(ClaimsError::Claim(error)) => match error.claim {
                "iss" => "issuer",
                "aud" => "audience",
                "exp" => "times",
                _ => "claims",
            },
            VerifyError::Claims(_) | VerifyError::Jws(_) => "form",
        },
        _ => "form",
    }
}

fn advice(refusal: &Refusal, token: &str) -> &'static str {
    match refusal {
        Refusal::Token(error) => match error {
            VerifyError::Jws(_) => advice_on_form(token),
            VerifyError::Issuer => {
                "compare it with --issuer, character by character: a slash at the end counts"
            }
            VerifyError::Type => {
                "if its issuer writes access tokens of type JWT, allow it with --accept-typ JWT; an ID token is none"
            }
            VerifyError::Algorithm(_) => "allow its algorithm with --alg",
            VerifyError::Audience => {
                "ask its issuer for a token for this API (resource or audience), or compare --audience"
            }
            VerifyError::Expired(_) => "take a new one",
            VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_) => {
                "the clock of the issuer, or of this machine, is wrong"
            }
            VerifyError::Claims(_) => "its issuer must write it, or this is another kind of token",
            VerifyError::Key(_) => "the key may have been retired, or the token is from elsewhere",
            VerifyError::Signature => "the token was changed after it was signed, or cut when copied",
        },
        Refusal::Scope(_) => "ask its issuer for the scope, or have it granted to the client",
        Refusal::Binding(_) => "its client must ask for a token that is bound, or drop --require-bound",
        Refusal::NotPrintable => {
            "its issuer must write it in printable ASCII, without a space at its ends; the layer and the extractor in Rust, which set no headers, let it in"
        }
        Refusal::Inactive => "it expired, was revoked, or is not one of this issuer's",
        Refusal::Unavailable => "is the issuer running, and is --issuer its URL as seen from this machine?",
        Refusal::Malformed(_) => {
            "a token is letters, digits and - . _ ~ + / with = at its end, and at most 16 KiB: was more copied?"
        }
        _ => "",
    }
}

/// What the token says that no header carries, for which header.
fn unprintable(access: &Access, NotPrintable { header }: NotPrintable) -> Option<String> {
    let said = match header {
        "X-Auth-Client" => access.client_id()?,
        "X-Auth-Subject" => access.subject(),
        "X-Auth-Issuer" => access.issuer(),
        _ => access.scope(),
    };
    Some(format!("{said:?}, for {header}"))
}

fn binding(access: &Access) -> String {
    let bound = access.confirmation();
    let key = bound.is_some_and(|bound| bound.jkt().is_some());
    let certificate = bound.is_some_and(|bound| bound.x5t_s256().is_some());
    match (key, certificate) {
        (false, false) => "to nobody: whoever has it may use it",
        (true, false) => "to a key: each request must bring a DPoP proof made with it",
        (false, true) => "to a certificate: requests must come over mutual TLS with it",
        (true, true) => "to a key and to a certificate: requests must show both",
    }
    .to_owned()
}

/// Why it is not known where to ask about tokens, in the words of whoever read the issuer's metadata.
const NO_ENDPOINT: &str = "names no introspection_endpoint";
const NAME_ENDPOINT: &str = "name the endpoint by `url` in the issuer's introspection table; or leave that table out: its tokens are then verified by their signatures, as Countersign's are";

/// The steps for a token that is verified by its signature, and what it means that one was passed.
const SIGNED: &[(&str, &str)] = &[
    ("form", "a compact JWS"),
    ("issuer", "of an issuer that is trusted"),
    ("type", "an access token"),
    ("algorithm", "one that is allowed"),
    ("audience", "meant for this API"),
    ("times", "neither expired nor of the future"),
    ("claims", "complete, and of no other kind of token"),
    ("key", "its issuer has it"),
    ("signature", "genuine"),
    ("binding", "as it must be"),
    ("scope", "wide enough"),
    ("headers", "they can carry who calls, as proxy and forward-auth tell it"),
];

/// The steps for a token that its issuer is asked about.
const ASKED: &[(&str, &str)] = &[
    ("form", "one that a header can carry"),
    ("active", "its issuer says so"),
    ("claims", "of no other kind of token"),
    ("issuer", "of the issuer that was asked"),
    ("audience", "meant for this API"),
    ("times", "neither expired nor of the future"),
    ("binding", "as it must be"),
    ("scope", "wide enough"),
    ("headers", "they can carry who calls, as proxy and forward-auth tell it"),
];
