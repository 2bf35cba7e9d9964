//! Signing keys.

use serde::{Deserialize, Serialize};

use crate::time::UnixTime;

/// `POST /admin/v1/realms/{realm}/keys`: a further key, announced in the JWKS and not yet signing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewKey {
    /// Its algorithm; absent = the realm's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// RSA modulus in bits: 2048 (the default), 3072 or 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
}

/// `POST /admin/v1/realms/{realm}/keys/rotate`: the announced key of an algorithm begins to sign.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RotateKeys {
    /// Which algorithm's; absent = the realm's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Whether a key may sign that caches of the JWKS cannot know yet (one made just now, if none is announced).
    pub force: bool,
}

/// `POST /admin/v1/realms/{realm}/keys/{kid}/retire`: the key never signs again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetireKey {
    /// Whether it leaves the JWKS at once, so that the tokens that it signed die with it: for a key that leaked.
    pub immediately: bool,
}

/// A signing key as every answer shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyBody {
    /// The key id in the JWKS.
    pub kid: String,
    /// Its one algorithm.
    pub algorithm: String,
    /// `announced`, `active` or `retired`.
    pub state: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// When its state last changed.
    pub changed_at: UnixTime,
    /// When a retired key leaves the JWKS: once the last token that it signed has expired.
    pub published_until: Option<UnixTime>,
}
