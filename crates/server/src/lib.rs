//! HTTP in, HTTP out: a library, so that tests and embedders need no process.

pub mod config;
