//! The OAuth grant types, one file each: its name, and how it decides.

pub(crate) mod client_credentials;
