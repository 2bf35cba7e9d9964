//! HTTP in, HTTP out: OAuth endpoints, the dialects of other products, administration and operation.
//!
//! A library: [`app`] and [`ops`] make routers out of state, so that tests and embedders need neither a process nor a
//! socket. Requests carry a [`Peer`] in their extensions, put there by whoever accepts connections.

mod admin;
mod admit;
pub mod config;
mod dialect;
mod extract;
mod middleware;
mod oauth;
mod ops;
mod respond;
mod router;
mod state;

pub use admit::{Admit, Overloaded, Unbounded, Work};
pub use extract::peer::Peer;
pub use middleware::{Figure, Labels, Metrics, RequestId, Standing};
pub use ops::{OpsState, Readiness, open_metrics, ops};
pub use router::{admin_app, app, app_without_admin};
pub use state::{AppState, Parts};
