//! Which known name a mistyped one was meant to be.

/// The name among `known` that is nearest to `word`, if any is near enough to be a slip: within a third of its length.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (distance(word, name), name))
        .filter(|(far, name)| *far <= (name.len() / 3).max(1))
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// How many letters must be added, dropped, replaced or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (lower(a), lower(b));
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut left_a = None;
    for (row, &ca) in a.iter().enumerate() {
        let mut line = vec![row + 1];
        let mut left_b = None;
        for (column, &cb) in b.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&above, column) + usize::from(ca != cb);
            let mut best = replaced.min(at(&above, column + 1) + 1).min(at(&line, column) + 1);
            if left_a == Some(cb) && left_b == Some(ca) {
                best = best.min(at(&before, column - 1) + 1);
            }
            line.push(best);
            left_b = Some(cb);
        }
        before = std::mem::replace(&mut above, line);
        left_a = Some(ca);
    }
    above.last().copied().unwrap_or(a.len())
}

/// `-` and `_` are the same slip of the hand.
fn lower(word: &str) -> Vec<char> {
    word.chars().take(64).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["listen", "admin_listen", "public_url", "tls.cert", "ops"];
        for (slip, meant) in [
            ("lissten", "listen"),
            ("lsiten", "listen"),
            ("listne", "listen"),
            ("publicurl", "public_url"),
            ("public-url", "public_url"),
            ("Tls.Cert", "tls.cert"),
            ("op", "ops"),
            ("admin_lisen", "admin_listen"),
        ] {
            assert_eq!(nearest(slip, known), Some(meant), "{slip}");
        }
        for word in ["", "bin", "colour", "x"] {
            assert_eq!(nearest(word, known), None, "{word}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
