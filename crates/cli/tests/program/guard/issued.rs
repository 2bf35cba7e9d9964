//! An issuer that is a key and a file: it signs whatever a test wants signed.

use countersign_client::SystemClock;
use countersign_proto::jose::{Algorithm, EncodedHeader, JwkSet, SigningKey, compact};
use countersign_proto::time::Clock as _;
use serde_json::{Value, json};

use crate::harness::User;

/// The API of the tests.
pub(super) const API: &str = "https://orders.example";

/// An issuer whose keys are in a file of the user's home.
pub(super) struct Issuer {
    pub(super) url: String,
    /// Its keys.
    pub(super) file: String,
    key: SigningKey,
}

impl Issuer {
    pub(super) fn new(user: &User, name: &str) -> Self {
        let key = SigningKey::generate(Algorithm::ES256, "k1").unwrap();
        let keys: JwkSet = [key.public_jwk().clone()].into_iter().collect();
        let file = user.write(&format!("{name}.jwks.json"), &serde_json::to_string(&keys).unwrap());
        Self { url: format!("https://{name}.example"), file: file.display().to_string(), key }
    }

    /// The flags of a guard that trusts it, for the API.
    pub(super) fn flags(&self) -> [&str; 6] {
        ["--issuer", &self.url, "--audience", API, "--jwks-file", &self.file]
    }

    /// A token for the API with the scope `orders:read`, changed in some way.
    pub(super) fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        self.typed("at+jwt", change)
    }

    /// The same with another type.
    pub(super) fn typed(&self, typ: &str, change: impl FnOnce(&mut Value)) -> String {
        let now = SystemClock.now().0;
        let mut claims = json!({
            "iss": self.url, "aud": API, "sub": "shop", "client_id": "shop", "jti": "j1",
            "iat": now, "exp": now + 300, "scope": "orders:read",
        });
        change(&mut claims);
        let header = EncodedHeader::of(&self.key, Some(typ));
        compact::sign(&header, claims.to_string().as_bytes(), &self.key).unwrap()
    }
}
