//! What every handler can reach.

use std::sync::Arc;

use countersign_issuer::issuer::Issuer;
use countersign_issuer::random::{NoRandomness, Random};
use http::HeaderMap;
use ipnet::IpNet;

use crate::admit::Admit;
use crate::extract::peer::{Peer, Proxies};
use crate::middleware::{Metrics, RequestIds, Transport};

/// What an application is made of.
pub struct Parts {
    /// Decides.
    pub issuer: Arc<Issuer>,
    /// Seeds the request ids.
    pub random: Arc<dyn Random>,
    /// Bounds the token requests in work; [`crate::Unbounded`] where nobody floods.
    pub admit: Arc<dyn Admit>,
    /// Networks whose `X-Forwarded-For` and `X-Request-Id` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Counts; shared with the ops listener.
    pub metrics: Metrics,
}

/// The state of the routers; clones are the same state.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    issuer: Arc<Issuer>,
    admit: Arc<dyn Admit>,
    proxies: Proxies,
    metrics: Metrics,
    request_ids: RequestIds,
    transport: Transport,
}

impl AppState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`NoRandomness`] when the source of random bits fails.
    pub fn new(parts: Parts) -> Result<Self, NoRandomness> {
        let Parts { issuer, random, admit, trusted_proxies, metrics } = parts;
        let transport = Transport::of(&issuer.settings().public_url);
        let request_ids = RequestIds::new(random.as_ref())?;
        let proxies = Proxies::new(trusted_proxies);
        Ok(Self(Arc::new(Inner { issuer, admit, proxies, metrics, request_ids, transport })))
    }

    /// Who decides.
    #[must_use]
    pub fn issuer(&self) -> &Arc<Issuer> {
        &self.0.issuer
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn admission(&self) -> &dyn Admit {
        self.0.admit.as_ref()
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.0.proxies
    }

    pub(crate) fn request_ids(&self) -> &RequestIds {
        &self.0.request_ids
    }

    /// How browsers reach this server, by its public URL.
    pub(crate) fn transport(&self) -> Transport {
        self.0.transport
    }

    /// The address of whoever sent a request.
    pub(crate) fn source(&self, peer: Option<&Peer>, headers: &HeaderMap) -> std::net::IpAddr {
        self.0.proxies.source(peer, headers)
    }
}
