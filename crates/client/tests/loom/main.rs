//! Slot and flight in every order in which threads can run (up to so many interruptions), over loom's locks and numbers
//! in the place of the real ones. `arc-swap`, which loom cannot see into, is played by a lock; its own tests are its
//! authors'.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

#[path = "../../src/cache/flight.rs"]
mod flight;
#[path = "../../src/cache/life.rs"]
mod life;
#[path = "../../src/cache/moment.rs"]
mod moment;
mod orders;
#[path = "../../src/cache/pace.rs"]
mod pace;
mod play;
#[path = "../../src/cache/slot.rs"]
#[expect(dead_code, reason = "what is on disk is not played here")]
mod slot;
mod sync;
