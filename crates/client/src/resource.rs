//! From an API that wants a token to the issuer that gives it (RFC 9728), when the caller allowed that issuer: what a
//! server says of itself is no reason to trust anybody.

mod error;

use bytes::Bytes;
use countersign_proto::challenge;
use countersign_proto::resource_metadata::{ResourceMetadata, well_known};
use http::header::{ACCEPT, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use crate::discovery::Judge;
use crate::http::shown;
use crate::source::Builder;
use crate::{Endpoint, HttpClient, TokenSource};
pub use error::ResourceError;

/// An API, by its own metadata, and an issuer that it takes tokens of and that the caller allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    issuer: String,
    origin: String,
    metadata: ResourceMetadata,
}

/// Finds the issuer for an API that answered 401: reads the metadata that the answer's `resource_metadata` names
/// (RFC 9728 §5.1), or, where it names none, those at the well-known place (§3.1).
///
/// `answer` are the headers of the 401. `resource` is the API's identifier as this client knows it, such as
/// `https://orders.example`: the metadata must lie at its origin, and say exactly it (§3.3). `allowed` are the issuers
/// that the client's credentials may be sent to; `judge` says which URL may be called. No credential is sent.
///
/// Does not check: that the answer came from the API; the rest of what the metadata say.
///
/// # Errors
/// [`ResourceError`], when the metadata cannot be had or are another's, or name none of the `allowed` issuers.
pub async fn discover(
    http: &HttpClient,
    answer: &HeaderMap,
    resource: &str,
    allowed: &[&str],
    judge: Judge,
) -> Result<Resource, ResourceError> {
    let own = judge(resource).map_err(ResourceError::Resource)?;
    let place = place(answer, resource, &own)?;
    let metadata = fetch(http, &place, resource).await?;
    let named = &metadata.authorization_servers;
    // compared as it was written, as everything that names an issuer (RFC 8414 §3.3)
    let Some(issuer) = named.iter().find(|issuer| allowed.contains(&issuer.as_str())) else {
        let named = named.iter().take(MAX_NAMED).map(|issuer| shown(issuer)).collect();
        return Err(ResourceError::NotAllowed { resource: shown(resource), named });
    };
    Ok(Resource { issuer: issuer.clone(), origin: own.url().origin().ascii_serialization(), metadata })
}

impl Resource {
    /// The first of its issuers that the caller allowed.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// All that the API says of itself.
    ///
    /// Does not check: any of it but `resource`; other issuers in it were not allowed.
    #[must_use]
    pub const fn metadata(&self) -> &ResourceMetadata {
        &self.metadata
    }

    /// A source of tokens of that issuer, for this API, to be sent to its origin alone; it is to be told the client.
    pub fn tokens(&self) -> Builder {
        TokenSource::discover(&self.issuer).resource(&self.metadata.resource).only_to(&self.origin)
    }
}

/// Where the metadata are.
fn place(answer: &HeaderMap, resource: &str, own: &Endpoint) -> Result<Endpoint, ResourceError> {
    let values = answer.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
    let challenges = challenge::parse(values).map_err(ResourceError::Challenge)?;
    let mut named = challenges.iter().filter_map(|challenge| challenge.resource_metadata());
    let url = match named.next() {
        None => well_known(resource).map_err(ResourceError::Metadata)?,
        Some(url) if named.all(|other| other == url) => url.to_owned(),
        Some(_) => return Err(ResourceError::Ambiguous),
    };
    let place = Endpoint::named_in_document(&url, own).map_err(ResourceError::Place)?;
    if place.url().origin() != own.url().origin() {
        return Err(ResourceError::OtherOrigin { place: shown(&url) });
    }
    Ok(place)
}

async fn fetch(
    http: &HttpClient,
    place: &Endpoint,
    resource: &str,
) -> Result<ResourceMetadata, ResourceError> {
    let mut request = Request::new(Bytes::new());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    let answer = http.send_for(place, request, MAX_DOCUMENT).await?;
    if answer.status != StatusCode::OK {
        return Err(ResourceError::Status { place: place.to_string(), status: answer.status });
    }
    let document = answer.json().map_err(|why| ResourceError::NotJson { place: place.to_string(), why })?;
    ResourceMetadata::parse(document, resource).map_err(ResourceError::Metadata)
}

/// What the metadata's reader takes.
const MAX_DOCUMENT: usize = 64 * 1024;
const MAX_NAMED: usize = 8;
