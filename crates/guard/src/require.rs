//! What a token must be good for: no scope, one, all of several, any of several.

use std::fmt;

use countersign_proto::scope::{ScopeError, ScopeName};

use crate::{Access, Refusal};

/// Which scopes a request needs.
///
/// It is checked when it is made, so that a mistyped scope is seen at the start and not as a 403 that nobody explains;
/// hence every constructor that takes scopes can fail, for texts in the code as for those of a file.
///
/// ```
/// # fn main() -> Result<(), countersign_guard::RequireError> {
/// use countersign_guard::Require;
///
/// let require = Require::any(["orders:read", "orders:admin"])?;
/// assert!(require.is_met_by(|scope| scope == "orders:admin"));
/// assert!(!require.is_met_by(|_| false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    quantity: Quantity,
    /// Separated by single spaces, as in the `scope` of a challenge; empty for a token alone.
    scopes: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    None,
    All,
    Any,
}

impl Require {
    /// A valid token, whatever its scopes.
    #[must_use]
    pub fn token() -> Self {
        Self { quantity: Quantity::None, scopes: Box::default() }
    }

    /// A valid token with this scope.
    ///
    /// # Errors
    /// [`RequireError::Scope`] when it is no scope (RFC 6749 §3.3).
    pub fn scope(scope: &str) -> Result<Self, RequireError> {
        Self::all([scope])
    }

    /// A valid token with each of these scopes.
    ///
    /// # Errors
    /// [`RequireError`] for no scope at all, for more than 64, for one that stands twice, and for one outside the
    /// grammar of RFC 6749 §3.3.
    pub fn all(scopes: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, RequireError> {
        Self::new(Quantity::All, scopes)
    }

    /// A valid token with at least one of these scopes.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn any(scopes: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, RequireError> {
        Self::new(Quantity::Any, scopes)
    }

    /// Whether a token is wide enough, given which scopes it `has`; allocates nothing.
    ///
    /// Does not check: anything of the token but its scopes.
    pub fn is_met_by(&self, has: impl Fn(&str) -> bool) -> bool {
        match self.quantity {
            Quantity::None => true,
            Quantity::All => self.scopes().all(has),
            Quantity::Any => self.scopes().any(has),
        }
    }

    /// Whether what a request was let in with is wide enough.
    ///
    /// # Errors
    /// [`Refusal::Scope`] when it is not.
    ///
    /// Does not check: anything but scopes.
    pub fn check(&self, access: &Access) -> Result<(), Refusal> {
        if self.is_met_by(|scope| access.has_scope(scope)) {
            Ok(())
        } else {
            Err(Refusal::Scope(self.clone()))
        }
    }

    /// The scopes that are named, in the order in which they were given.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.split(' ').filter(|scope| !scope.is_empty())
    }

    /// The `scope` attribute of an `insufficient_scope` challenge (RFC 6750 §3); none when any valid token will do.
    ///
    /// Where any of several is enough, all of them are listed: the attribute cannot say "or", a token with all of them
    /// passes, and who reads it sees the choice.
    #[must_use]
    pub fn challenge_scope(&self) -> Option<&str> {
        Some(&*self.scopes).filter(|scopes| !scopes.is_empty())
    }

    fn new(
        quantity: Quantity,
        scopes: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, RequireError> {
        let mut names: Vec<ScopeName> = Vec::new();
        for scope in scopes {
            let scope = scope.as_ref();
            let name = ScopeName::parse(scope).map_err(|source| RequireError::Scope {
                scope: scope.chars().take(SHOWN).collect(),
                source,
            })?;
            if names.contains(&name) {
                return Err(RequireError::Twice { scope: name });
            }
            if names.len() == MAX_SCOPES {
                return Err(RequireError::TooMany);
            }
            names.push(name);
        }
        let names: Vec<&str> = names.iter().map(ScopeName::as_str).collect();
        match names.len() {
            0 => Err(RequireError::Empty),
            // All of one and any of one are the same.
            1 => Ok(Self { quantity: Quantity::All, scopes: names.concat().into() }),
            _ => Ok(Self { quantity, scopes: names.join(" ").into() }),
        }
    }
}

/// In words, for a description or a log line.
impl fmt::Display for Require {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quantity {
            Quantity::None => f.write_str("any valid token"),
            Quantity::All if !self.scopes.contains(' ') => write!(f, "the scope {}", self.scopes),
            Quantity::All => write!(f, "all of the scopes {}", self.scopes),
            Quantity::Any => write!(f, "any of the scopes {}", self.scopes),
        }
    }
}

/// Why scopes cannot be required.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequireError {
    /// All of none would let everybody in, any of none nobody.
    #[error("no scope is named; to let in any valid token, name none of `all` and `any`")]
    Empty,
    /// More than a challenge should carry.
    #[error("more than 64 scopes are named")]
    TooMany,
    /// The same scope again: probably another one was meant.
    #[error("the scope `{scope}` is named twice")]
    Twice {
        /// The scope.
        scope: ScopeName,
    },
    /// No scope by the grammar.
    #[error("`{}` is no scope: {source}", scope.escape_debug())]
    Scope {
        /// Its beginning.
        scope: String,
        /// The rule.
        source: ScopeError,
    },
}

const MAX_SCOPES: usize = 64;
const SHOWN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn met(require: &Require, held: &[&str]) -> bool {
        require.is_met_by(|scope| held.contains(&scope))
    }

    #[test]
    fn none_one_all_and_any() {
        let none = Require::token();
        assert!(met(&none, &[]) && met(&none, &["x"]));

        let one = Require::scope("a").unwrap();
        assert!(met(&one, &["b", "a"]) && !met(&one, &[]) && !met(&one, &["A", "ab", ""]));

        let all = Require::all(["a", "b"]).unwrap();
        assert!(met(&all, &["b", "c", "a"]) && !met(&all, &["a"]) && !met(&all, &["a b"]) && !met(&all, &[]));

        let any = Require::any(["a", "b"]).unwrap();
        assert!(met(&any, &["b"]) && met(&any, &["a"]) && !met(&any, &["c"]) && !met(&any, &[]));
    }

    /// T-6750-06: the `scope` of an insufficient_scope challenge is what the request needs, separated by single spaces.
    #[test]
    fn the_challenge_names_what_is_needed() {
        assert_eq!(Require::token().challenge_scope(), None);
        assert_eq!(Require::scope("a").unwrap().challenge_scope(), Some("a"));
        assert_eq!(Require::all(["b", "a"]).unwrap().challenge_scope(), Some("b a"));
        assert_eq!(Require::any(["b", "a"]).unwrap().challenge_scope(), Some("b a"));
        assert_eq!(Require::any(["b", "a"]).unwrap().to_string(), "any of the scopes b a");
    }

    #[test]
    fn what_cannot_be_required_is_an_error_when_it_is_made() {
        assert_eq!(Require::all([""; 0]), Err(RequireError::Empty));
        assert_eq!(Require::any([""; 0]), Err(RequireError::Empty));
        for wrong in ["", "a b", "a\"", "a\\", "é", "a\n"] {
            assert!(matches!(Require::scope(wrong), Err(RequireError::Scope { .. })), "{wrong:?}");
        }
        assert!(matches!(Require::all(["a", "b", "a"]), Err(RequireError::Twice { .. })));
        let many: Vec<String> = (0..65).map(|n| n.to_string()).collect();
        assert_eq!(Require::any(&many), Err(RequireError::TooMany));
        assert!(Require::any(&many[1..]).is_ok());
    }

    #[test]
    fn any_of_one_is_that_one() {
        assert_eq!(Require::any(["a"]), Require::scope("a"));
        assert_ne!(Require::any(["a", "b"]), Require::all(["a", "b"]));
    }
}
