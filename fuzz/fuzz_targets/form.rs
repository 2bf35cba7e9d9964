//! `Form::parse`: what it accepts, an independent reader reads alike, and its own re-encoding reads the same.
#![no_main]

use std::collections::HashSet;

use countersign_proto::form::{Form, decode};
use form_urlencoded::{Serializer, byte_serialize};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if let Ok(text) = std::str::from_utf8(body) {
        let encoded: String = byte_serialize(text.as_bytes()).collect();
        assert_eq!(decode(encoded.as_bytes()).as_deref(), Ok(text), "decoding undoes encoding");
    }
    let Ok(form) = Form::parse(body) else { return };
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    assert!(pairs.len() <= 100, "the number of parameters is capped");
    agrees(&form, &pairs);

    let again = Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let form =
        Form::parse(again.as_bytes()).expect("a well-formed encoding of what was accepted is accepted");
    agrees(&form, &pairs);
});

/// The form says of every name what the pairs say, and finds the same repetition.
fn agrees(form: &Form<'_>, pairs: &[(String, String)]) {
    let mut seen = HashSet::new();
    let mut repeated = None;
    for (name, value) in pairs {
        if seen.insert(name) {
            assert_eq!(form.raw(name).map(AsRef::as_ref), Some(value.as_str()), "the first value of a name");
        } else if repeated.is_none() && !matches!(name.as_str(), "resource" | "audience") {
            repeated = Some(name.as_str());
        }
        let expected: Vec<&str> =
            pairs.iter().filter(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str()).collect();
        let found: Vec<&str> = form.all(name).map(AsRef::as_ref).collect();
        assert_eq!(found, expected, "all values of a name, less the empty ones");
        assert_eq!(form.get(name).map(AsRef::as_ref), expected.first().copied());
    }
    assert_eq!(form.repeated(), repeated, "a name that stands twice is found");
    assert_eq!(form.repeated_at_all().is_some(), seen.len() < pairs.len());
}
