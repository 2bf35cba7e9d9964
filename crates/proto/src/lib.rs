//! What is said on the wire between client, server and guard, and how it is signed.
//!
//! No I/O, no clock, no runtime: everything here is a value or a pure function, so that an auditor can read it
//! first and a fuzzer can attack it alone.

pub mod admin;
pub mod audience;
pub mod authorization;
pub mod challenge;
pub mod client_id;
pub mod credential;
pub mod error;
pub mod form;
pub mod introspection;
pub mod jose;
pub mod metadata;
pub mod nearest;
pub mod resource_metadata;
pub mod scope;
pub mod secret;
pub mod time;
pub mod token;
