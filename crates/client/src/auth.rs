//! How a client proves itself to a server (RFC 6749 §2.3): each method is a value, made by the function of its name.

mod assertion;
mod basic;
mod command;
mod file;
mod pem;
mod private_key;
mod proof;
mod secret;
mod unsaid;

use std::path::PathBuf;
use std::sync::Arc;

use crate::token::Misconfigured;
pub use private_key::PrivateKey;
pub(crate) use proof::{Proven, Recipient, Stamp};
pub use secret::SecretSource;
pub(crate) use unsaid::Unsaid;

/// A client and how it proves itself; cheap to clone, without `Debug`.
///
/// What it proves itself with is read anew for each request, so that what has rotated is used at once.
#[derive(Clone)]
pub struct ClientAuth {
    client_id: Option<Arc<str>>,
    issuer: Option<Arc<str>>,
    method: Method,
}

#[derive(Clone)]
enum Method {
    Secret { source: SecretSource, transport: Transport },
    PrivateKey(PrivateKey),
    Certificate,
    AssertionFile(Arc<PathBuf>),
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

impl ClientAuth {
    /// `client_secret_basic`: id and secret in the `Authorization` header.
    #[must_use]
    pub fn client_secret_basic(client_id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::new(client_id, Method::Secret { source: secret.into(), transport: Transport::Basic })
    }

    /// `client_secret_post`: id and secret in the body.
    #[must_use]
    pub fn client_secret_post(client_id: impl Into<String>, secret: impl Into<SecretSource>) -> Self {
        Self::new(client_id, Method::Secret { source: secret.into(), transport: Transport::Body })
    }

    /// `private_key_jwt`: an assertion that is signed anew for each request, for the issuer alone (RFC 7523 §2.2).
    #[must_use]
    pub fn private_key_jwt(client_id: impl Into<String>, key: PrivateKey) -> Self {
        Self::new(client_id, Method::PrivateKey(key))
    }

    /// `tls_client_auth` and `self_signed_tls_client_auth`: the certificate of the connection, which is that of
    /// [`Settings`](crate::Settings), and the id in the body (RFC 8705 §2).
    #[must_use]
    pub fn tls_client_auth(client_id: impl Into<String>) -> Self {
        Self::new(client_id, Method::Certificate)
    }

    /// An assertion that somebody else signs and renews in a file, such as a projected token of Kubernetes or a JWT-SVID
    /// (RFC 7521 §4.2); its subject says who the client is, so that the id may be left out.
    /// Without it the token is kept in memory alone, for its source alone.
    #[must_use]
    pub fn assertion_file(client_id: Option<String>, path: impl Into<PathBuf>) -> Self {
        let method = Method::AssertionFile(Arc::new(path.into()));
        Self { client_id: client_id.map(Arc::from), issuer: None, method }
    }

    fn new(client_id: impl Into<String>, method: Method) -> Self {
        Self { client_id: Some(client_id.into().into()), issuer: None, method }
    }

    /// The same, for the server with this issuer identifier: what an assertion needs where no metadata says it.
    #[must_use]
    pub fn for_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into().into());
        self
    }

    /// The client, where it is said.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The method's registered names (RFC 7591 §2); none where the assertion is somebody else's, because no metadata
    /// tells whether a server takes it.
    pub(crate) const fn names(&self) -> &'static [&'static str] {
        match self.method {
            Method::Secret { transport: Transport::Basic, .. } => &["client_secret_basic"],
            Method::Secret { transport: Transport::Body, .. } => &["client_secret_post"],
            Method::PrivateKey(_) => &["private_key_jwt"],
            Method::Certificate => &["tls_client_auth", "self_signed_tls_client_auth"],
            Method::AssertionFile(_) => &[],
        }
    }

    /// Whether it proves itself by the connection's certificate.
    pub(crate) const fn wants_certificate(&self) -> bool {
        matches!(self.method, Method::Certificate)
    }

    /// Reads what it proves itself with, and lets go of it; a command is not run for that.
    ///
    /// # Errors
    /// As [`Self::prove`].
    pub(crate) async fn check(&self) -> Result<(), Misconfigured> {
        match &self.method {
            Method::Secret { source, .. } if source.is_command() => Ok(()),
            Method::Secret { source, .. } => source.read().await.map(drop),
            Method::PrivateKey(key) => key.check().await,
            Method::Certificate => Ok(()),
            Method::AssertionFile(path) => assertion::read(path).await.map(drop),
        }
    }

    /// Makes the proof for one request.
    ///
    /// # Errors
    /// [`Misconfigured`], naming the setting that cannot be read or used.
    pub(crate) async fn prove(&self, to: &Recipient<'_>) -> Result<Proven, Misconfigured> {
        let id = || self.client_id.as_deref().unwrap_or_default();
        match &self.method {
            Method::Secret { source, transport } => {
                let secret = source.read().await?;
                let stamp = Some(Stamp::of(secret.expose().as_bytes()));
                Ok(match transport {
                    Transport::Basic => Proven {
                        authorization: Some(basic::header(id(), &secret)),
                        stamp,
                        ..Proven::default()
                    },
                    Transport::Body => Proven { stamp, ..Proven::default() }
                        .with("client_id", id())
                        .with("client_secret", secret.expose()),
                })
            }
            Method::PrivateKey(key) => {
                let (assertion, stamp) = key.assertion(id(), self.audience(to)?, to).await?;
                Ok(assertion::proven(Some(id()), &assertion, stamp))
            }
            Method::Certificate => Ok(Proven::default().with("client_id", id())),
            Method::AssertionFile(path) => {
                let assertion = assertion::read(path).await?;
                let stamp = Some(Stamp::of(assertion.as_bytes()));
                Ok(assertion::proven(self.client_id(), &assertion, stamp))
            }
        }
    }

    /// The issuer that an assertion is for.
    fn audience<'a>(&'a self, to: &Recipient<'a>) -> Result<&'a str, Misconfigured> {
        match (to.issuer, self.issuer.as_deref()) {
            (Some(found), Some(told)) if found != told => Err(Misconfigured::new(
                "issuer",
                format!("the client proves itself to {told}, and is asked to do so to {found}"),
            )),
            (Some(issuer), _) | (None, Some(issuer)) => Ok(issuer),
            (None, None) => Err(Misconfigured::new(
                "issuer",
                "an assertion is made for one issuer, and none is known here: say the server's issuer identifier",
            )),
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
