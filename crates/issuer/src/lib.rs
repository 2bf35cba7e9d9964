//! Who may have which token: the domain, the policy, client authentication, the keys and the audit vocabulary.
//!
//! No HTTP, no SQL, no sockets: the server brings requests, a [`store::Store`] keeps what is registered, and
//! [`clock::Clock`] and [`random::Random`] are handed in. A request's way: [`issuer::Issuer::issue`] → `authn` ⇒
//! [`authn::AuthenticatedClient`] → `grant_type` → [`policy`] ⇒ [`policy::Decision`] → `mint` + `profile` ⇒
//! [`mint::Issued`].

pub mod admin;
pub mod api;
pub mod audit;
pub mod authn;
pub mod client;
pub mod clock;
mod grant_type;
pub mod issuer;
pub mod keys;
mod metadata;
pub mod mint;
pub mod policy;
mod profile;
pub mod random;
pub mod realm;
pub mod refusal;
pub mod registry;
pub mod store;
