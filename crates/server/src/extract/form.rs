//! The one strict reader of token requests; what a dialect does otherwise is data for it.

use std::borrow::Cow;

use countersign_issuer::refusal::Refusal;
use countersign_proto::form::{Form, FormError};
use countersign_proto::jose::json::{self, JsonError, Limits};
use serde_json::Value;

use super::media_type::MediaType;
use super::posted::Posted;

/// How one kind of endpoint reads its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormRules {
    /// Whether a JSON object's members are parameters too, `null` being absent.
    pub json: bool,
    /// What a body of another media type is.
    pub other_media_type: OtherMediaType,
    /// Whether parameters of ours in the query are refused, credentials above all (RFC 6749 §2.3.1); otherwise the
    /// query is never looked at.
    pub query_refused: bool,
    /// Whether a repeated parameter is refused at once (RFC 6749 §3.2); otherwise the dialect judges it later.
    pub repetition_refused: bool,
    /// What credentials in header and body together are.
    pub both: Both,
}

/// What a body of another media type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherMediaType {
    /// A mistake that is named.
    Refused,
    /// No parameters at all.
    Empty,
}

/// What credentials in the `Authorization` header and in the body together are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Both {
    /// More than one method: refused (RFC 6749 §2.3).
    Refused,
    /// The body's id and the body's secret each win over the header's.
    BodyOverHeader,
    /// The body's id and secret win where both are there, else the header's.
    WholeBodyOverHeader,
}

impl Posted {
    /// The parameters of the request.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] on what cannot be read, [`Refusal::Repeated`].
    pub(crate) fn form(&self, rules: &FormRules) -> Result<Form<'_>, Refusal> {
        if rules.query_refused {
            refuse_query(self.head.uri.query())?;
        }
        let form = match MediaType::of(&self.head.headers) {
            MediaType::Form => Form::parse(&self.body).map_err(unreadable)?,
            MediaType::Json if rules.json => from_json(&self.body)?,
            _ if rules.other_media_type == OtherMediaType::Empty => Form::default(),
            _ if rules.json => return Err(Refusal::Malformed(NEITHER_MEDIA_TYPE.into())),
            _ => return Err(Refusal::Malformed(OTHER_MEDIA_TYPE.into())),
        };
        if rules.repetition_refused && form.repeated().is_some() {
            return Err(Refusal::Repeated);
        }
        Ok(form)
    }
}

/// T-6749-07: whoever puts credentials, or anything else of a token request, into a URL has logged it already.
fn refuse_query(query: Option<&str>) -> Result<(), Refusal> {
    let Some(query) = query else { return Ok(()) };
    let parameters =
        Form::parse(query.as_bytes()).map_err(|_| Refusal::Malformed(QUERY_UNREADABLE.into()))?;
    match PARAMETERS.iter().any(|name| parameters.raw(name).is_some()) {
        true => Err(Refusal::Malformed(IN_QUERY.into())),
        false => Ok(()),
    }
}

/// Members that are no strings are refused where they mean something to us, and ignored where they do not.
fn from_json(body: &[u8]) -> Result<Form<'static>, Refusal> {
    let members = json::object(body, JSON_LIMITS).map_err(|error| match error {
        JsonError::Duplicate(_) => Refusal::Repeated,
        _ => Refusal::Malformed(NOT_JSON.into()),
    })?;
    let mut pairs = Vec::with_capacity(members.len());
    for (name, value) in members {
        match value {
            Value::String(value) => pairs.push((Cow::Owned(name), Cow::Owned(value))),
            Value::Null => {}
            _ if PARAMETERS.contains(&name.as_str()) => {
                return Err(Refusal::Malformed(NOT_A_STRING.into()));
            }
            _ => {}
        }
    }
    Form::from_pairs(pairs).map_err(unreadable)
}

fn unreadable(error: FormError) -> Refusal {
    Refusal::Malformed(Cow::Borrowed(match error {
        FormError::Escape => "The body has a percent sign that is not followed by two hex digits.",
        FormError::Utf8 => "The body is not UTF-8 after percent-decoding.",
        FormError::Count => "The body has more than 100 parameters.",
    }))
}

/// The parameters that mean something at a token endpoint.
const PARAMETERS: [&str; 9] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "resource",
    "audience",
    "access_token",
];
const JSON_LIMITS: Limits = Limits { bytes: super::posted::CAP, depth: 8 };

const OTHER_MEDIA_TYPE: &str =
    "The body must be application/x-www-form-urlencoded, without Content-Encoding.";
const NEITHER_MEDIA_TYPE: &str =
    "The body must be application/json or application/x-www-form-urlencoded, without Content-Encoding.";
const IN_QUERY: &str = "Token request parameters belong in the body, never in the URL.";
const QUERY_UNREADABLE: &str = "The query of the URL cannot be read.";
const NOT_JSON: &str = "The body is not one well-formed JSON object.";
const NOT_A_STRING: &str = "The members of a token request are strings.";

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::Request;

    const STRICT: FormRules = FormRules {
        json: false,
        other_media_type: OtherMediaType::Refused,
        query_refused: true,
        repetition_refused: true,
        both: Both::Refused,
    };

    fn posted(uri: &str, media_type: &str, body: &'static str) -> Posted {
        let request = Request::post(uri).header("content-type", media_type).body(()).unwrap();
        Posted { head: request.into_parts().0, body: Bytes::from_static(body.as_bytes()) }
    }

    /// T-6749-07: in the URL they are refused even if correct, however they are spelled.
    #[test]
    fn parameters_in_the_query_are_refused() {
        const FORM: &str = "application/x-www-form-urlencoded";
        for query in ["client_secret=x", "client%5fsecret=x", "a=b&client_id=x", "client_id", "scope=a"] {
            let posted = posted(&format!("/t?{query}"), FORM, "grant_type=client_credentials");
            assert!(matches!(posted.form(&STRICT), Err(Refusal::Malformed(_))), "{query}");
        }
        assert!(posted("/t?trace=1", FORM, "a=b").form(&STRICT).is_ok());
        assert!(
            posted("/t?client_id=x", FORM, "a=b").form(&FormRules { query_refused: false, ..STRICT }).is_ok()
        );
    }

    /// T-6749-25: JSON only where a dialect says so; there `null` is absent and duplicates are refused.
    #[test]
    fn json_is_read_where_the_rules_say_so() {
        const JSON: &str = "application/json";
        let rules = FormRules { json: true, ..STRICT };
        let body = r#"{"client_id":"a","organization":null,"audience":"x","extra":{"a":1}}"#;
        assert!(posted("/t", JSON, body).form(&STRICT).is_err());
        let said =
            |rules| posted("/t", "text/plain", body).form(rules).unwrap_err().description().into_owned();
        assert!(said(&rules).contains(JSON) && !said(&STRICT).contains(JSON), "what is taken is named");
        let posted_form = posted("/t", JSON, body);
        let form = posted_form.form(&rules).unwrap();
        assert_eq!(form.get("client_id").unwrap(), "a");
        assert!(form.raw("organization").is_none() && form.raw("extra").is_none());
        for (body, refusal) in [
            (r#"{"client_id":"a","client_id":"b"}"#, Refusal::Repeated),
            (r#"{"client_id":1}"#, Refusal::Malformed(NOT_A_STRING.into())),
            (r#"{"audience":["a"]}"#, Refusal::Malformed(NOT_A_STRING.into())),
            (r#"["client_id"]"#, Refusal::Malformed(NOT_JSON.into())),
            (r#"{"client_id":"a"} x"#, Refusal::Malformed(NOT_JSON.into())),
        ] {
            assert_eq!(posted("/t", JSON, body).form(&rules).unwrap_err(), refusal, "{body}");
        }
    }
}
