//! How a client proves itself to a server (RFC 6749 §2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use crate::token::{Secret, Transport};

/// A client's credentials, and how they travel.
#[derive(Clone)]
pub struct ClientAuth {
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// How the secret travels.
    pub transport: Transport,
}

impl ClientAuth {
    /// Puts the credentials into a request that is being made.
    pub(crate) fn apply(&self, form: &mut Serializer<'_, String>, headers: &mut HeaderMap) {
        match self.transport {
            Transport::Basic => {
                headers.insert(AUTHORIZATION, basic(&self.client_id, &self.client_secret));
            }
            Transport::Body => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", self.client_secret.expose());
            }
        }
    }
}

/// Both halves form-encoded, then base64 (RFC 6749 §2.3.1); marked sensitive, so that no log prints it.
pub(crate) fn basic(id: &str, secret: &Secret) -> HeaderValue {
    let encode = |half: &str| byte_serialize(half.as_bytes()).collect::<String>();
    let pair = zeroize::Zeroizing::new(format!("{}:{}", encode(id), encode(secret.expose())));
    let text = zeroize::Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // base64 is always a valid header value
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}
