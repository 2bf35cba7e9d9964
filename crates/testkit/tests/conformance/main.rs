//! The native endpoints against the standards, from outside, filed by RFC and section.

mod rfc6749;
mod rfc8414;
mod rfc8707;
mod rfc9068;
mod rfc9112;
