//! JSON bodies, read strictly: no member twice at any depth, none that is unknown, nothing behind the end; and what is
//! wrong is said by the name of the member, never with its value.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::jose::json::{self, JsonError, Limits};

/// Why a body is not what its URL takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is not one JSON object, or is too long or nested too deeply.
    Json(JsonError),
    /// One member is missing, unknown, there twice, or of the wrong type.
    Member {
        /// Which.
        field: String,
        /// What is wrong with it; never its value.
        rule: String,
    },
}

/// Reads a body as `T`, one of the types of this module.
///
/// # Errors
/// [`BodyError`], which names the member; values are not in it, since they may be secrets.
///
/// Does not check: the rules on the members' values.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    let members = json::object(body, LIMITS).map_err(|error| match error {
        JsonError::Duplicate(name) => {
            let field = short(&name);
            BodyError::Member { rule: format!("{field} stands twice"), field }
        }
        other => BodyError::Json(other),
    })?;
    let body = Value::Object(members);
    T::deserialize(&body).map_err(|error| blame::<T>(&body, &error.to_string()))
}

/// Finds the member that does not fit: alone in a body, it fails otherwise than an empty body does.
fn blame<T: DeserializeOwned>(body: &Value, error: &str) -> BodyError {
    let failure =
        |members: Map<String, Value>| T::deserialize(&Value::Object(members)).err().map(|e| e.to_string());
    let of_empty = failure(Map::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        let alone = failure(Map::from_iter([(name.clone(), value.clone())]));
        if let Some(error) = alone.filter(|error| of_empty.as_ref() != Some(error)) {
            return BodyError::Member { field: short(name), rule: rule(name, &error) };
        }
    }
    let missing = error.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match missing {
        Some(name) => BodyError::Member { field: name.to_owned(), rule: format!("{name} is missing") },
        None => BodyError::Json(JsonError::Shape),
    }
}

/// What is wrong with a member, from serde's words without the value in them.
fn rule(name: &str, error: &str) -> String {
    let name = short(name);
    if let Some(known) =
        error.strip_prefix("unknown field `").and_then(|rest| rest.rsplit_once("`, expected "))
    {
        if error.starts_with(&format!("unknown field `{name}`")) {
            return format!("there is no member {name} here, or it cannot be changed; there is {}", known.1);
        }
        return format!("a member inside {name} is unknown; there is {}", known.1);
    }
    if error.starts_with("unknown field") {
        return format!("there is no member {name} here");
    }
    if let Some(inner) = error.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("{inner} is missing inside {name}");
    }
    let expected = error.rsplit_once(", expected ").map_or("another type", |(_, expected)| expected);
    let expected = match expected {
        "i64" => "a whole number",
        "u32" => "a whole number of at most 32 bits",
        "a map" => "an object",
        "a sequence" => "an array",
        other => other,
    };
    format!("{name} is {expected}")
}

/// At most 100 characters of a name that a caller chose.
fn short(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// The longest body that is read, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Deeper than any body needs: claims are nested at most 8 deep, and a body holds them.
const LIMITS: Limits = Limits { bytes: MAX_BODY, depth: 16 };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::{ApiPatch, ClientPatch, GrantPut, NewApi, NewClient, NewRealm, RealmPatch};

    fn field<T: DeserializeOwned>(body: &str) -> String {
        match read::<T>(body.as_bytes()).err() {
            Some(BodyError::Member { field, rule }) => {
                assert!(!rule.is_empty() && !rule.contains("hunter2"), "{rule}");
                field
            }
            Some(BodyError::Json(JsonError::NotAnObject)) => "no object".to_owned(),
            Some(BodyError::Json(error)) => {
                assert!(!error.to_string().contains("hunter2"), "{error}");
                "JSON".to_owned()
            }
            None => "none".to_owned(),
        }
    }

    /// Issue 3, item 10: problems name the field.
    #[test]
    fn the_wrong_member_is_named() {
        for (body, expected) in [
            (r#"{"name":"a"}"#, "none"),
            (r#"{"name":"a","profile":null,"hosts":[],"dialects":null}"#, "none"),
            ("{}", "name"),
            (r#"{"profile":"keycloak"}"#, "name"),
            (r#"{"name":7}"#, "name"),
            (r#"{"name":null}"#, "name"),
            (r#"{"name":"a","hosts":"h"}"#, "hosts"),
            (r#"{"name":"a","hosts":[1]}"#, "hosts"),
            (r#"{"name":"a","token_lifetime":1.5}"#, "token_lifetime"),
            (r#"{"name":"a","token_lifetime":"60"}"#, "token_lifetime"),
            (r#"{"name":"a","token_lifetime":99999999999999999999}"#, "token_lifetime"),
            (r#"{"name":"a","nmae":"b"}"#, "nmae"),
        ] {
            assert_eq!(field::<NewRealm>(body), expected, "{body}");
        }
        assert_eq!(field::<NewApi>(r#"{"identifier":"a","scopes":[{"nam":"x"}]}"#), "scopes");
        assert_eq!(field::<NewApi>(r#"{"scopes":[]}"#), "identifier");
        match read::<NewApi>(br#"{"identifier":"a","scopes":["x"]}"#).err() {
            Some(BodyError::Member { rule, .. }) => assert!(rule.contains("name and description"), "{rule}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(field::<NewClient>(r#"{"secret":["hunter2"]}"#), "secret");
        assert_eq!(field::<ClientPatch>(r#"{"client_id":"b"}"#), "client_id");
        assert_eq!(field::<ClientPatch>(r#"{"enabled":"hunter2"}"#), "enabled");
        assert_eq!(field::<GrantPut>(r#"{"default":null}"#), "default");
        let null = r#"{"name":null,"enabled":null}"#;
        assert_eq!(
            (field::<ClientPatch>(null), field::<ApiPatch>(null)),
            ("enabled".into(), "enabled".into())
        );
        assert_eq!(field::<RealmPatch>(r#"{"issuer":null,"enabled":null}"#), "enabled");
    }

    /// threats 1, "duplicate JSON keys": refused at any depth, as is all that is not exactly one JSON text.
    #[test]
    fn one_json_text_without_doubles() {
        for bad in [
            "",
            " ",
            "nul",
            "{",
            r#"{"name":"a"} {}"#,
            r#"{"claims":{"a":1e400}}"#,
            r#"{"name":"\ud800"}"#,
            "{\"name\":\"a\u{0}\"}",
            "\u{feff}{}",
            r#"{"name":"a",}"#,
            r#"{'name':'a'}"#,
            r#"{"name":NaN}"#,
        ] {
            assert_eq!(field::<NewClient>(bad), "JSON", "{bad}");
        }
        assert!(matches!(read::<NewClient>(b"{\"name\":\"\xff\"}"), Err(BodyError::Json(_))));
        for (twice, name) in [
            (r#"{"name":"a","name":"b"}"#, "name"),
            (r#"{"name":"a","na\u006de":"b"}"#, "name"),
            (r#"{"claims":{"a":{"b":1,"b":2}}}"#, "b"),
        ] {
            assert_eq!(field::<NewClient>(twice), name, "{twice}");
        }
        for other in ["[]", "1", "null", "\"a\"", "true", "[[]]"] {
            assert_eq!(field::<NewClient>(other), "no object", "{other}");
        }
    }

    /// threats 1, "deeply nested JSON": refused early, and without recursion to the end.
    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize| format!(r#"{{"claims":{{"a":{}{}}}}}"#, "[".repeat(n), "]".repeat(n));
        assert_eq!(field::<NewClient>(&nested(14)), "none");
        assert_eq!(field::<NewClient>(&nested(15)), "JSON");
        assert_eq!(field::<NewClient>(&nested(20_000)), "JSON");
    }

    /// RFC 7396: absent, null and a value are three things.
    #[test]
    fn a_patch_keeps_the_three_apart() {
        use crate::admin::Change;
        let patch: RealmPatch = read(br#"{"issuer":null,"enabled":false}"#).unwrap();
        assert_eq!(
            (patch.issuer, patch.enabled, patch.hosts),
            (Change::Clear, Change::Set(false), Change::Keep)
        );
    }
}
