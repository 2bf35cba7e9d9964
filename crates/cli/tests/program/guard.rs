//! Issue 4: the guard as a real process, before a real upstream, with tokens of a real server or signed here.

mod canary;
mod check;
mod forward_auth;
mod issued;
mod opaque;
mod proxy;
mod start;
mod tls;
pub(crate) mod upstream;
mod waiting;
