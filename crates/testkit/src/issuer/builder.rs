//! An issuer in the making.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use countersign_proto::jose::Algorithm;
use countersign_proto::time::Clock;

use super::TestIssuer;
use super::state::{Place, State};
use crate::clock::TestClock;
use crate::door::Door;
use crate::tls::TestAuthority;

/// An issuer in the making.
#[derive(Default)]
pub struct TestIssuerBuilder {
    path: String,
    issuer: Option<String>,
    clock: Option<Arc<dyn Clock>>,
    tls: Option<TestAuthority>,
    mtls: Option<TestAuthority>,
    token_query: Option<String>,
}

impl TestIssuerBuilder {
    /// Has this path in its identifier, with the slash that begins it; none by default.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Calls itself so, wherever it listens.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Dates its tokens by this clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Is called by https, with a certificate of this authority.
    #[must_use]
    pub fn tls(mut self, authority: &TestAuthority) -> Self {
        self.tls = Some(authority.clone());
        self
    }

    /// Has its token endpoint at a second port too, under another path, with TLS that asks for a client's certificate
    /// and serves one of this authority; its metadata say so in `mtls_endpoint_aliases` (RFC 8705 §5). The ordinary
    /// endpoint knows no certificates.
    #[must_use]
    pub fn mtls(mut self, authority: &TestAuthority) -> Self {
        self.mtls = Some(authority.clone());
        self
    }

    /// Has this query in the URL of its token endpoint, and refuses requests without it (RFC 6749 §3.2).
    #[must_use]
    pub fn token_query(mut self, query: &str) -> Self {
        self.token_query = Some(query.to_owned());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start, or outside a tokio runtime.
    pub async fn start(self) -> TestIssuer {
        let door = Door::bind(self.tls.map(|authority| authority.server_that_asks_nothing()));
        let mtls = self.mtls.map(|authority| Door::bind(Some(authority.server())));
        let origin = door.origin();
        let place = Place {
            issuer: self.issuer.unwrap_or_else(|| format!("{origin}{}", self.path)),
            origin,
            mtls: mtls.as_ref().map(Door::origin),
            path: self.path,
            token_query: self.token_query,
        };
        let clock = self.clock.unwrap_or_else(|| Arc::new(TestClock::default()));
        let issuer = TestIssuer { state: Arc::new(State::new(place, clock)), door, mtls };
        for algorithm in Algorithm::ALL {
            issuer.state.key_number.store(1, Ordering::Relaxed);
            let _ = issuer.add_key(algorithm);
        }
        issuer.up();
        issuer
    }
}
