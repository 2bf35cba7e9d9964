//! How a client proves itself to a server (RFC 6749 §2.3): each method is a value, made by the function of its name.

mod secret;

use form_urlencoded::byte_serialize;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::token::{Misconfigured, Secret};
pub use secret::SecretSource;

/// A client and how it proves itself; cheap to clone, without `Debug`.
#[derive(Clone)]
pub struct ClientAuth {
    client_id: String,
    method: Method,
}

#[derive(Clone)]
enum Method {
    Secret { source: SecretSource, transport: Transport },
}

/// How a secret travels (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// `client_secret_basic`.
    #[default]
    Basic,
    /// `client_secret_post`.
    Body,
}

/// What one request carries as proof.
#[derive(Default)]
pub(crate) struct Proven {
    /// Parameters of the body.
    pub parameters: Vec<(&'static str, Zeroizing<String>)>,
    /// The `Authorization` header.
    pub authorization: Option<HeaderValue>,
}

impl ClientAuth {
    /// `client_secret_basic`: id and secret in the `Authorization` header.
    #[must_use]
    pub fn client_secret_basic(client_id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::secret(client_id.into(), secret.into(), Transport::Basic)
    }

    /// `client_secret_post`: id and secret in the body.
    #[must_use]
    pub fn client_secret_post(client_id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::secret(client_id.into(), secret.into(), Transport::Body)
    }

    fn secret(client_id: String, source: SecretSource, transport: Transport) -> Self {
        Self { client_id, method: Method::Secret { source, transport } }
    }

    /// The client.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Makes the proof for one request; secrets are read anew each time, so that a rotated one is used at once.
    ///
    /// # Errors
    /// [`Misconfigured`], naming the setting whose secret cannot be read.
    pub(crate) async fn prove(&self) -> Result<Proven, Misconfigured> {
        match &self.method {
            Method::Secret { source, transport } => {
                let secret = source.read().await?;
                Ok(match transport {
                    Transport::Basic => {
                        Proven { authorization: Some(basic(&self.client_id, &secret)), ..Proven::default() }
                    }
                    Transport::Body => Proven {
                        parameters: vec![
                            ("client_id", Zeroizing::new(self.client_id.clone())),
                            ("client_secret", Zeroizing::new(secret.expose().to_owned())),
                        ],
                        ..Proven::default()
                    },
                })
            }
        }
    }
}

impl std::fmt::Display for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basic => "client_secret_basic",
            Self::Body => "client_secret_post",
        })
    }
}

/// Both halves form-encoded, then base64 (RFC 6749 §2.3.1); marked sensitive, so that no log prints it.
fn basic(id: &str, secret: &Secret) -> HeaderValue {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let encode = |half: &str| byte_serialize(half.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(id), encode(secret.expose())));
    let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // base64 is always a valid header value
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}
