//! The admin API as its callers see it: HTTP in, HTTP out, on a real database.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod audit;
mod clients;
mod contract;
mod harness;
mod http_rules;
mod keys;
mod limits;
mod pages;
mod patches;
mod races;
mod reach;
mod rights;
mod secrecy;
