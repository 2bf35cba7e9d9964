//! What happens around every request: its id, its line in the log, its counts, its headers, and a net under it.

mod access_log;
mod figures;
mod front;
mod metrics;
mod panic;
mod request_id;
mod security;
mod told;

pub(crate) use figures::encode;
pub use figures::{Figure, Labels, Standing};
pub(crate) use front::FrontLayer;
pub use metrics::Metrics;
pub use request_id::RequestId;
pub(crate) use request_id::RequestIds;
pub(crate) use security::Transport;
pub(crate) use told::Told;
