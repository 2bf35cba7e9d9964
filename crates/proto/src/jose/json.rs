//! JSON for documents that decide something: size and depth are capped, a member name that occurs twice is refused at
//! every level (parsers disagree on which one counts), and nothing may follow the end.

mod member;

use std::{borrow::Cow, cell::Cell, fmt, marker::PhantomData};

use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

pub(super) use member::{Member, each_member};

use super::quoted::Quoted;

/// How much a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest document, in bytes.
    pub bytes: usize,
    /// The deepest nesting; the outermost object or array is 1.
    pub depth: usize,
}

/// Why a document was not read; it carries at most the name of a member, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Longer than the limit, in bytes.
    TooLong(usize),
    /// Nested deeper than the limit.
    TooDeep(usize),
    /// A member name occurs twice in one object.
    Duplicate(String),
    /// Not JSON in UTF-8, a number that no double can hold, or something after the end.
    Syntax,
    /// JSON, but not an object.
    NotAnObject,
    /// An object, but not of the expected shape.
    Shape,
}

/// Reads one JSON object.
///
/// # Errors
/// Any [`JsonError`] but [`JsonError::Shape`].
pub fn object(document: &[u8], limits: Limits) -> Result<Map<String, Value>, JsonError> {
    match value(document, limits)? {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Reads one JSON value of any kind.
///
/// # Errors
/// [`JsonError::TooLong`], [`JsonError::TooDeep`], [`JsonError::Duplicate`], [`JsonError::Syntax`].
pub fn value(document: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let reading = Reading { limits, fault: Cell::new(None) };
    reading.read(document, Strict::outermost(&reading))
}

/// Reads one JSON object into a typed struct; whether unknown members are refused is the struct's affair.
///
/// # Errors
/// Any [`JsonError`].
pub fn typed<T: DeserializeOwned>(document: &[u8], limits: Limits) -> Result<T, JsonError> {
    let members = object(document, limits)?;
    serde_json::from_value(Value::Object(members)).map_err(|_| JsonError::Shape)
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(limit) => write!(f, "longer than {limit} bytes"),
            Self::TooDeep(limit) => write!(f, "nested deeper than {limit} levels"),
            Self::Duplicate(name) => write!(f, "the member {} occurs twice", Quoted(name)),
            Self::Syntax => f.write_str("not valid JSON"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::Shape => f.write_str("not of the expected shape"),
        }
    }
}

impl std::error::Error for JsonError {}

/// One document being read.
struct Reading {
    limits: Limits,
    /// The reason beside serde's own error, which can carry only text.
    fault: Cell<Option<JsonError>>,
}

impl Reading {
    fn read<'de, S: DeserializeSeed<'de>>(
        &self,
        document: &'de [u8],
        seed: S,
    ) -> Result<S::Value, JsonError> {
        if document.len() > self.limits.bytes {
            return Err(JsonError::TooLong(self.limits.bytes));
        }
        // checked at once, not text by text; before what is no UTF-8 there may be an error that came earlier
        let (text, rest) = utf8(document);
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        match read {
            Ok(value) if rest.is_empty() => Ok(value),
            _ => Err(self.fault.take().unwrap_or(JsonError::Syntax)),
        }
    }
}

/// Builds a [`Value`], or what is made of one, and refuses what [`Value`]'s own deserializer lets pass.
struct Strict<'a, T = Value> {
    reading: &'a Reading,
    depth_left: usize,
    builds: PhantomData<T>,
}

impl<'a, T> Strict<'a, T> {
    const fn outermost(reading: &'a Reading) -> Self {
        Self { reading, depth_left: reading.limits.depth, builds: PhantomData }
    }

    fn deeper<U, E: de::Error>(&self) -> Result<Strict<'a, U>, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Strict { reading: self.reading, depth_left, builds: PhantomData }),
            None => Err(self.refuse(JsonError::TooDeep(self.reading.limits.depth))),
        }
    }

    fn refuse<E: de::Error>(&self, reason: JsonError) -> E {
        self.reading.fault.set(Some(reason));
        E::custom("refused")
    }
}

impl<'de, T: From<Value> + From<Cow<'de, str>>> DeserializeSeed<'de> for Strict<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: From<Value> + From<Cow<'de, str>>> Visitor<'de> for Strict<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(Value::Null.into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(Value::Bool(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(Value::Number(value.into()).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(Value::Number(value.into()).into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number).into()),
            None => Err(self.refuse(JsonError::Syntax)),
        }
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<T, E> {
        Ok(Cow::Borrowed(value).into())
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(Cow::<'de, str>::Owned(value.to_owned()).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let inside = self.deeper::<Value, _>()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict { ..inside })? {
            list.push(item);
        }
        Ok(Value::Array(list).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<T, A::Error> {
        let inside = self.deeper::<Value, _>()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            match map.entry(name) {
                Entry::Occupied(twice) => {
                    return Err(self.refuse(JsonError::Duplicate(twice.key().clone())));
                }
                Entry::Vacant(free) => drop(free.insert(members.next_value_seed(Strict { ..inside })?)),
            }
        }
        Ok(Value::Object(map).into())
    }
}

/// As much of it as is UTF-8, and the rest.
fn utf8(document: &[u8]) -> (&str, &[u8]) {
    match str::from_utf8(document) {
        Ok(text) => (text, &[]),
        Err(error) => {
            let (valid, rest) = document.split_at(error.valid_up_to());
            (str::from_utf8(valid).unwrap_or_default(), rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits { bytes: 1024, depth: 4 };

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#"{"a":[1,-2,3.5,true,null,"x\u00e9"],"b":{"c":{}}}"#;
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value(text.as_bytes(), SMALL).unwrap(), expected);
    }

    /// Threats §1 (duplicate JSON keys): refused at every level, an escaped spelling of the name included.
    #[test]
    fn duplicates_are_refused_at_every_level() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"{"x":[{"a":1,"a":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(object(text.as_bytes(), SMALL), Err(JsonError::Duplicate("a".into())), "{text}");
        }
    }

    /// Threats §1 (deeply nested JSON).
    #[test]
    fn depth_and_size_are_capped() {
        assert!(value(b"[[[[1]]]]", SMALL).is_ok());
        assert_eq!(value(b"[[[[[1]]]]]", SMALL), Err(JsonError::TooDeep(4)));
        assert_eq!(value(br#"{"a":{"a":{"a":{"a":{}}}}}"#, SMALL), Err(JsonError::TooDeep(4)));
        let bomb = "[".repeat(1_000_000);
        assert_eq!(
            value(bomb.as_bytes(), Limits { bytes: 2_000_000, depth: 16 }),
            Err(JsonError::TooDeep(16))
        );
        assert_eq!(value(bomb.as_bytes(), SMALL), Err(JsonError::TooLong(1024)));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            &b""[..],
            b"{",
            b"{}x",
            b"{} {}",
            b"nul",
            b"{\"a\":NaN}",
            b"{\"a\":Infinity}",
            b"{\"a\":1e400}",
            b"{\"a\":01}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\\ud800\"}",
        ] {
            assert_eq!(value(text, SMALL), Err(JsonError::Syntax), "{}", text.escape_ascii());
        }
        for text in [&b"null"[..], b"[]", b"\"{}\"", b"1"] {
            assert_eq!(object(text, SMALL), Err(JsonError::NotAnObject));
        }
    }

    #[test]
    fn typed_structs_refuse_duplicates_that_they_do_not_name() {
        #[derive(serde::Deserialize, Debug, PartialEq, Eq)]
        struct Named {
            a: u8,
        }
        assert_eq!(typed::<Named>(br#"{"a":1,"b":2}"#, SMALL).unwrap(), Named { a: 1 });
        assert_eq!(typed::<Named>(br#"{"a":1,"b":2,"b":3}"#, SMALL), Err(JsonError::Duplicate("b".into())));
        assert_eq!(typed::<Named>(br#"{"a":"1"}"#, SMALL), Err(JsonError::Shape));
    }
}
