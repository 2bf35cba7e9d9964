//! Where an issuer's keys are, said by its metadata or known beforehand; or where it introspects.

use url::Origin;

use crate::discovery::{self, DiscoveryError, Judge, PublishedKeys};
use crate::{Endpoint, HttpClient};

/// Where to ask, and for what.
pub(super) enum Source {
    /// The keys; the issuer's metadata says where, the function which issuer may be called.
    Metadata(Judge),
    /// The keys at this URL.
    Fixed(Endpoint),
    /// Where the metadata says that tokens are introspected, on the issuer's own host or at one of these origins, since
    /// credentials go there: an issuer may have that and no keys.
    Introspection(Judge, Vec<Origin>),
}

/// What came back.
pub(super) enum Fetched {
    Keys(PublishedKeys),
    Introspection(Endpoint),
}

impl Source {
    /// What is fetched, for logs.
    pub(super) const fn what(&self) -> &'static str {
        match self {
            Self::Metadata(_) | Self::Fixed(_) => "keys",
            Self::Introspection(..) => "introspection_endpoint",
        }
    }

    pub(super) async fn fetch(&self, http: &HttpClient, issuer: &str) -> Result<Fetched, DiscoveryError> {
        let place = match self {
            Self::Fixed(place) => place.clone(),
            Self::Metadata(judge) => {
                let (base, metadata) = read(http, issuer, *judge).await?;
                let uri = metadata.jwks_uri;
                let uri = uri.ok_or_else(|| DiscoveryError::NoKeys { issuer: issuer.to_owned() })?;
                discovery::member("jwks_uri", &uri, &base)?
            }
            Self::Introspection(judge, named) => {
                let (base, metadata) = read(http, issuer, *judge).await?;
                let url = metadata.introspection_endpoint;
                let url = url.ok_or_else(|| DiscoveryError::NoIntrospection { issuer: issuer.to_owned() })?;
                let member = "introspection_endpoint";
                return discovery::credential_member(member, &url, &base, named, *judge)
                    .map(Fetched::Introspection);
            }
        };
        discovery::published_keys(http, &place).await.map(Fetched::Keys)
    }
}

async fn read(
    http: &HttpClient,
    issuer: &str,
    judge: Judge,
) -> Result<(Endpoint, discovery::Published), DiscoveryError> {
    Ok((discovery::endpoint(issuer, judge)?, discovery::published(http, issuer, judge).await?))
}
