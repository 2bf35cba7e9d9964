//! What is said on the wire between client, server and guard, and how it is signed: no I/O, no clock, no runtime.

pub mod jose;
