//! Countersign

pub mod postgres;
