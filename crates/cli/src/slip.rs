//! What is wrong in a TOML file: told with its line and without the line's text, which might hold what is nobody's
//! business.

use countersign_proto::nearest::nearest;

/// One slip, where it is and what the reader says of it.
pub(crate) struct Slip<'a> {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The line's text, from where it is wrong.
    pub(crate) text: &'a str,
    /// The reader's words, which may repeat a value.
    pub(crate) message: &'a str,
    /// The line's text before that.
    before: &'a str,
}

impl<'a> Slip<'a> {
    /// The slip that the reader found in `file`.
    pub(crate) fn of(error: &'a toml::de::Error, file: &'a str) -> Self {
        let begins = error.span().map_or(0, |span| span.start);
        let line = 1 + file.bytes().take(begins).filter(|byte| *byte == b'\n').count();
        let text = file.get(begins..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let before = file.get(..begins).and_then(|upto| upto.rsplit('\n').next()).unwrap_or_default();
        Self { line, text, message: error.message().trim_end(), before }
    }

    /// What stands where the name is whose value is wrong, on the same line: it may be part of a value.
    pub(crate) fn key(&self) -> Option<&'a str> {
        self.before
            .rsplit_once('=')
            .and_then(|(upto, _)| upto.trim_end().rsplit([' ', '\t', '{', ',']).next())
    }

    /// The name that nobody knows, where that is what is wrong.
    pub(crate) fn unknown(&self) -> Option<&'a str> {
        self.message.split('`').nth(1).filter(|_| self.message.starts_with("unknown field"))
    }

    /// The reader's words; ours for an unknown name, with the one that was meant or all that there are, and for a value of
    /// another kind, which they repeat.
    pub(crate) fn told(&self) -> String {
        let Some(name) = self.unknown() else { return self.without_value() };
        // between backticks, after the name itself
        let known = self.message.split('`').skip(3).step_by(2);
        match nearest(name, known.clone()) {
            Some(meant) => format!("there is no setting `{name}`; did you mean `{meant}`?"),
            None => {
                format!("there is no setting `{name}`; there are {}", known.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn without_value(&self) -> String {
        let repeats = self.message.split_once(" \"").filter(|(kind, _)| *kind == "invalid type: string");
        match repeats.and_then(|(_, rest)| rest.rsplit_once("\", ")) {
            Some((_, expected)) => format!("invalid type: a string, {expected}"),
            None => self.message.to_owned(),
        }
    }
}
