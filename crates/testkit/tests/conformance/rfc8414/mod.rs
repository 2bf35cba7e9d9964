//! RFC 8414, authorization server metadata, and the documents that it names.

mod documents;
mod location;
