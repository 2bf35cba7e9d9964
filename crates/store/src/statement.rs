//! A statement and the values of its placeholders, the same for both databases.

use countersign_proto::time::UnixTime;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// A statement with its values, in the order of `$1`, `$2`, …
pub(crate) struct Statement<'a> {
    pub(crate) text: SqlStr,
    pub(crate) values: Vec<Value<'a>>,
    /// Whether the connection keeps it prepared.
    pub(crate) kept: bool,
}

/// A value of one of the column types that both databases have.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    Int(Option<i64>),
    Text(Option<&'a str>),
    Bytes(&'a [u8]),
    Bool(bool),
}

/// A statement by its text.
pub(crate) fn sql<'a>(text: &'static str) -> Statement<'a> {
    Statement { text: text.into_sql_str(), values: Vec::new(), kept: true }
}

impl<'a> Statement<'a> {
    /// A statement whose number of placeholders varies; `text` is built from parts of this program alone.
    pub(crate) fn built(text: String) -> Self {
        Self { text: AssertSqlSafe(text).into_sql_str(), values: Vec::new(), kept: false }
    }

    /// Gives the next placeholder its value.
    pub(crate) fn bind(mut self, value: impl Into<Value<'a>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Whether every placeholder has a value: SQLite would take NULL for one that has none.
    pub(crate) fn is_complete(&self) -> bool {
        let text = self.text.as_str();
        let highest = text.split('$').skip(1).filter_map(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest.get(..digits)?.parse::<usize>().ok()
        });
        highest.max().unwrap_or(0) == self.values.len()
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<UnixTime> for Value<'_> {
    fn from(value: UnixTime) -> Self {
        Self::Int(Some(value.0))
    }
}

impl From<Option<UnixTime>> for Value<'_> {
    fn from(value: Option<UnixTime>) -> Self {
        Self::Int(value.map(|time| time.0))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_a_forgotten_value() {
        assert!(sql("SELECT 1").is_complete());
        assert!(!sql("SELECT $1").is_complete());
        assert!(sql("SELECT $2, $1, $1").bind(1).bind("a").is_complete());
        assert!(!sql("SELECT $2").bind(1).is_complete());
        assert!(!sql("SELECT $1").bind(1).bind(2).is_complete());
        assert!(!sql("SELECT $12").bind(1).is_complete());
    }
}
