//! Get a token, keep it fresh, spend it.
//!
//! [`TokenSource`] takes tokens with client credentials, keeps them fresh, and puts them on requests; `docs/client.md` is
//! its guide. [`HttpClient`] is the one way out to the network: rustls over the platform's trust, bounded in time and
//! size, no redirects, no proxies, plain HTTP to loopback alone. [`RemoteJwks`] keeps the keys of an issuer, and
//! [`Introspector`] asks it about tokens.
//!
//! # A token
//!
//! ```no_run
//! use countersign_client::{SecretSource, TokenSource};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tokens = TokenSource::discover("https://id.example/realms/shop")
//!         .client_secret("billing", SecretSource::env("COUNTERSIGN_CLIENT_SECRET"))
//!         .resource("https://orders.example")
//!         .build()
//!         .await?;
//!     let token = tokens.token().await?; // each time anew: it is from memory, and fresh
//!     println!("{}", token.expose());
//!     Ok(())
//! }
//! ```
//!
//! # A layer of tower
//!
//! Around any service that takes requests of `http`, here hyper-util's client. Tokens go to the origins of
//! [`only_to`](Builder::only_to) alone, and no request goes without.
//!
//! ```no_run
//! use bytes::Bytes;
//! use countersign_client::{SecretSource, TokenSource};
//! use http::Request;
//! use http_body_util::Full;
//! use hyper_util::{client::legacy::Client, rt::TokioExecutor};
//! use tower::{Layer, ServiceExt};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tokens = TokenSource::discover("https://id.example/realms/shop")
//!         .client_secret("billing", SecretSource::env("COUNTERSIGN_CLIENT_SECRET"))
//!         .resource("https://orders.example")
//!         .only_to("http://127.0.0.1:8081")
//!         .build()
//!         .await?;
//!     let http = tokens.layer().layer(Client::builder(TokioExecutor::new()).build_http());
//!     let request = Request::get("http://127.0.0.1:8081/1").body(Full::<Bytes>::default())?;
//!     println!("{}", http.oneshot(request).await?.status());
//!     Ok(())
//! }
//! ```
//!
//! # reqwest
//!
//! With the feature `reqwest`.
//!
//! ```no_run
//! use countersign_client::{SecretSource, TokenSource};
//!
//! # #[cfg(not(feature = "reqwest"))]
//! # fn main() {}
//! # #[cfg(feature = "reqwest")]
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let tokens = TokenSource::discover("https://id.example/realms/shop")
//!         .client_secret("billing", SecretSource::env("COUNTERSIGN_CLIENT_SECRET"))
//!         .resource("https://orders.example")
//!         .only_to("https://orders.example")
//!         .build()
//!         .await?;
//!     let http = tokens.layer_over(reqwest::Client::new());
//!     println!("{}", http.get("https://orders.example/1").send().await?.status());
//!     Ok(())
//! }
//! ```

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

/// The programs of the guide compile.
#[cfg(all(doctest, feature = "reqwest"))]
#[doc = include_str!("../../../docs/client.md")]
struct Guide;

pub use address::ForbiddenAddress;
pub use auth::{ClientAuth, PrivateKey, SecretSource, Transport};
pub use cache::TokenCache;
pub use clock::SystemClock;
pub use countersign_proto::jose::Algorithm;
pub use discovery::DiscoveryError;
pub use endpoint::{DocumentUrlError, Endpoint, EndpointError};
pub use http::{Answer, HttpClient, HttpError, Settings, causes, deepest_cause};
pub use introspect::{IntrospectError, IntrospectionSettings, Introspector};
pub use jwks::{JwksSettings, KeysState, RemoteJwks};
pub use source::{Builder, TokenSource};
pub use spend::{Call, CallError, SpendError, Spender, TokenLayer, Unfit};
pub use token::{Token, TokenError, TokenType};
pub use trust::{ClientCertificate, TrustError, tls as tls_config, without_tls as plain_config};
