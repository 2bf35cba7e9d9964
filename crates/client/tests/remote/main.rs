//! Keys and introspection against an issuer on loopback that misbehaves in every way that is known.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod fetched;
mod hostile;
mod introspection;
mod issuer;
mod outage;
mod storm;
