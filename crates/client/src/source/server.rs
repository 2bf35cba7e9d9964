//! The server as its metadata has it, which is read anew when the server is not found where it was.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Origin;

use crate::discovery::{self, DiscoveryError, Offered};
use crate::token::{Misconfigured, TokenError, Unreachable};
use crate::{Endpoint, HttpClient};

/// Where the server is.
pub(super) enum Place {
    /// An operator named the endpoints.
    Given(Arc<Server>),
    /// The issuer's metadata names them.
    Discovered(Discovery),
}

/// What is known of a server.
pub(super) struct Server {
    pub token_endpoint: Endpoint,
    pub revocation_endpoint: Option<Endpoint>,
    /// Its issuer identifier.
    pub issuer: Option<String>,
    /// `token_endpoint_auth_methods_supported`; empty where it does not say.
    pub methods: Vec<String>,
    /// `token_endpoint_auth_signing_alg_values_supported`; empty where it does not say.
    pub algorithms: Vec<String>,
}

/// An issuer's metadata, as a client keeps it.
pub(super) struct Discovery {
    issuer: String,
    judge: discovery::Judge,
    named: Vec<Origin>,
    by_certificate: bool,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    server: Arc<Server>,
    read: Instant,
}

impl Place {
    /// The server; its metadata is read where that is not done.
    pub(super) async fn server(&self, http: &HttpClient) -> Result<Arc<Server>, TokenError> {
        match self {
            Self::Given(server) => Ok(Arc::clone(server)),
            Self::Discovered(discovery) => discovery.server(http).await,
        }
    }

    /// What it is called in a log: its issuer identifier, or where it is.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Given(server) => server.token_endpoint.url().as_str(),
            Self::Discovered(discovery) => &discovery.issuer,
        }
    }

    /// Reads the metadata anew after `failed` did not answer as it should, at most once in a minute; the server, where
    /// its token endpoint is now another.
    pub(super) async fn moved(&self, http: &HttpClient, failed: &Arc<Server>) -> Option<Arc<Server>> {
        match self {
            Self::Given(_) => None,
            Self::Discovered(discovery) => discovery.moved(http, failed).await,
        }
    }
}

impl Discovery {
    /// `named` are the origins besides the issuer's host at which endpoints may be; `by_certificate` takes the endpoints
    /// of those who show one (RFC 8705 §5).
    pub(super) fn new(
        issuer: String,
        judge: discovery::Judge,
        named: Vec<Origin>,
        by_certificate: bool,
    ) -> Self {
        Self { issuer, judge, named, by_certificate, kept: Mutex::default() }
    }

    async fn server(&self, http: &HttpClient) -> Result<Arc<Server>, TokenError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = &*kept {
            return Ok(Arc::clone(&kept.server));
        }
        let server = Arc::new(self.read(http).await?);
        *kept = Some(Kept { server: Arc::clone(&server), read: Instant::now() });
        Ok(server)
    }

    async fn moved(&self, http: &HttpClient, failed: &Arc<Server>) -> Option<Arc<Server>> {
        let mut kept = self.kept.lock().await;
        let kept = kept.as_mut()?;
        if Arc::ptr_eq(&kept.server, failed) {
            if kept.read.elapsed() < COOL_DOWN {
                return None;
            }
            kept.read = Instant::now();
            match self.read(http).await {
                Ok(server) => kept.server = Arc::new(server),
                Err(error) => {
                    tracing::debug!(issuer = %self.issuer, %error, "the metadata cannot be read anew")
                }
            }
        }
        let is_elsewhere = kept.server.token_endpoint != failed.token_endpoint;
        is_elsewhere.then(|| Arc::clone(&kept.server))
    }

    async fn read(&self, http: &HttpClient) -> Result<Server, TokenError> {
        let offered = discovery::offered(http, &self.issuer, self.judge).await.map_err(by_blame)?;
        self.server_of(offered).map_err(by_blame)
    }

    fn server_of(&self, offered: Offered) -> Result<Server, DiscoveryError> {
        let base = discovery::endpoint(&self.issuer, self.judge)?;
        let aliases = offered.mtls_endpoint_aliases.filter(|_| self.by_certificate).unwrap_or_default();
        let endpoint = |member, alias: Option<String>, ordinary: Option<String>| {
            let url = alias.or(ordinary);
            url.map(|url| discovery::credential_member(member, &url, &base, &self.named, self.judge))
        };
        let issuer = self.issuer.clone();
        Ok(Server {
            token_endpoint: endpoint("token_endpoint", aliases.token_endpoint, offered.token_endpoint)
                .unwrap_or(Err(DiscoveryError::Missing { issuer, member: "token_endpoint" }))?,
            // of no use to most: what is wrong with it is nothing to them
            revocation_endpoint: endpoint(
                "revocation_endpoint",
                aliases.revocation_endpoint,
                offered.revocation_endpoint,
            )
            .and_then(Result::ok),
            issuer: Some(offered.issuer),
            methods: offered.token_endpoint_auth_methods_supported.unwrap_or_default(),
            algorithms: offered.token_endpoint_auth_signing_alg_values_supported.unwrap_or_default(),
        })
    }
}

fn by_blame(error: DiscoveryError) -> TokenError {
    match error {
        DiscoveryError::Http(error) => error.into(),
        DiscoveryError::Status { status, retry_after, .. }
            if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS =>
        {
            Unreachable::status(status, retry_after).into()
        }
        other => Misconfigured::new("issuer", other).into(),
    }
}

/// Between two readings that failures cause: a server that is away is not asked for its metadata all the time.
const COOL_DOWN: Duration = Duration::from_secs(60);
