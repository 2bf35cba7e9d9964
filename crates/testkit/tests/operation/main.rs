//! How the server behaves as a thing that is operated: ids, health, counts, floods, faults, logs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by failing"
)]

mod faults;
mod flood;
mod health;
mod log;
mod request_id;
