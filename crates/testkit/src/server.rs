//! The whole application in this process, on a real port.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use countersign_issuer::issuer::{Issuer, Parts as IssuerParts, Settings};
use countersign_issuer::keys::MasterKeys;
use countersign_issuer::random::SystemRandom;
use countersign_issuer::store::Store;
use countersign_listen::admission::{Admission, Bounds};
use countersign_listen::{Listener, PeerAddr};
use countersign_proto::time::UnixTime;
use countersign_server::{Admit, AppState, Metrics, OpsState, Parts, Peer, Readiness, app, ops};
use countersign_store::DatabaseUrl;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::clock::{self, TestClock};
use crate::gate::Gate;
use crate::outage::Outage;
use crate::postgres::TestDatabase;

/// Which database a server keeps its things in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in a folder of the test's own.
    Sqlite,
    /// A PostgreSQL database of the test's own.
    Postgres,
}

/// A server that ends with this value.
pub struct TestServer {
    address: SocketAddr,
    ops: axum::Router,
    issuer: Arc<Issuer>,
    clock: Arc<TestClock>,
    readiness: Readiness,
    outage: Outage,
    root: (String, String),
    http: Client<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    behind: JoinHandle<()>,
    _postgres: Option<TestDatabase>,
    _folder: TempDir,
}

/// A server in the making.
#[derive(Default)]
pub struct TestServerBuilder {
    database: Option<Database>,
    public_url: Option<String>,
    default_realm: Option<String>,
    max_clients: Option<usize>,
    trusted_proxies: Vec<String>,
    admit: Option<Arc<dyn Admit>>,
}

impl TestServer {
    /// A new server with an empty database, at [`TestServer::EPOCH`].
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Self {
        Self::with().start().await
    }

    /// A server that is to have its own settings.
    #[must_use]
    pub fn with() -> TestServerBuilder {
        TestServerBuilder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its own URL, or the one that it was told to have, without a slash at the end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.issuer.settings().public_url
    }

    /// What decides in it, for tests that look inside.
    #[must_use]
    pub fn issuer(&self) -> &Arc<Issuer> {
        &self.issuer
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Whether it says that it serves.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// The switch that takes its database away.
    #[must_use]
    pub fn outage(&self) -> &Outage {
        &self.outage
    }

    /// The root client's id and secret.
    #[must_use]
    pub fn root(&self) -> (&str, &str) {
        (&self.root.0, &self.root.1)
    }

    /// What its second listener answers, without a listener.
    ///
    /// # Panics
    /// When the body cannot be read.
    pub async fn ops(&self, path: &str) -> crate::Answer {
        let request = http::Request::get(path).body(axum::body::Body::empty()).expect("a path");
        let response = self.ops.clone().oneshot(request).await.expect("never fails");
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        crate::Answer { status: head.status, headers: head.headers, body }
    }

    /// Ends it in good order.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        (&mut self.serving).await.expect("it ends");
    }

    pub(crate) fn http(&self) -> &Client<HttpConnector, Full<Bytes>> {
        &self.http
    }

    /// The second at which a test server's clock stands until a test moves it: 2026-01-01T00:00:00Z.
    pub const EPOCH: UnixTime = clock::EPOCH;
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.serving.abort();
        self.behind.abort();
    }
}

impl TestServerBuilder {
    /// Keeps its things in this database, whatever `COUNTERSIGN_TEST_DATABASE` says.
    #[must_use]
    pub fn database(mut self, database: Database) -> Self {
        self.database = Some(database);
        self
    }

    /// Believes that clients know it under this URL.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.to_owned());
        self
    }

    /// Takes root-level dialect URLs to mean this realm where no host says otherwise.
    #[must_use]
    pub fn default_realm(mut self, name: &str) -> Self {
        self.default_realm = Some(name.to_owned());
        self
    }

    /// Keeps at most so many clients in memory.
    #[must_use]
    pub fn max_clients(mut self, most: usize) -> Self {
        self.max_clients = Some(most);
        self
    }

    /// Believes proxies of this network.
    #[must_use]
    pub fn trusted_proxy(mut self, network: &str) -> Self {
        self.trusted_proxies.push(network.to_owned());
        self
    }

    /// Has this gate before its token requests instead of the listener's own.
    #[must_use]
    pub fn admit(mut self, admit: impl Admit) -> Self {
        self.admit = Some(Arc::new(admit));
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(self) -> TestServer {
        let folder = tempfile::tempdir().expect("a folder of its own");
        let (store, postgres) = open(self.database, folder.path()).await;
        let outage = Outage::default();
        let store = outage.before(store);
        let listener = Listener::bind(&["127.0.0.1:0".parse().expect("an address")]).expect("a free port");
        let address = listener.local_addrs()[0];
        let clock = Arc::new(TestClock::at(TestServer::EPOCH));
        let settings = Settings {
            public_url: self.public_url.unwrap_or_else(|| format!("http://{address}")),
            default_realm: self.default_realm,
            max_clients: self.max_clients.unwrap_or(1_000_000),
        };
        let keys = MasterKeys::generate(&SystemRandom).expect("random bits");
        let (clock_in, random) = (Arc::<TestClock>::clone(&clock), Arc::new(SystemRandom));
        let parts = IssuerParts { store, keys, clock: clock_in, random: random.clone(), settings };
        let issuer = Issuer::open(parts).await.expect("the issuer opens");
        let root = issuer.ensure_root(None).await.expect("a root client");
        let secret = root.secret.expect("a first start").expose().to_owned();

        let metrics = Metrics::new();
        let proxies = self.trusted_proxies.iter().map(|text| text.parse().expect("a network")).collect();
        let state = AppState::new(Parts {
            issuer: Arc::clone(&issuer),
            random,
            admit: self.admit.unwrap_or_else(|| Arc::new(Gate(Admission::new(Bounds::default())))),
            trusted_proxies: proxies,
            metrics: metrics.clone(),
        })
        .expect("random bits");
        let readiness = Readiness::default();
        let ops = ops(OpsState { issuer: Arc::clone(&issuer), metrics, readiness: readiness.clone() });

        let (stop, stopped) = oneshot::channel();
        let service = app(state).map_request(with_peer);
        let serving = tokio::spawn(async move {
            listener.serve(service, async { drop(stopped.await) }).await;
        });
        readiness.serving();
        let behind = tokio::spawn(Arc::clone(&issuer).run());
        TestServer {
            address,
            ops,
            issuer,
            clock,
            readiness,
            outage,
            root: (root.client_id, secret),
            http: Client::builder(TokioExecutor::new()).build_http(),
            stop: Some(stop),
            serving,
            behind,
            _postgres: postgres,
            _folder: folder,
        }
    }
}

async fn open(wanted: Option<Database>, folder: &Path) -> (Arc<dyn Store>, Option<TestDatabase>) {
    let wanted = wanted.unwrap_or_else(|| match std::env::var("COUNTERSIGN_TEST_DATABASE").as_deref() {
        Err(_) | Ok("" | "sqlite") => Database::Sqlite,
        Ok("postgres") => Database::Postgres,
        Ok(other) => panic!("COUNTERSIGN_TEST_DATABASE is sqlite or postgres, not {other:?}"),
    });
    let (url, postgres) = match wanted {
        Database::Sqlite => (DatabaseUrl::sqlite(folder.join("test.db")), None),
        Database::Postgres => {
            let database = TestDatabase::create().expect("PostgreSQL was asked for");
            (DatabaseUrl::parse(database.url()).expect("a URL of PostgreSQL"), Some(database))
        }
    };
    (countersign_store::open(&url).await.expect("the database opens"), postgres)
}

/// The listener's word for the other end, in the server's.
fn with_peer(request: http::Request<hyper::body::Incoming>) -> axum::extract::Request {
    let mut request = request.map(axum::body::Body::new);
    if let Some(PeerAddr(peer)) = request.extensions().get().copied() {
        request.extensions_mut().insert(Peer(peer));
    }
    request
}
