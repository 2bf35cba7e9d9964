//! What is wrong with a file of rules, where it stands, and what to do.

use super::Shadowed;

/// What is wrong with a file of rules: the line, the member, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// It is no TOML.
    #[error("line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// Nothing has this name.
    #[error("line {line}: there is no member `{}`; {hint}", name.escape_debug())]
    Unknown {
        /// The line, from 1.
        line: usize,
        /// The name as it stands there.
        name: String,
        /// Which name was meant, or could be.
        hint: String,
    },
    /// A value that its member cannot have.
    #[error("line {line}: `{member}`: {rule}")]
    Value {
        /// The line, from 1.
        line: usize,
        /// The member.
        member: &'static str,
        /// The rule that it breaks, and what to do.
        rule: String,
    },
    /// A rule without a path.
    #[error("line {line}: a rule needs a `path`; the rule for everything is `path = \"/**\"`")]
    NoPath {
        /// The line where the rule begins, from 1.
        line: usize,
    },
    /// Two members that contradict one another.
    #[error("line {line}: `{member}` cannot stand beside `{other}`; {hint}")]
    Together {
        /// The line of the second, from 1.
        line: usize,
        /// The second of them.
        member: &'static str,
        /// The first of them.
        other: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// A rule that no request can reach.
    #[error(
        "line {line}: this rule can never decide, because {} before it; the first rule that matches decides, so move \
         the narrower rule up or remove it",
        lines(before)
    )]
    Shadowed {
        /// The line where the rule begins, from 1.
        line: usize,
        /// The lines where those begin that decide in its place.
        before: Vec<usize>,
    },
    /// Nothing could ever be let in.
    #[error(
        "there is no `[[rule]]`, so that everything would be refused; without a file everything needs a valid token"
    )]
    Empty,
    /// More rules than can be meant.
    #[error("there are more than 1000 rules")]
    TooMany,
    /// More text than can be meant.
    #[error("the rules are longer than 1 MiB")]
    TooLarge,
}

impl RulesError {
    pub(super) fn shadowed(hidden: &Shadowed, lines: &[usize]) -> Self {
        let line = |rule: &usize| lines.get(rule.saturating_sub(1)).copied().unwrap_or(1);
        Self::Shadowed { line: line(&hidden.rule), before: hidden.before.iter().map(line).collect() }
    }
}

fn lines(before: &[usize]) -> String {
    match before {
        [one] => format!("the rule of line {one} decides"),
        many => {
            let many: Vec<String> = many.iter().map(usize::to_string).collect();
            format!("the rules of lines {} decide", many.join(", "))
        }
    }
}
