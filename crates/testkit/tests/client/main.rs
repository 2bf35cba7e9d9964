//! The client against the other parts of the house.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod guarded;
