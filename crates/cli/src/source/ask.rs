//! What the token is for.

use clap::Args;
use countersign_client::Builder;
use countersign_proto::jose::Algorithm;

use crate::environment::{RESOURCE, SCOPE};

/// What is asked for.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Token")]
pub(super) struct AskFlags {
    /// An API that the token is for (RFC 8707); repeatable [env: COUNTERSIGN_RESOURCE, separated by spaces]
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// The same by the name that Auth0 gives it; repeatable
    #[arg(long = "audience", value_name = "ID")]
    audiences: Vec<String>,
    /// A scope to ask for; repeatable; unless given, the client's default ones [env: COUNTERSIGN_SCOPE, separated by spaces]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Have the token bound to a key (RFC 9449), of this algorithm: ES256 unless given
    #[arg(long, value_name = "ALG", num_args = 0..=1, value_parser = proof_algorithm)]
    dpop: Option<Option<Algorithm>>,
}

impl AskFlags {
    /// Tells the builder; what no flag says, variables do.
    pub(super) fn apply(&self, mut tokens: Builder, variable: &dyn Fn(&str) -> Option<String>) -> Builder {
        for resource in listed(&self.resources, || variable(RESOURCE)) {
            tokens = tokens.resource(resource);
        }
        for audience in &self.audiences {
            tokens = tokens.audience(audience);
        }
        for scope in listed(&self.scopes, || variable(SCOPE)) {
            tokens = tokens.scope(scope);
        }
        match self.dpop {
            Some(algorithm) => tokens.dpop(algorithm.unwrap_or(Algorithm::ES256)),
            None => tokens,
        }
    }

    /// Whether the token is bound to a key of ours.
    pub(super) const fn binds(&self) -> bool {
        self.dpop.is_some()
    }
}

/// Each name for itself, whether it came in a flag of its own or several stood in one.
fn listed(flags: &[String], variable: impl FnOnce() -> Option<String>) -> Vec<String> {
    let given = if flags.is_empty() { variable().into_iter().collect() } else { flags.to_vec() };
    given.iter().flat_map(|text| text.split_ascii_whitespace()).map(str::to_owned).collect()
}

fn proof_algorithm(name: &str) -> Result<Algorithm, String> {
    Algorithm::parse(name).ok_or_else(|| {
        format!(
            "it is none of {}; before a word that is no algorithm, write --dpop=ES256",
            Algorithm::ALL.map(Algorithm::as_str).join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contract: lists in variables are separated by spaces, and flags win over them.
    #[test]
    fn flags_win_and_lists_are_split() {
        let variable = || Some(" a  b ".to_owned());
        assert_eq!(listed(&[], variable), ["a", "b"]);
        assert_eq!(listed(&["c".to_owned(), "d e".to_owned()], variable), ["c", "d", "e"]);
        assert!(listed(&[], || None).is_empty());
    }

    #[test]
    fn a_word_that_is_no_algorithm_is_explained() {
        assert_eq!(proof_algorithm("EdDSA"), Ok(Algorithm::EdDSA));
        assert!(proof_algorithm("GET").unwrap_err().contains("--dpop=ES256"));
    }
}
