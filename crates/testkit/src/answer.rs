//! What a server said.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer with its whole body.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The one value of a header, if it is there.
    ///
    /// # Panics
    /// When it stands more than once or is no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} stands more than once");
        Some(value.to_str().expect("a header of text"))
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("a body of JSON, not {:?}", self.text()))
    }

    /// One member of the JSON body as text.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn str(&self, member: &str) -> String {
        let json = self.json();
        json[member].as_str().unwrap_or_else(|| panic!("{member} in {json}")).to_owned()
    }

    /// The access token.
    ///
    /// # Panics
    /// When there is none; it says what there is instead.
    #[must_use]
    pub fn token(&self) -> String {
        assert_eq!(self.status, 200, "no token: {}", self.text());
        self.str("access_token")
    }

    /// The claims of the access token, unverified.
    ///
    /// # Panics
    /// When there is no token.
    #[must_use]
    pub fn claims(&self) -> Value {
        part(&self.token(), 1)
    }

    /// The JOSE header of the access token, unverified.
    ///
    /// # Panics
    /// When there is no token.
    #[must_use]
    pub fn jose_header(&self) -> Value {
        part(&self.token(), 0)
    }

    /// Status and OAuth error code, as in `400 invalid_scope`.
    ///
    /// # Panics
    /// When the body is no OAuth error.
    #[must_use]
    pub fn refusal(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.str("error"))
    }
}

fn part(token: &str, at: usize) -> Value {
    let encoded = token.split('.').nth(at).expect("a compact JWS");
    let decoded = URL_SAFE_NO_PAD.decode(encoded).expect("base64url");
    serde_json::from_slice(&decoded).expect("JSON in a JWS")
}
