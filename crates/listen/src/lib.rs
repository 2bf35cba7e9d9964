//! Countersign
