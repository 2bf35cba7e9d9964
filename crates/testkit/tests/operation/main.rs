//! How the server behaves as a thing that is operated: ids, health, counts, floods, faults, logs.

mod faults;
mod flood;
mod health;
mod log;
mod request_id;
