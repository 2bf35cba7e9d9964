//! Why an API does not lead to an issuer.

use countersign_proto::challenge::ParseError;
use countersign_proto::resource_metadata::ResourceMetadataError;
use http::StatusCode;

use crate::{DocumentUrlError, EndpointError, HttpError};

/// Why an API does not lead to an issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceError {
    /// The API's identifier is no URL that is called.
    #[error("the resource: {0}")]
    Resource(EndpointError),
    /// The answer's challenges are malformed.
    #[error(transparent)]
    Challenge(ParseError),
    /// The answer's challenges name several metadata.
    #[error("the answer's challenges name more than one resource_metadata")]
    Ambiguous,
    /// The URL of the metadata is not one that is called.
    #[error("resource_metadata: {0}")]
    Place(DocumentUrlError),
    /// The metadata are said to be at another origin than the API.
    #[error("resource_metadata is {place}, which is not of the resource's own origin")]
    OtherOrigin {
        /// Where they are said to be.
        place: String,
    },
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Another status than 200; redirects are not followed.
    #[error("{place} answered with status {status}")]
    Status {
        /// What was asked for.
        place: String,
        /// The answer's status.
        status: StatusCode,
    },
    /// The answer is not JSON, as its headers have it.
    #[error("{place} answered with something else than JSON: {why}")]
    NotJson {
        /// What was asked for.
        place: String,
        /// The media type or the encoding that it has.
        why: String,
    },
    /// The document is none, or another resource's (RFC 9728 §3.3).
    #[error(transparent)]
    Metadata(ResourceMetadataError),
    /// It takes tokens of none of the issuers that the caller allowed.
    #[error("{resource} takes tokens of {}: none of them is one that was allowed", .named.join(", "))]
    NotAllowed {
        /// The API.
        resource: String,
        /// Its issuers, as it says.
        named: Vec<String>,
    },
}
