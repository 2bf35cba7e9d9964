//! Get a token, keep it fresh, spend it.
//!
//! [`HttpClient`] is the one way out to the network: rustls over the platform's trust, bounded in time and size, no
//! redirects, no proxies, plain HTTP to loopback alone. [`TokenSource`] takes tokens with client credentials and keeps them
//! fresh. [`RemoteJwks`] keeps the keys of an issuer, and [`Introspector`] asks it about tokens.

mod address;
mod auth;
mod cache;
mod clock;
pub mod discovery;
mod dpop;
mod endpoint;
mod http;
mod introspect;
mod jwks;
mod origin;
pub mod resource;
mod source;
mod spend;
pub mod token;
mod trust;

pub use address::ForbiddenAddress;
pub use auth::{ClientAuth, PrivateKey, SecretSource, Transport};
pub use cache::TokenCache;
pub use clock::SystemClock;
pub use countersign_proto::jose::Algorithm;
pub use discovery::DiscoveryError;
pub use endpoint::{DocumentUrlError, Endpoint, EndpointError};
pub use http::{Answer, HttpClient, HttpError, Settings};
pub use introspect::{IntrospectError, Introspector};
pub use jwks::{JwksSettings, KeysState, RemoteJwks};
pub use source::{Builder, TokenSource};
pub use spend::{Call, CallError, SpendError, Spender, TokenLayer, Unfit};
pub use token::{Token, TokenError, TokenType};
pub use trust::{ClientCertificate, TrustError, tls as tls_config, without_tls as plain_config};
