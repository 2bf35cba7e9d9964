//! A JWK Set (RFC 7517 §5): the keys that we can use, and why we left the others.

use std::collections::HashSet;

use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

use super::{Jwk, JwkError};
use crate::jose::json::{self, Limits};

/// Public keys of one owner.
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<Skipped>,
}

/// A key of a set that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its `kid`, as it stood there.
    pub kid: Option<String>,
    /// Why it cannot be used.
    pub reason: JwkError,
}

impl JwkSet {
    /// Reads a set of at most 256 KiB and 64 keys.
    ///
    /// Keys that we do not understand or would not trust (other kinds, `use` enc, weak ones) are left out, as RFC 7517
    /// §5 has it, and named in [`Self::skipped`]: Keycloak's sets for instance hold an encryption key.
    ///
    /// # Errors
    /// [`JwkError`] for the whole set when it is not strict JSON with a list `keys` of objects, has too many keys, has
    /// two keys of one `kid`, or contains private or secret members.
    ///
    /// Does not check: who published it.
    pub fn parse(document: &[u8]) -> Result<Self, JwkError> {
        let mut members = json::object(document, LIMITS).map_err(JwkError::Json)?;
        let Some(Value::Array(items)) = members.remove("keys") else { return Err(JwkError::Member("keys")) };
        if items.len() > MAX_KEYS {
            return Err(JwkError::TooMany);
        }
        let mut names = HashSet::new();
        let mut set = Self::default();
        for item in &items {
            let members = item.as_object().ok_or(JwkError::Member("keys"))?;
            let kid = members.get("kid").and_then(Value::as_str);
            if kid.is_some_and(|kid| !names.insert(kid)) {
                return Err(JwkError::DuplicateKid);
            }
            match Jwk::from_members(members) {
                Ok(key) => set.keys.push(key),
                Err(JwkError::Private) => return Err(JwkError::Private),
                Err(reason) => set.skipped.push(Skipped { kid: kid.map(str::to_owned), reason }),
            }
        }
        Ok(set)
    }

    /// The keys that can be used, in the order of the document.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The keys that were left out, and why.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self { keys: keys.into_iter().collect(), skipped: Vec::new() }
    }
}

/// Publishes `{"keys":[…]}` with the usable keys.
impl Serialize for JwkSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut set = serializer.serialize_struct("JwkSet", 1)?;
        set.serialize_field("keys", &self.keys)?;
        set.end()
    }
}

const LIMITS: Limits = Limits { bytes: 256 * 1024, depth: 6 };
const MAX_KEYS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::json::JsonError;

    const OKP: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;

    fn parse(keys: &str) -> Result<JwkSet, JwkError> {
        JwkSet::parse(format!(r#"{{"keys":[{keys}]}}"#).as_bytes())
    }

    #[test]
    fn what_is_not_understood_is_left_out_and_named() {
        let set = parse(&format!(
            r#"{{"kty":"AKP","alg":"ML-DSA-44","pub":"AA","kid":"pq"}},{{{OKP},"kid":"1"}},{{{OKP},"use":"enc","kid":"2"}},{{"kty":"oct","kid":"3"}}"#
        ))
        .unwrap();
        assert_eq!(set.keys().iter().map(Jwk::kid).collect::<Vec<_>>(), [Some("1")]);
        let skipped: Vec<_> = set.skipped().iter().map(|s| (s.kid.as_deref(), s.reason.clone())).collect();
        assert_eq!(
            skipped,
            [(Some("pq"), JwkError::Kind), (Some("2"), JwkError::Purpose), (Some("3"), JwkError::Kind)]
        );
        assert!(parse("").unwrap().keys().is_empty());
    }

    /// Threats §2 (JWKS answers): what refuses the whole set.
    #[test]
    fn sets_that_are_refused_whole() {
        assert_eq!(
            parse(&format!(r#"{{{OKP},"kid":"1"}},{{{OKP},"kid":"1"}}"#)).err(),
            Some(JwkError::DuplicateKid)
        );
        assert_eq!(parse(&format!(r#"{{{OKP}}},{{"kty":"oct","k":"AA"}}"#)).err(), Some(JwkError::Private));
        assert_eq!(parse(&format!(r#"{{{OKP},"d":"AA"}}"#)).err(), Some(JwkError::Private));
        assert_eq!(parse(&vec!["{}"; 65].join(",")).err(), Some(JwkError::TooMany));
        assert_eq!(parse("1").err(), Some(JwkError::Member("keys")));
        assert_eq!(JwkSet::parse(b"{}").err(), Some(JwkError::Member("keys")));
        assert_eq!(JwkSet::parse(b"[]").err(), Some(JwkError::Json(JsonError::NotAnObject)));
        let twice = format!(r#"{{{OKP},"kty":"OKP"}}"#);
        assert_eq!(parse(&twice).err(), Some(JwkError::Json(JsonError::Duplicate("kty".into()))));
        let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(LIMITS.bytes));
        assert_eq!(
            JwkSet::parse(huge.as_bytes()).err(),
            Some(JwkError::Json(JsonError::TooLong(LIMITS.bytes)))
        );
    }

    #[test]
    fn published_as_a_set() {
        let set: JwkSet = parse(&format!(r#"{{{OKP},"kid":"1"}}"#)).unwrap().keys().iter().cloned().collect();
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"{"keys":[{"kid":"1","kty":"OKP","alg":"EdDSA","use":"sig","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
        );
    }
}
