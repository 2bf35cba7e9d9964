//! The bodies of client management: an array of scopes (fidesops), an object (fides), or nothing.

use axum::extract::Request;
use countersign_proto::jose::json::{self, Limits};
use serde_json::Value;

use super::answer::No;
use crate::extract::media_type::MediaType;
use crate::extract::posted::{CAP, Posted};

/// What a client shall be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    /// Each once, in the order sent; `None` when nothing was said.
    pub(super) scopes: Option<Vec<String>>,
}

/// Waits for a body and reads it.
pub(super) async fn read(request: Request) -> Result<Wanted, No> {
    let posted = Posted::read(request).await?;
    if posted.body.is_empty() {
        return Ok(Wanted::default());
    }
    if MediaType::of(&posted.head.headers) != MediaType::Json {
        return Err(No::invalid(&["body"], "the body is not application/json"));
    }
    parse(&posted.body).map_err(|(at, message)| No::invalid(&["body", at], message))
}

fn parse(body: &[u8]) -> Result<Wanted, (&'static str, &'static str)> {
    let value = json::value(body, LIMITS).map_err(|_| ("", "value is not well-formed JSON"))?;
    match value {
        Value::Null => Ok(Wanted::default()),
        Value::Array(scopes) => Ok(Wanted { scopes: Some(names(scopes)?), ..Wanted::default() }),
        Value::Object(mut members) => Ok(Wanted {
            name: text(members.remove("name")).map_err(|message| ("name", message))?,
            description: text(members.remove("description")).map_err(|message| ("description", message))?,
            scopes: match members.remove("scopes") {
                None | Some(Value::Null) => None,
                Some(Value::Array(scopes)) => Some(names(scopes)?),
                Some(_) => return Err(("scopes", "value is not a valid list")),
            },
        }),
        _ => Err(("", "value is not a valid list")),
    }
}

fn names(values: Vec<Value>) -> Result<Vec<String>, (&'static str, &'static str)> {
    let mut names: Vec<String> = Vec::with_capacity(values.len());
    for value in values {
        let Value::String(name) = value else { return Err(("scopes", "str type expected")) };
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > MAX_SCOPES {
            return Err(("scopes", "at most 1000 scopes"));
        }
    }
    Ok(names)
}

fn text(value: Option<Value>) -> Result<Option<String>, &'static str> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err("str type expected"),
    }
}

const LIMITS: Limits = Limits { bytes: CAP, depth: 4 };
const MAX_SCOPES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    /// dialects c.2: array, object and nothing.
    #[test]
    fn takes_arrays_and_objects() {
        let scopes = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        assert_eq!(parse(br#"["a","b","a"]"#).unwrap().scopes, scopes(&["a", "b"]));
        let object = parse(br#"{"name":"x","description":null,"scopes":["a"],"other":1}"#).unwrap();
        assert_eq!((object.name.as_deref(), object.scopes), (Some("x"), scopes(&["a"])));
        assert_eq!(parse(b"{}").unwrap(), Wanted::default());
        for bad in ["7", "[1]", r#"{"scopes":"a"}"#, r#"{"name":1}"#, r#"{"scopes":[],"scopes":["a"]}"#, "[["]
        {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
