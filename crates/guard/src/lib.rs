//! Let in only who may.
