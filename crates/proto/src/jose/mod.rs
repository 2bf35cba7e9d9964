//! Signed tokens (RFC 7515 to 7519).

mod alg;

pub use alg::Algorithm;
