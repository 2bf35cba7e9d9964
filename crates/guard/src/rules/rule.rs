//! One rule: which requests it speaks of, and what it asks of them.

use http::Method;

use super::{Methods, Pattern};
use crate::path::RequestPath;
use crate::require::Require;

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pattern: Pattern,
    methods: Methods,
    gate: Gate,
}

/// What a rule asks of the requests that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: anybody may come in.
    Open,
    /// A valid token.
    Needs {
        /// How wide it must be.
        require: Require,
        /// The only issuer whose tokens will do; its identifier is compared as it stands.
        issuer: Option<Box<str>>,
    },
}

impl Rule {
    /// A rule for the requests of these methods on this path.
    #[must_use]
    pub fn new(pattern: Pattern, methods: Methods, gate: Gate) -> Self {
        Self { pattern, methods, gate }
    }

    /// Whether it speaks of this request.
    #[must_use]
    pub fn matches(&self, method: &Method, path: &RequestPath<'_>) -> bool {
        self.methods.contains(method) && self.pattern.matches(path)
    }

    /// Its paths.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Its methods.
    #[must_use]
    pub fn methods(&self) -> &Methods {
        &self.methods
    }

    /// What it asks for.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }
}

impl Gate {
    /// Any valid token, of any issuer that the guard trusts.
    #[must_use]
    pub fn token() -> Self {
        Require::token().into()
    }
}

impl From<Require> for Gate {
    fn from(require: Require) -> Self {
        Self::Needs { require, issuer: None }
    }
}
