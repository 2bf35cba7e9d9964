//! The members of an object one by one, for readers that know what they look for: no map is built of them, and names and
//! texts are borrowed from the document where they are written without escapes. As strict as [`super::object`].

use std::{borrow::Cow, cell::Cell, collections::BTreeSet, fmt};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{JsonError, Limits, Reading, Strict};

/// The value of a member.
pub(in super::super) enum Member<'de> {
    /// A string.
    Text(Cow<'de, str>),
    /// Anything else.
    Other(Value),
}

/// Reads one JSON object and hands over its members, in the order of the document.
///
/// What was handed over is worth nothing before all of it was read without an error.
///
/// # Errors
/// Exactly those of [`super::object`].
pub(in super::super) fn each_member<'de>(
    document: &'de [u8],
    limits: Limits,
    take: impl FnMut(Cow<'de, str>, Member<'de>),
) -> Result<(), JsonError> {
    if !document.trim_ascii_start().starts_with(b"{") {
        return super::object(document, limits).map(drop);
    }
    let reading = Reading { limits, fault: Cell::new(None) };
    reading.read(document, Members { strict: Strict::outermost(&reading), take })
}

impl From<Value> for Member<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Owned(text)),
            other => Self::Other(other),
        }
    }
}

impl<'de> From<Cow<'de, str>> for Member<'de> {
    fn from(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }
}

impl From<Member<'_>> for Value {
    fn from(member: Member<'_>) -> Self {
        match member {
            Member::Text(text) => Self::String(text.into_owned()),
            Member::Other(value) => value,
        }
    }
}

struct Members<'a, F> {
    strict: Strict<'a>,
    take: F,
}

impl<'de, F: FnMut(Cow<'de, str>, Member<'de>)> DeserializeSeed<'de> for Members<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, Member<'de>)> Visitor<'de> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let inside = self.strict.deeper::<Member<'de>, _>()?;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            if !names.insert(name.clone()) {
                return Err(self.strict.refuse(JsonError::Duplicate(name.into_owned())));
            }
            let value = members.next_value_seed(Strict { ..inside })?;
            (self.take)(name, value);
        }
        Ok(())
    }
}

/// A member's name; without the attribute serde would copy it.
#[derive(Deserialize)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

/// The names that occurred: the usual few side by side, more of them, and those with escapes, in a set.
#[derive(Default)]
struct Names<'de> {
    few: [&'de str; FEW],
    used: usize,
    more: BTreeSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    /// Whether it is new.
    fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self.few.iter().take(self.used).any(|known| *known == name) {
            return false;
        }
        match (&name, self.few.get_mut(self.used)) {
            (Cow::Borrowed(name), Some(free)) if !self.more.contains(*name) => {
                *free = name;
                self.used += 1;
                true
            }
            _ => self.more.insert(name),
        }
    }
}

/// An access token has some ten claims.
const FEW: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    const SMALL: Limits = Limits { bytes: 1024, depth: 4 };

    fn collected(document: &[u8]) -> Result<Map<String, Value>, JsonError> {
        let mut members = Map::new();
        each_member(document, SMALL, |name, value| {
            assert!(members.insert(name.into_owned(), value.into()).is_none(), "each name once");
        })?;
        Ok(members)
    }

    /// Threats §1 (duplicate JSON keys, deeply nested JSON): one strictness, whoever reads.
    #[test]
    fn reads_and_refuses_what_an_object_does() {
        let many = |last: &str| {
            let members: String = (0..40).map(|number| format!(r#""{number}":0,"#)).collect();
            format!(r#"{{{members}"{last}":1}}"#)
        };
        let (forty_one, early, late) = (many("40"), many("3"), many("30"));
        for document in [
            &b""[..],
            b" \n\t\r{ }",
            b"\x0c{}",
            b"\xef\xbb\xbf{}",
            b"{",
            b"{}x",
            b"{} {}",
            b"{\"a\":1,}",
            b"{\"a\"}",
            b"{1:1}",
            b"{\"a\":NaN}",
            b"{\"a\":1e400}",
            b"{\"a\":01}",
            b"{\"a\":\"\xff\"}",
            b"{\"\xff\":1}",
            b"{\"a\":\"\\ud800\"}",
            br#"{"a":1,"a":"\ud800"}"#,
            br#"{"a":1,"a":1}"#,
            br#"{"a":1,"\u0061":2}"#,
            br#"{"\u0061":1,"a":2}"#,
            br#"{"\u0061":1,"\u0061":2}"#,
            br#"{"":1,"":2}"#,
            br#"{"x":{"a":1,"a":2},"x":1}"#,
            br#"{"x":[{"a":1,"a":2}]}"#,
            br#"{"a":{"a":{"a":{}}}}"#,
            br#"{"a":{"a":{"a":{"a":{}}}}}"#,
            br#"{"a":[1,-2,3.5,18446744073709551616,true,null,"x\u00e9"],"\u00e9":"\n","b":"b","n":-0}"#,
            b"[1,]",
            br#"[{"a":1,"a":1}]"#,
            b"[[[[[1]]]]]",
            b"[1] 2",
            b"null",
            b"\"{}\"",
            &[b' '; 1025],
            forty_one.as_bytes(),
            early.as_bytes(),
            late.as_bytes(),
        ] {
            assert_eq!(
                collected(document),
                super::super::object(document, SMALL),
                "{}",
                document.escape_ascii()
            );
        }
        assert_eq!(collected(late.as_bytes()), Err(JsonError::Duplicate("30".into())));
        assert_eq!(collected(forty_one.as_bytes()).unwrap().len(), 41);
    }

    #[test]
    fn texts_are_borrowed_where_they_can_be() {
        let mut borrowed = Vec::new();
        each_member(br#"{"a":"plain","\u0062":"esc\u0061ped","c":1}"#, SMALL, |name, value| {
            let text = match value {
                Member::Text(text) => Some(matches!(text, Cow::Borrowed(_))),
                Member::Other(_) => None,
            };
            borrowed.push((matches!(name, Cow::Borrowed(_)), text));
        })
        .unwrap();
        assert_eq!(borrowed, [(true, Some(true)), (false, Some(false)), (true, None)]);
    }
}
