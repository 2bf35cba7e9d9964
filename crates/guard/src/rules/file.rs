//! Rules as they stand in a file: `[[rule]]` tables in TOML.

use countersign_proto::nearest::nearest;
use http::Method;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Gate, Methods, Pattern, Rule, Rules, RulesError};
use crate::require::Require;

impl Rules {
    /// Reads a file of rules.
    ///
    /// ```
    /// # fn main() -> Result<(), countersign_guard::RulesError> {
    /// use countersign_guard::Rules;
    ///
    /// Rules::parse(
    ///     r#"
    ///     [[rule]]
    ///     path = "/health"
    ///     open = true
    ///
    ///     [[rule]]
    ///     path = "/orders/**"
    ///     methods = ["GET"]
    ///     any = ["orders:read", "orders:admin"]
    ///
    ///     [[rule]]
    ///     path = "/orders/{id}"
    ///     methods = ["PUT", "DELETE"]
    ///     all = ["orders:write"]
    ///     issuer = "https://auth.example.com/realms/shop"
    /// "#,
    /// )?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RulesError`] for what is no TOML, for members and values that a rule cannot have, for a rule that others
    /// hide, for no rule at all, for more than 1,000, and for more than 1 MiB.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        if text.len() > MAX_BYTES {
            return Err(RulesError::TooLarge);
        }
        let file = File { text };
        let root = DeTable::parse(text).map_err(|error| RulesError::Syntax {
            line: error.span().map_or(1, |span| file.line(span.start)),
            message: error.message().to_owned(),
        })?;
        let mut rules: Vec<(usize, Rule)> = Vec::new();
        for (name, value) in root.get_ref() {
            let line = file.line(name.span().start);
            if name.get_ref() != "rule" {
                return Err(unknown(line, name.get_ref(), &["rule"]));
            }
            let DeValue::Array(items) = value.get_ref() else {
                return Err(RulesError::Value { line, member: "rule", rule: IS_LIST.to_owned() });
            };
            if items.len() > MAX_RULES {
                return Err(RulesError::TooMany);
            }
            for item in items {
                let line = file.line(item.span().start);
                let DeValue::Table(table) = item.get_ref() else {
                    return Err(RulesError::Value { line, member: "rule", rule: IS_LIST.to_owned() });
                };
                rules.push((line, file.rule(line, table)?));
            }
        }
        if rules.is_empty() {
            return Err(RulesError::Empty);
        }
        let (lines, rules): (Vec<usize>, Vec<Rule>) = rules.into_iter().unzip();
        Self::new(rules).map_err(|hidden| RulesError::shadowed(&hidden, &lines))
    }
}

struct File<'a> {
    text: &'a str,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl File<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.text.bytes().take(at).filter(|byte| *byte == b'\n').count()
    }

    fn line_of(&self, value: &Value<'_>) -> usize {
        self.line(value.span().start)
    }

    fn wrong(&self, value: &Value<'_>, member: &'static str, rule: impl ToString) -> RulesError {
        RulesError::Value { line: self.line_of(value), member, rule: rule.to_string() }
    }

    fn rule(&self, line: usize, table: &DeTable<'_>) -> Result<Rule, RulesError> {
        for name in table.keys() {
            if !MEMBERS.contains(&name.get_ref().as_ref()) {
                return Err(unknown(self.line(name.span().start), name.get_ref(), MEMBERS));
            }
        }
        let path = table.get("path").ok_or(RulesError::NoPath { line })?;
        let text = path.get_ref().as_str().ok_or_else(|| self.wrong(path, "path", IS_PATH))?;
        let pattern = Pattern::parse(text).map_err(|error| self.wrong(path, "path", error))?;
        let methods = table.get("methods").map_or(Ok(Methods::all()), |value| self.methods(value))?;
        Ok(Rule::new(pattern, methods, self.gate(table)?))
    }

    fn methods(&self, value: &Value<'_>) -> Result<Methods, RulesError> {
        let names = texts(value).ok_or_else(|| self.wrong(value, "methods", IS_METHODS))?;
        let methods: Result<Vec<Method>, String> = names.into_iter().map(method).collect();
        let methods = methods.map_err(|rule| self.wrong(value, "methods", rule))?;
        Methods::of(methods).map_err(|error| self.wrong(value, "methods", error))
    }

    fn gate(&self, table: &DeTable<'_>) -> Result<Gate, RulesError> {
        let given = |member: &'static str| table.get(member).map(|value| (member, value));
        let mut decisive = ["open", "all", "any"].into_iter().filter_map(given);
        let first = decisive.next();
        if let (Some(first), Some(second)) = (first, decisive.next()) {
            return Err(self.together(
                first,
                second,
                "take one of `open`, `all` and `any`, or none for any valid token",
            ));
        }
        let require = match first {
            None => Require::token(),
            Some(("open", value)) => {
                self.open(value)?;
                return match given("issuer") {
                    Some(issuer) => {
                        Err(self.together(("open", value), issuer, "who comes without a token has no issuer"))
                    }
                    None => Ok(Gate::Open),
                };
            }
            Some((member, value)) => {
                let scopes = texts(value).ok_or_else(|| self.wrong(value, member, IS_SCOPES))?;
                let require = if member == "all" { Require::all(scopes) } else { Require::any(scopes) };
                require.map_err(|error| self.wrong(value, member, error))?
            }
        };
        let issuer = table.get("issuer").map(|value| self.issuer(value)).transpose()?;
        Ok(Gate::Needs { require, issuer })
    }

    fn open(&self, value: &Value<'_>) -> Result<(), RulesError> {
        match value.get_ref() {
            DeValue::Boolean(true) => Ok(()),
            DeValue::Boolean(false) => Err(self.wrong(value, "open", OPEN_FALSE)),
            _ => Err(self.wrong(value, "open", "is `true`, or absent")),
        }
    }

    fn issuer(&self, value: &Value<'_>) -> Result<Box<str>, RulesError> {
        let is_url = |url: &&str| url.starts_with("https://") || url.starts_with("http://");
        let url = value.get_ref().as_str().filter(is_url);
        url.map(Into::into).ok_or_else(|| self.wrong(value, "issuer", IS_ISSUER))
    }

    fn together(
        &self,
        one: (&'static str, &Value<'_>),
        other: (&'static str, &Value<'_>),
        hint: &'static str,
    ) -> RulesError {
        let (first, second) =
            if one.1.span().start < other.1.span().start { (one, other) } else { (other, one) };
        RulesError::Together { line: self.line_of(second.1), member: second.0, other: first.0, hint }
    }
}

fn unknown(line: usize, name: &str, known: &[&str]) -> RulesError {
    let hint = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there is `{}`", known.join("`, `")),
    };
    RulesError::Unknown { line, name: name.to_owned(), hint }
}

fn texts<'a>(value: &'a Value<'_>) -> Option<Vec<&'a str>> {
    value.get_ref().as_array()?.iter().map(|item| item.get_ref().as_str()).collect()
}

/// A method as it stands in a file: a slip there would hand its requests to another rule.
fn method(name: &str) -> Result<Method, String> {
    if name != name.to_ascii_uppercase() {
        return Err(format!(
            "methods are written in capitals: \"{}\"",
            name.to_ascii_uppercase().escape_debug()
        ));
    }
    let wrong =
        || format!("`{}` is no method; without `methods` a rule speaks of all of them", name.escape_debug());
    // `*` is a token (RFC 9110 §5.6.2), and whoever writes it means something else.
    let method =
        Method::from_bytes(name.as_bytes()).ok().filter(|_| !name.contains('*')).ok_or_else(wrong)?;
    match nearest(name, METHODS.iter().copied()).filter(|meant| *meant != name) {
        Some(meant) if !METHODS.contains(&name) => {
            Err(format!("there is no method `{name}`; did you mean `{meant}`?"))
        }
        _ => Ok(method),
    }
}

const MEMBERS: &[&str] = &["path", "methods", "open", "all", "any", "issuer"];
/// The methods that a slip is measured against; others are taken as they stand.
const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "QUERY",
    "COPY",
    "LOCK",
    "MOVE",
    "LINK",
    "MKCOL",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "REPORT",
    "SEARCH",
    "UNLINK",
    "UNLOCK",
    "BIND",
    "ACL",
];

const IS_LIST: &str = "each rule is a table of its own, under `[[rule]]` with two brackets";
const IS_PATH: &str = "is a text such as \"/orders/**\"";
const IS_METHODS: &str = "is a list of texts such as [\"GET\", \"POST\"]";
const IS_SCOPES: &str = "is a list of texts such as [\"orders:read\"]";
const IS_ISSUER: &str = "is the issuer's URL as a text, such as \"https://auth.example.com/realms/shop\"";
const OPEN_FALSE: &str = "says nothing when it is false: a rule that is not open needs a token; remove it";

const MAX_BYTES: usize = 1024 * 1024;
const MAX_RULES: usize = 1000;

#[cfg(test)]
mod tests;
