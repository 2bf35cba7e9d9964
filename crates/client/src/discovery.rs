//! What a server says of itself: its metadata (RFC 8414) and its keys.

use bytes::Bytes;
use countersign_proto::jose::{JwkSet, jwk::JwkError};
use countersign_proto::metadata::ServerMetadata;
use http::header::ACCEPT;
use http::{HeaderValue, Request, StatusCode};
use url::Url;

use crate::{Answer, Endpoint, EndpointError, HttpClient, HttpError};

/// Why an issuer's documents cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// The issuer is no URL that is called.
    #[error("the issuer {issuer}: {why}")]
    Issuer {
        /// The issuer.
        issuer: String,
        /// The rule that it breaks.
        why: EndpointError,
    },
    /// A URL in the metadata is not one that is called.
    #[error("the metadata's {member}: {why}")]
    Member {
        /// Which member.
        member: &'static str,
        /// The rule that it breaks.
        why: EndpointError,
    },
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Another status than 200.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The answer's status.
        status: StatusCode,
    },
    /// The document is not what it should be.
    #[error("{url} is no metadata of an authorization server: {why}")]
    Metadata {
        /// Where it was.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The metadata is another issuer's (RFC 8414 §3.3).
    #[error("{url} is the metadata of another issuer, {found}")]
    OtherIssuer {
        /// Where it was.
        url: String,
        /// Whose it is.
        found: String,
    },
    /// The keys are not a JWK Set.
    #[error("{url} is no set of public keys: {why}")]
    Keys {
        /// Where they were.
        url: String,
        /// What is wrong with them.
        why: JwkError,
    },
}

/// Reads a URL: [`Endpoint::parse`], or the danger one where an operator allows plain HTTP.
pub type Judge = fn(&str) -> Result<Endpoint, EndpointError>;

/// Fetches an issuer's metadata where RFC 8414 §3 puts it, or, where there is none, where OpenID Connect Discovery 1.0
/// §4 does; `judge` says which URLs may be called.
///
/// The document's `issuer` is compared with `issuer` character by character (RFC 8414 §3.3).
///
/// Does not check: whether the endpoints that it names are the issuer's own.
///
/// # Errors
/// [`DiscoveryError`].
pub async fn metadata(
    http: &HttpClient,
    issuer: &str,
    judge: Judge,
) -> Result<ServerMetadata, DiscoveryError> {
    let wrong = |why| DiscoveryError::Issuer { issuer: issuer.to_owned(), why };
    let base = judge(issuer).map_err(wrong)?;
    let inserted = judge(inserted(base.url()).as_str()).map_err(wrong)?;
    let mut answer = get(http, &inserted).await?;
    let mut place = inserted;
    if answer.status == StatusCode::NOT_FOUND {
        let appended = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        place = judge(&appended).map_err(wrong)?;
        answer = get(http, &place).await?;
    }
    let url = place.to_string();
    if answer.status != StatusCode::OK {
        return Err(DiscoveryError::Status { url, status: answer.status });
    }
    let read = serde_json::from_slice::<ServerMetadata>(&answer.body);
    let metadata =
        read.map_err(|error| DiscoveryError::Metadata { url: url.clone(), why: error.to_string() })?;
    if metadata.issuer != issuer {
        return Err(DiscoveryError::OtherIssuer { url, found: metadata.issuer });
    }
    Ok(metadata)
}

/// Fetches the keys that the metadata names.
///
/// # Errors
/// [`DiscoveryError`].
pub async fn keys(
    http: &HttpClient,
    metadata: &ServerMetadata,
    judge: Judge,
) -> Result<JwkSet, DiscoveryError> {
    let wrong = |why| DiscoveryError::Member { member: "jwks_uri", why };
    let endpoint = judge(&metadata.jwks_uri).map_err(wrong)?;
    let answer = get(http, &endpoint).await?;
    let url = endpoint.to_string();
    if answer.status != StatusCode::OK {
        return Err(DiscoveryError::Status { url, status: answer.status });
    }
    JwkSet::parse(&answer.body).map_err(|why| DiscoveryError::Keys { url, why })
}

async fn get(http: &HttpClient, endpoint: &Endpoint) -> Result<Answer, HttpError> {
    let mut request = Request::new(Bytes::new());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    http.send(endpoint, request).await
}

/// The well-known path goes between host and path; a slash at the end goes first (RFC 8414 §3.1).
fn inserted(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    let path = format!("/.well-known/oauth-authorization-server{}", issuer.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8414-01: between host and path, without a slash at the end.
    #[test]
    fn metadata_stands_between_host_and_path() {
        for (issuer, place) in [
            ("https://a.example", "https://a.example/.well-known/oauth-authorization-server"),
            ("https://a.example/", "https://a.example/.well-known/oauth-authorization-server"),
            (
                "https://a.example/realms/x",
                "https://a.example/.well-known/oauth-authorization-server/realms/x",
            ),
            ("https://a.example:1/x/", "https://a.example:1/.well-known/oauth-authorization-server/x"),
        ] {
            assert_eq!(inserted(&Url::parse(issuer).unwrap()).as_str(), place);
        }
    }
}
