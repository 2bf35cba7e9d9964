//! The native endpoints of a realm.

pub(crate) mod documents;
pub(crate) mod token;
