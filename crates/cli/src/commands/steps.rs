//! The steps of judging a token, each passed, failed with what is wrong and what to do, or left open.

use std::fmt;

use serde_json::{Value, json};

use crate::output::clean;

/// The steps taken so far, one line for each.
#[derive(Default)]
pub(super) struct Steps(Vec<Step>);

struct Step {
    name: &'static str,
    said: String,
    /// What to do, where it failed.
    advice: Option<String>,
    outcome: Outcome,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// Not asked for, or not reached.
    Open,
}

impl Steps {
    pub(super) fn pass(&mut self, name: &'static str, said: impl Into<String>) {
        self.0.push(Step { name, said: said.into(), advice: None, outcome: Outcome::Passed });
    }

    pub(super) fn fail(&mut self, name: &'static str, said: impl Into<String>, advice: impl Into<String>) {
        let advice = Some(advice.into()).filter(|advice| !advice.is_empty());
        self.0.push(Step { name, said: said.into(), advice, outcome: Outcome::Failed });
    }

    pub(super) fn open(&mut self, name: &'static str, said: impl Into<String>) {
        self.0.push(Step { name, said: said.into(), advice: None, outcome: Outcome::Open });
    }

    /// Whether a step of this name was passed.
    pub(super) fn passed(&self, name: &str) -> bool {
        self.0.iter().any(|step| step.name == name && step.outcome == Outcome::Passed)
    }

    /// Whether any failed.
    pub(super) fn any_failed(&self) -> bool {
        self.0.iter().any(|step| step.outcome == Outcome::Failed)
    }

    pub(super) fn as_json(&self) -> Value {
        let step = |step: &Step| {
            let outcome = match step.outcome {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::Open => "open",
            };
            json!({ "check": step.name, "outcome": outcome, "said": step.said, "advice": step.advice })
        };
        self.0.iter().map(step).collect()
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            let mark = match step.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "BAD",
                Outcome::Open => "--",
            };
            writeln!(f, "{mark:<4} {:<10} {}", step.name, clean(&step.said))?;
            if let Some(advice) = &step.advice {
                writeln!(f, "                {}", clean(advice))?;
            }
        }
        Ok(())
    }
}

/// What commonly explains a text that is no JWS.
pub(super) fn advice_on_form(token: &str) -> &'static str {
    match token.split('.').count() {
        5 => "it is encrypted: only the one that it is for can read it",
        3 => "",
        1 if !token.is_empty() => {
            "it has no dots: an opaque token, which only its issuer can explain, or a part of a token"
        }
        _ => "a JWT has three parts with dots between them: it may have been cut when copied",
    }
}
