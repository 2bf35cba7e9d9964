//! Which requests need what: the rules of `--rules FILE`, of which the first that matches decides.

#[cfg(feature = "rules")]
mod error;
#[cfg(feature = "rules")]
mod file;
mod methods;
mod pattern;
mod rule;
mod shadow;

use http::Method;

#[cfg(feature = "rules")]
pub use error::RulesError;
pub use methods::{Methods, NoMethod};
pub use pattern::{Pattern, PatternError};
pub use rule::{Gate, Rule};
pub use shadow::Shadowed;

use crate::path::RequestPath;
use crate::require::Require;

/// Rules in their order; none of them is hidden by those before it.
///
/// What matches no rule is to be refused with 403. A path matches as its upstream reads it, decoded; letters of either
/// case differ.
#[derive(Clone, Debug)]
pub struct Rules(Box<[Rule]>);

impl Rules {
    /// Rules in the order in which they are asked.
    ///
    /// # Errors
    /// [`Shadowed`] when the rules before one decide every request that it could match: what its author wanted to
    /// hold would not hold.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Result<Self, Shadowed> {
        let rules: Box<[Rule]> = rules.into_iter().collect();
        shadow::judge(&rules)?;
        Ok(Self(rules))
    }

    /// What holds where no rules are given: every request needs a valid token.
    #[must_use]
    pub fn everything_needs_a_token() -> Self {
        Self(Box::new([Rule::new(Pattern::everything(), Methods::all(), Gate::token())]))
    }

    /// What the first rule that matches asks for; linear in the rules and the path, and allocates nothing.
    ///
    /// Does not check: any token.
    #[must_use]
    pub fn decide(&self, method: &Method, path: &RequestPath<'_>) -> Ruling<'_> {
        match self.0.iter().find(|rule| rule.matches(method, path)).map(Rule::gate) {
            None => Ruling::NoRule,
            Some(Gate::Open) => Ruling::Open,
            Some(Gate::Needs { require, issuer }) => Ruling::Needs { require, issuer: issuer.as_deref() },
        }
    }

    /// The issuers that rules name, so that a guard can refuse at its start one that it does not know.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|rule| match rule.gate() {
            Gate::Needs { issuer, .. } => issuer.as_deref(),
            Gate::Open => None,
        })
    }
}

/// What a request needs before it is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling<'a> {
    /// Nothing, not even a token.
    Open,
    /// A valid token.
    Needs {
        /// How wide it must be.
        require: &'a Require,
        /// The only issuer whose tokens will do, if not all that the guard trusts.
        issuer: Option<&'a str>,
    },
    /// No rule speaks of it: 403.
    NoRule,
}

#[cfg(test)]
mod tests;
