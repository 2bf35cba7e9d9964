//! Who may have which token: the domain, the policy, client authentication, the keys and the audit vocabulary.
//!
//! No HTTP, no SQL, no sockets: the server brings requests, a [`store::Store`] keeps what is registered, and
//! [`clock::Clock`] and [`random::Random`] are handed in.

pub mod api;
pub mod audit;
pub mod client;
pub mod clock;
pub mod keys;
pub mod random;
pub mod realm;
pub mod refusal;
pub mod store;
