//! What the benchmark's programs are made of.

pub mod load;
