//! Where an issuer's keys are: said by its metadata, or known beforehand.

use crate::discovery::{self, DiscoveryError, Judge, PublishedKeys};
use crate::{Endpoint, HttpClient};

/// Where to ask.
pub(super) enum Source {
    /// The issuer's metadata says where; the function says which issuer may be called.
    Metadata(Judge),
    /// At this URL.
    Fixed(Endpoint),
}

/// What came back.
pub(super) struct Fetched {
    /// The keys.
    pub keys: Result<PublishedKeys, DiscoveryError>,
    /// What the metadata says of introspection, when it was read: an issuer may have that and no keys.
    pub introspection: Option<Result<Option<Endpoint>, DiscoveryError>>,
}

impl Source {
    pub(super) async fn fetch(&self, http: &HttpClient, issuer: &str) -> Fetched {
        let judge = match self {
            Self::Fixed(place) => {
                return Fetched { keys: discovery::published_keys(http, place).await, introspection: None };
            }
            Self::Metadata(judge) => *judge,
        };
        let read = async {
            Ok((discovery::endpoint(issuer, judge)?, discovery::published(http, issuer, judge).await?))
        };
        let (base, metadata) = match read.await {
            Ok(read) => read,
            Err(error) => return Fetched { keys: Err(error), introspection: None },
        };
        let named = metadata.introspection_endpoint.as_deref();
        let introspection =
            named.map(|url| discovery::member("introspection_endpoint", url, &base)).transpose();
        let keys = async {
            let uri = metadata.jwks_uri.as_deref();
            let uri = uri.ok_or_else(|| DiscoveryError::NoKeys { issuer: issuer.to_owned() })?;
            discovery::published_keys(http, &discovery::member("jwks_uri", uri, &base)?).await
        };
        Fetched { keys: keys.await, introspection: Some(introspection) }
    }
}
