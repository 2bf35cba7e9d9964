//! Let in only who may.
//!
//! A [`Verifier`] judges requests for one API: it is built from the issuers whose tokens are taken, each with the audience
//! that its tokens must name ([`TrustedIssuer`]). What it believes is an [`Access`]; what it does not is a [`Refusal`]. The
//! doors are thin: [`GuardLayer`] before any tower service; with the feature `axum` an extractor, with `forward-auth` an
//! answer for proxies that ask, with `proxy` a reverse proxy.
//!
//! It works with the tokens of any standard issuer. Nothing is let in while keys are not there, and nothing because of an
//! error.

#[cfg(feature = "axum")]
pub mod axum;
pub mod binding;
#[cfg(any(feature = "forward-auth", feature = "proxy"))]
pub mod certificates;
mod counts;
#[cfg(any(feature = "forward-auth", feature = "proxy"))]
mod door;
mod entry;
#[cfg(feature = "forward-auth")]
pub mod forward_auth;
#[cfg(feature = "forward-auth")]
pub mod forwarded;
#[cfg(feature = "door")]
pub mod identity;
mod keys;
pub mod layer;
mod local;
mod noted;
mod path;
mod preflight;
pub mod presented;
#[cfg(feature = "door")]
pub mod proxied;
#[cfg(feature = "proxy")]
pub mod proxy;
mod quota;
pub mod refusal;
mod remote;
#[cfg(any(feature = "forward-auth", feature = "proxy"))]
mod request_id;
mod require;
mod resource;
mod respond;
mod rules;
mod trusted;
pub mod verifier;

/// The programs of the guide compile.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../../../docs/guard.md")]
struct Guide;

pub use binding::BoundBy;
pub use countersign_client::token::Secret;
pub use countersign_client::{ClientAuth, JwksSettings};
pub use countersign_proto::jose::{Algorithm, JwkSet};
pub use countersign_proto::time::{Clock, UnixTime};
pub use layer::GuardLayer;
pub use path::{Ambiguous, RequestPath, Segment, Segments};
pub use preflight::is_preflight;
pub use presented::{PeerCertificate, Presented};
pub use refusal::Refusal;
pub use require::{Require, RequireError};
#[cfg(feature = "rules")]
pub use rules::RulesError;
pub use rules::{Gate, Methods, NoMethod, Pattern, PatternError, Rule, Rules, Ruling, Shadowed};
pub use trusted::TrustedIssuer;
pub use verifier::{Access, BuildError, Verifier, VerifierBuilder};
