//! `countersign guard check`: why a token would pass a guard, or not, step by step. The guard's own verifier judges; the
//! steps are those that it takes, in their order.

use std::fmt::Write as _;
use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use countersign_guard::{Access, Refusal, Require, Verifier};
use countersign_proto::jose::VerifyError;
use countersign_proto::time::UnixTime;
use serde_json::{Value, json};

use super::trust::Trust;
use crate::failure::Failure;
use crate::moment::rfc3339;
use crate::output::{Output, clean};

/// Explain why a token would pass a guard with these flags, or not: exit with 0 when it would, with 1 when not
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The token, `-` for standard input
    token: String,
    /// A scope that the request needs; repeatable, all are needed
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    #[command(flatten)]
    trust: Trust,
}

/// How a step went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// A step before it failed.
    NotReached,
}

impl Check {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let require = match self.scopes.as_slice() {
            [] => Require::token(),
            scopes => Require::all(scopes).map_err(Failure::new)?,
        };
        let file = self.trust.file()?;
        let verifier = self.trust.verifier(&file)?.build().map_err(Failure::new)?;
        let token = self.token()?;
        let judged = verifier.verify_token(&token).await.and_then(|access| {
            require.check(&access)?;
            Ok(access)
        });
        let failed = judged.as_ref().err().map(|refusal| (step(refusal), refusal));
        let outcome = |at: usize| match failed {
            Some((step, _)) if at == step => Outcome::Failed,
            Some((step, _)) if at > step => Outcome::NotReached,
            _ => Outcome::Passed,
        };
        let steps = STEPS.iter().enumerate().map(|(at, (name, says))| (*name, *says, outcome(at)));
        if output.is_json() {
            let steps: Vec<_> =
                steps.map(|(name, _, outcome)| json!({ "step": name, "outcome": outcome.word() })).collect();
            let whole = json!({
                "passes": judged.is_ok(),
                "steps": steps,
                "reason": judged.as_ref().err().map(|refusal| refusal.reason().as_str()),
                "why": judged.as_ref().err().map(|refusal| clean(&refusal.to_string())),
                "access": judged.as_ref().ok().map(access_json),
            });
            output.text(&whole.to_string());
        } else {
            let mut text = String::new();
            for (name, says, outcome) in steps {
                // writing to a string does not fail
                let _ = match (outcome, failed) {
                    (Outcome::Failed, Some((_, refusal))) => {
                        writeln!(text, "✗ {name:<10} {}", clean(&refusal.to_string()))
                    }
                    (Outcome::NotReached, _) => writeln!(text, "· {name:<10} not reached"),
                    _ => writeln!(text, "✓ {name:<10} {says}"),
                };
            }
            text.push_str(&match &judged {
                Ok(access) => verdict(access),
                Err(refusal) => format!("refused: {}\n", advice(refusal, &verifier)),
            });
            output.text(&text);
        }
        Ok(if judged.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn token(&self) -> Result<String, Failure> {
        let mut text = self.token.clone();
        if text == "-" {
            text.clear();
            std::io::stdin().take(MAX_INPUT).read_to_string(&mut text).map_err(Failure::new)?;
        }
        let text = text.trim();
        // pasted from a header
        Ok(text.strip_prefix("Bearer ").unwrap_or(text).to_owned())
    }
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReached => "not reached",
        }
    }
}

/// At which step a token was refused.
fn step(refusal: &Refusal) -> usize {
    let name = match refusal {
        Refusal::Token(error) => match error {
            VerifyError::Jws(_) => "form",
            VerifyError::Issuer => "issuer",
            VerifyError::Type => "type",
            VerifyError::Algorithm(_) => "algorithm",
            VerifyError::Audience => "audience",
            VerifyError::Expired(_) | VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_) => "times",
            VerifyError::Claims(_) => "claims",
            VerifyError::Key(_) => "key",
            VerifyError::Signature => "signature",
        },
        Refusal::Unavailable => "key",
        Refusal::Inactive => "signature",
        Refusal::Scope(_) => "scope",
        _ => "form",
    };
    STEPS.iter().position(|(step, _)| *step == name).unwrap_or_default()
}

fn verdict(access: &Access) -> String {
    let mut text = format!(
        "passes: {} of {}, until {}, scope {}\n",
        clean(access.client_id().unwrap_or(access.subject())),
        clean(access.issuer()),
        rfc3339(UnixTime(access.expires_at())),
        if access.scope().is_empty() { "none".to_owned() } else { format!("'{}'", clean(access.scope())) },
    );
    if let Some(bound) = access.confirmation() {
        if bound.jkt().is_some() {
            text.push_str("  it is bound to a key: a request must bring a DPoP proof made with it\n");
        }
        if bound.x5t_s256().is_some() {
            text.push_str("  it is bound to a certificate: a request must come over mutual TLS with it\n");
        }
    }
    text
}

fn advice(refusal: &Refusal, verifier: &Verifier) -> String {
    match refusal {
        Refusal::Token(VerifyError::Jws(_)) => "is this the whole token, and an access token?".to_owned(),
        Refusal::Token(VerifyError::Issuer) => {
            "compare its iss with --issuer, character by character: a slash at the end counts".to_owned()
        }
        Refusal::Token(VerifyError::Type) => {
            "if its issuer writes access tokens of type JWT, allow it with --accept-typ JWT".to_owned()
        }
        Refusal::Token(VerifyError::Algorithm(_)) => "allow its algorithm with --alg".to_owned(),
        Refusal::Token(VerifyError::Audience) => {
            "ask its issuer for a token for this API (resource or audience), or compare --audience".to_owned()
        }
        Refusal::Token(VerifyError::Expired(_)) => "take a new one".to_owned(),
        Refusal::Token(VerifyError::NotYetValid(_) | VerifyError::IssuedInFuture(_)) => {
            "the clock of the issuer, or of this machine, is wrong".to_owned()
        }
        Refusal::Scope(_) => "ask its issuer for the scope, or grant it to the client".to_owned(),
        Refusal::Unavailable => {
            let why = verifier.waiting_for().find_map(|(_, why)| why);
            format!(
                "nothing is known without the issuer: {}",
                clean(&why.unwrap_or_else(|| "no answer".to_owned()))
            )
        }
        _ => "it is not one that the issuer vouches for".to_owned(),
    }
}

fn access_json(access: &Access) -> Value {
    json!({
        "issuer": access.issuer(),
        "subject": access.subject(),
        "client_id": access.client_id(),
        "audience": access.audience(),
        "scope": access.scope(),
        "expires_at": access.expires_at(),
        "bound": access.confirmation().is_some(),
    })
}

/// The steps of the verifier, and what it means that one was passed.
const STEPS: [(&str, &str); 10] = [
    ("form", "a compact JWS"),
    ("issuer", "of an issuer that is trusted"),
    ("type", "an access token"),
    ("algorithm", "signed with an algorithm that is allowed"),
    ("audience", "meant for this API"),
    ("times", "neither expired nor of the future"),
    ("claims", "complete, and of no other kind of token"),
    ("key", "its issuer has the key"),
    ("signature", "genuine"),
    ("scope", "wide enough"),
];

const MAX_INPUT: u64 = 64 * 1024;

const EXAMPLES: &str = "\
Examples:
  countersign token --context svc | countersign guard check - \\
      --issuer http://localhost:8080/realms/myorg --audience https://orders.example
  countersign guard check - --issuer https://id.example/realms/myorg \\
      --audience https://orders.example --scope orders:write --output json";
