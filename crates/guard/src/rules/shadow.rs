//! Which rules can never decide, because others before them always do.

use std::collections::BTreeSet;

use super::{Methods, Pattern, Rule};
use crate::path::RequestPath;

/// A rule that no request can reach.
///
/// Its author asked for something that would not hold, so that this is an error and no warning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule} can never decide: before it {} every request that it matches", decide(before))]
pub struct Shadowed {
    /// The rule, counted from 1.
    pub rule: usize,
    /// The rules before it that decide in its place, counted from 1.
    pub before: Vec<usize>,
}

/// Looks for the first rule that others hide.
///
/// Exact: a rule is hidden if and only if all of its examples are. Where a rule says `{name}`, the example has a text
/// that no rule names: whatever else matches it matches any text there. Where it ends with `**`, there is an example
/// for every length up to that of the longest rule, with and without a trailing slash: rules cannot tell longer ones
/// apart.
pub(super) fn judge(rules: &[Rule]) -> Result<(), Shadowed> {
    let fresh = fresh(rules);
    let longest = rules.iter().map(|rule| rule.pattern().len()).max().unwrap_or(0);
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..index).unwrap_or_default();
        let examples = examples(rule.pattern(), &fresh, longest);
        // What is too long for a request needs no rule.
        let mut paths = examples.iter().filter_map(|path| RequestPath::parse(path).ok()).peekable();
        let mut before = BTreeSet::new();
        if paths.peek().is_some() && paths.all(|path| hide(earlier, rule.methods(), &path, &mut before)) {
            return Err(Shadowed { rule: index + 1, before: before.into_iter().collect() });
        }
    }
    Ok(())
}

/// Whether the earlier rules decide this path for all of these methods; notes which of them do, counted from 1.
fn hide(earlier: &[Rule], methods: &Methods, path: &RequestPath<'_>, before: &mut BTreeSet<usize>) -> bool {
    let matching = (1..).zip(earlier).filter(|(_, rule)| rule.pattern().matches(path));
    let mut decided = |decides: &dyn Fn(&Methods) -> bool| {
        let first = matching.clone().find(|(_, rule)| decides(rule.methods()));
        before.extend(first.map(|(number, _)| number));
        first.is_some()
    };
    match methods.named() {
        // There are always more methods than anybody names.
        None => decided(&|others| *others == Methods::all()),
        // Whoever decides `GET` decides the `HEAD` that goes with it.
        Some(named) => named.iter().all(|method| decided(&|others| others.contains(method))),
    }
}

/// Paths that this pattern matches, and that few others do.
fn examples(pattern: &Pattern, fresh: &str, longest: usize) -> Vec<String> {
    let mut path = pattern.example(fresh);
    if !pattern.has_open_end() {
        let with_slash = (!pattern.ends_in_slash()).then(|| format!("{path}/"));
        return std::iter::once(path).chain(with_slash).collect();
    }
    let mut examples = Vec::new();
    for _ in pattern.len()..=longest + 1 {
        if !path.is_empty() {
            examples.push(path.clone());
        }
        examples.push(format!("{path}/"));
        path = path + "/" + fresh;
    }
    examples
}

/// A text that no rule names.
fn fresh(rules: &[Rule]) -> String {
    let named: BTreeSet<&str> = rules.iter().flat_map(|rule| rule.pattern().texts()).collect();
    let mut fresh = "x".to_owned();
    while named.contains(&*fresh) {
        fresh.push('x');
    }
    fresh
}

fn decide(before: &[usize]) -> String {
    match before {
        [one] => format!("rule {one} decides"),
        many => format!("rules {} decide", many.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}
