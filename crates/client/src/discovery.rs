//! What a server says of itself: its metadata (RFC 8414) and its keys.

use std::time::Duration;

use bytes::Bytes;
use countersign_proto::jose::{JwkSet, jwk::JwkError};
use countersign_proto::metadata::ServerMetadata;
use http::header::ACCEPT;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Origin, Url};

use crate::http::shown;
use crate::{Answer, DocumentUrlError, Endpoint, EndpointError, HttpClient, HttpError};

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
        why: DocumentUrlError,
    },
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Another status than 200.
    #[error("{url} answered with status {status}{}", hint(*status))]
    Status {
        /// What was asked for.
        url: String,
        /// The answer's status.
        status: StatusCode,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The answer is not JSON, as its headers have it.
    #[error("{url} answered with something else than JSON: {why}")]
    NotJson {
        /// What was asked for.
        url: String,
        /// The media type or the encoding that it has.
        why: String,
    },
    /// The metadata says where no keys are: there is no `jwks_uri` in it.
    #[error("the metadata of {issuer} names no jwks_uri")]
    NoKeys {
        /// Whose it is.
        issuer: String,
    },
    /// The metadata says no place to introspect: there is no `introspection_endpoint` in it.
    #[error("the metadata of {issuer} names no introspection_endpoint")]
    NoIntrospection {
        /// Whose it is.
        issuer: String,
    },
    /// The metadata says no place where this is done.
    #[error("the metadata of {issuer} names no {member}")]
    Missing {
        /// Whose it is.
        issuer: String,
        /// Which member is not there.
        member: &'static str,
    },
    /// An endpoint has a fragment.
    #[error("the metadata's {member} has a fragment, which no endpoint has (RFC 6749 section 3.2)")]
    Fragment {
        /// Which member.
        member: &'static str,
    },
    /// The metadata would have credentials go to another host than the issuer's, and nobody allowed that.
    #[error(
        "the metadata of {issuer} has its {member} at {origin}, which is not the issuer's own host: credentials go \
         there only where `endpoints_at` names it"
    )]
    Elsewhere {
        /// Whose it is.
        issuer: String,
        /// Which member.
        member: &'static str,
        /// Where it leads.
        origin: String,
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

/// What a resource server reads of an issuer's metadata; all else in it may be missing or wrong.
#[derive(Debug, Deserialize)]
pub(crate) struct Published {
    pub issuer: String,
    pub jwks_uri: Option<String>,
    pub introspection_endpoint: Option<String>,
}

/// What a client reads of an issuer's metadata; all else in it may be missing or wrong.
#[derive(Debug, Deserialize)]
pub(crate) struct Offered {
    pub issuer: String,
    pub token_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    pub token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    pub mtls_endpoint_aliases: Option<Aliases>,
}

/// Where one goes who shows a certificate (RFC 8705 §5).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Aliases {
    pub token_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
}

/// Keys as they were published, and how long that may be taken for current.
pub(crate) struct PublishedKeys {
    pub set: JwkSet,
    pub max_age: Option<Duration>,
}

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
    document(http, issuer, judge).await
}

/// As [`metadata`], of what a resource server reads.
pub(crate) async fn published(
    http: &HttpClient,
    issuer: &str,
    judge: Judge,
) -> Result<Published, DiscoveryError> {
    document(http, issuer, judge).await
}

/// As [`metadata`], of what a client reads.
pub(crate) async fn offered(
    http: &HttpClient,
    issuer: &str,
    judge: Judge,
) -> Result<Offered, DiscoveryError> {
    document(http, issuer, judge).await
}

/// Fetches the keys that the metadata names, at a URL that [`Endpoint::named_in_document`] takes.
///
/// # Errors
/// [`DiscoveryError`].
pub async fn keys(
    http: &HttpClient,
    metadata: &ServerMetadata,
    judge: Judge,
) -> Result<JwkSet, DiscoveryError> {
    let issuer = endpoint(&metadata.issuer, judge)?;
    Ok(published_keys(http, &member("jwks_uri", &metadata.jwks_uri, &issuer)?).await?.set)
}

/// Fetches a JWK Set.
pub(crate) async fn published_keys(
    http: &HttpClient,
    place: &Endpoint,
) -> Result<PublishedKeys, DiscoveryError> {
    let answer = get(http, place).await?;
    let set = JwkSet::parse(json(place, &answer)?);
    let set = set.map_err(|why| DiscoveryError::Keys { url: place.to_string(), why })?;
    Ok(PublishedKeys { set, max_age: answer.max_age() })
}

/// The issuer as an operator wrote it, as a URL.
pub(crate) fn endpoint(issuer: &str, judge: Judge) -> Result<Endpoint, DiscoveryError> {
    judge(issuer).map_err(|why| DiscoveryError::Issuer { issuer: issuer.to_owned(), why })
}

/// A URL in the metadata of `issuer`.
pub(crate) fn member(member: &'static str, url: &str, issuer: &Endpoint) -> Result<Endpoint, DiscoveryError> {
    Endpoint::named_in_document(url, issuer).map_err(|why| DiscoveryError::Member { member, why })
}

/// A URL in the metadata of `issuer` to which credentials are sent: at the issuer's own host, or at an origin that an
/// operator named. Else one server could have what is for it sent to another (RFC 9700 §4.4).
pub(crate) fn credential_member(
    member: &'static str,
    url: &str,
    issuer: &Endpoint,
    named: &[Origin],
    judge: Judge,
) -> Result<Endpoint, DiscoveryError> {
    let wrong = |why: DocumentUrlError| DiscoveryError::Member { member, why };
    if url.contains('#') {
        return Err(DiscoveryError::Fragment { member });
    }
    let endpoint = Endpoint::danger_parse_any_http(url).map_err(|why| wrong(why.into()))?;
    let origin = endpoint.url().origin();
    if named.contains(&origin) {
        return judge(url).map_err(|why| wrong(why.into()));
    }
    let endpoint = Endpoint::named_in_document(url, issuer).map_err(wrong)?;
    if endpoint.url().host() != issuer.url().host() {
        let (issuer, origin) = (issuer.to_string(), origin.ascii_serialization());
        return Err(DiscoveryError::Elsewhere { issuer, member, origin });
    }
    Ok(endpoint)
}

trait Metadata: DeserializeOwned {
    fn issuer(&self) -> &str;
}

impl Metadata for ServerMetadata {
    fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Metadata for Offered {
    fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Metadata for Published {
    fn issuer(&self) -> &str {
        &self.issuer
    }
}

async fn document<M: Metadata>(http: &HttpClient, issuer: &str, judge: Judge) -> Result<M, DiscoveryError> {
    let base = endpoint(issuer, judge)?;
    let mut place = endpoint(inserted(base.url()).as_str(), judge)?;
    let mut answer = get(http, &place).await?;
    if is_elsewhere(&answer) {
        place =
            endpoint(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')), judge)?;
        answer = get(http, &place).await?;
    }
    let url = place.to_string();
    let metadata: M = serde_json::from_slice(json(&place, &answer)?)
        .map_err(|error| DiscoveryError::Metadata { url: url.clone(), why: shown(&error.to_string()) })?;
    if metadata.issuer() != issuer {
        return Err(DiscoveryError::OtherIssuer { url, found: shown(metadata.issuer()) });
    }
    Ok(metadata)
}

/// Whether there is nothing at this place: some servers say so by 400, 401 or 403, others by a redirect to a page or by
/// the page itself. A server that is ill or busy says nothing about the place.
fn is_elsewhere(answer: &Answer) -> bool {
    let status = answer.status;
    let no = (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS) || status.is_redirection();
    no || (status == StatusCode::OK && answer.is("text/html"))
}

async fn get(http: &HttpClient, endpoint: &Endpoint) -> Result<Answer, HttpError> {
    let mut request = Request::new(Bytes::new());
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json, application/*+json"));
    http.send_for(endpoint, request, MAX_DOCUMENT).await
}

/// What to do about a status, where that is not plain from it.
pub(crate) fn hint(status: StatusCode) -> &'static str {
    if status.is_redirection() {
        ": redirects are not followed, so give the URL that it leads to"
    } else {
        ""
    }
}

/// The body of a 200 answer that is JSON.
fn json<'a>(place: &Endpoint, answer: &'a Answer) -> Result<&'a [u8], DiscoveryError> {
    let url = place.to_string();
    if answer.status != StatusCode::OK {
        return Err(DiscoveryError::Status { url, status: answer.status, retry_after: answer.retry_after() });
    }
    answer.json().map_err(|why| DiscoveryError::NotJson { url, why })
}

/// The well-known path goes between host and path; a slash at the end goes first (RFC 8414 §3.1).
fn inserted(issuer: &Url) -> Url {
    let mut url = issuer.clone();
    let path = format!("/.well-known/oauth-authorization-server{}", issuer.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url
}

/// The largest of the field's have 20 KiB; a JWK Set is not read beyond this either.
const MAX_DOCUMENT: usize = 256 * 1024;

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
