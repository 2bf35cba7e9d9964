//! Tokens asked for, with each credential, of an issuer that takes nothing that a strict server would not, and of one
//! that misbehaves.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod assertion_file;
mod certificate;
mod discovery;
mod misbehaving;
mod moved;
mod private_key;
mod refused;
mod revoke;
mod scene;
mod secrecy;
mod secret;
