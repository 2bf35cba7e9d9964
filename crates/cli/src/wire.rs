//! The composition root: configuration → keys → store → issuer → server → listeners, in this order and nowhere else.

pub(crate) mod descriptors;
mod door;
pub(crate) mod figures;
mod gate;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use countersign_issuer::admin::{Administrator, PageAsk};
use countersign_issuer::clock::{Clock, SystemClock};
use countersign_issuer::issuer::{Issuer, OpenError, Parts, Root, Settings};
use countersign_issuer::random::{Random, SystemRandom};
use countersign_issuer::realm::SYSTEM;
use countersign_listen::admission::{Admission, Bounds};
use countersign_listen::tls::{Files, Tls, dev};
use countersign_listen::{Ended, Limits, Listener, Workers};
use countersign_server::config::{self, Config, Network, PublicUrl};
use countersign_server::{AppState, Metrics, OpsState, Readiness};
use countersign_store::{DatabaseUrl, OpenError as StoreOpenError};
use tokio::sync::watch;
use url::Url;

use self::descriptors::{Descriptors, OPS};
use self::door::Door;
use self::figures::figures;
use self::gate::Gate;
use crate::environment::GivenRoot;
use crate::failure::{Failure, with_causes};
use crate::{keys_file, private_file};

/// A server whose sockets are bound and whose database is taken.
pub(crate) struct Server {
    /// Where it is.
    pub(crate) place: Place,
    /// Its root client.
    pub(crate) root: Root,
    /// Whether nobody did anything in its database before.
    pub(crate) is_first: bool,
    issuer: Arc<Issuer>,
    state: AppState,
    metrics: Metrics,
    admission: Admission,
    workers: Workers,
    listener: Listener,
    admin: Option<Listener>,
    ops: Listener,
}

/// Where a server is.
pub(crate) struct Place {
    /// What its URLs begin with, without a trailing slash.
    pub(crate) public_url: String,
    /// Where it listens, with real ports.
    pub(crate) listen: Vec<SocketAddr>,
    /// Where its admin API is, when not there.
    pub(crate) admin: Option<Admin>,
    /// Its data folder, absolute.
    pub(crate) data: PathBuf,
    /// Where its health and metrics are.
    pub(crate) ops: SocketAddr,
    /// Its development certificate.
    pub(crate) dev: Option<dev::Dev>,
}

/// Where an admin API of its own listener is.
pub(crate) struct Admin {
    /// Where it listens.
    pub(crate) listen: SocketAddr,
    /// What operators' URLs begin with.
    pub(crate) url: String,
}

/// Binds the sockets, opens the database and makes what is missing in it.
pub(crate) async fn open(config: &Config, root: Option<GivenRoot>) -> Result<Server, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random: Arc<dyn Random> = Arc::new(SystemRandom);
    seed_beside(&random);

    let network = &config.network;
    let workers = Workers::start_on_all_processors().map_err(Failure::new)?;
    let listeners = 1 + usize::from(network.admin_listen.is_some());
    let limits = Descriptors::raise().cap(limits(&config.limits), listeners);
    let listener = bind(network)?.with_limits(limits.clone()).with_workers(workers.clone());
    let admin = network.admin_listen.map(|address| Listener::bind(&[address])).transpose()?;
    let ops = Listener::bind(&[network.ops])?.with_limits(Limits { connections: OPS, ..Limits::default() });
    let listen = listener.local_addrs();
    let public_url = config.public_url(listen.first().map_or(0, SocketAddr::port));

    let data = std::path::absolute(&config.storage.data).map_err(Failure::new)?;
    make_folder(&data)?;
    let (tls, dev) = tls(config, &data, &*clock)?;
    let dressed = |listener: Listener| match &tls {
        Some(tls) => listener.with_tls(tls.clone()),
        None => listener,
    };
    let (listener, admin) = (dressed(listener), admin.map(dressed));
    let admin = admin.map(|listener| listener.with_limits(limits).with_workers(workers.clone()));

    let issuer = issuer(config, public_url.clone(), &clock, &random).await?;
    let root = issuer.ensure_root(root.map(|root| (root.client_id, root.secret))).await;
    let root = root.map_err(|error| Failure::new(with_causes(&error)))?;
    let is_first = root.secret.is_some() && is_untouched(&issuer).await;
    if let Some(name) = config.realms.default_realm.as_deref().filter(|name| issuer.realm(name).is_none()) {
        tracing::warn!(
            realm = name,
            "there is no realm of the name in default_realm: URLs at the root are 404 until there is"
        );
    }
    let admission = Admission::new(Bounds {
        in_work: config.limits.in_work,
        waiting: config.limits.waiting,
        patience: config.limits.patience,
        processors: workers.count(),
    });
    let listeners = [("public", Some(&listener)), ("admin", admin.as_ref()), ("ops", Some(&ops))];
    let listeners = listeners.into_iter().filter_map(|(name, listener)| Some((name, listener?.stats())));
    let metrics = Metrics::beside(figures(listeners.collect(), admission.clone()));
    let state = AppState::new(countersign_server::Parts {
        issuer: Arc::clone(&issuer),
        random,
        admit: Arc::new(Gate(admission.clone())),
        trusted_proxies: network.trusted_proxies.clone(),
        metrics: metrics.clone(),
    })?;
    let place = Place {
        public_url,
        listen,
        data,
        admin: admin
            .as_ref()
            .and_then(|listener| listener.local_addrs().first().copied())
            .map(|listen| Admin { listen, url: admin_url(config, listen) }),
        ops: ops.local_addrs().first().copied().unwrap_or(network.ops),
        dev,
    };
    Ok(Server { place, root, is_first, issuer, state, metrics, admission, workers, listener, admin, ops })
}

/// The issuer on its database, without sockets: for the commands that work beside the database.
pub(crate) async fn offline(config: &Config) -> Result<Arc<Issuer>, Failure> {
    let port = config.network.listen.first().map_or(0, SocketAddr::port);
    issuer(config, config.public_url(port), &(Arc::new(SystemClock) as _), &(Arc::new(SystemRandom) as _))
        .await
}

/// Whether nothing but a start has changed anything in the database: then its root is the first one.
async fn is_untouched(issuer: &Issuer) -> bool {
    let by = Administrator::offline(START);
    let trail = issuer.list_audit(&by, SYSTEM, &PageAsk::default()).await;
    trail.is_ok_and(|trail| trail.items.iter().all(|record| record.actor == START))
}

/// Whether there is a database already, as far as that can be seen without opening it.
pub(crate) fn may_be_new(database: &DatabaseUrl) -> bool {
    match database {
        DatabaseUrl::Sqlite(path) => !path.exists(),
        DatabaseUrl::Postgres(_) => true,
    }
}

/// The database that the configuration means.
pub(crate) fn database(config: &Config) -> Result<DatabaseUrl, Failure> {
    Ok(match &config.storage.database {
        Some(url) => DatabaseUrl::parse(url)?,
        None => DatabaseUrl::sqlite(config.storage.data.join("countersign.db")),
    })
}

impl Server {
    /// Serves until `shutdown` is done, then finishes what is in flight; returns how the public listener ended.
    pub(crate) async fn serve(self, shutdown: impl Future<Output = ()>) -> Ended {
        let Self { issuer, state, metrics, admission, workers, listener, admin, ops, .. } = self;
        let readiness = Readiness::default();
        let work = tokio::spawn(Arc::clone(&issuer).run());
        workers.each(|| admission.lag().clone().watch());
        let app = match &admin {
            Some(_) => countersign_server::app_without_admin(state.clone()),
            None => countersign_server::app(state.clone()),
        };
        let health = countersign_server::ops(OpsState {
            issuer: Arc::clone(&issuer),
            metrics,
            readiness: readiness.clone(),
        });

        let (stop, stopped) = watch::channel(Phase::Serving);
        let until = |phase: Phase| {
            let mut stopped = stopped.clone();
            async move {
                // the sender outlives all of these
                let _ = stopped.wait_for(|now| *now >= phase).await;
            }
        };
        let conduct = async {
            shutdown.await;
            readiness.not_serving();
            stop.send_replace(Phase::Draining);
        };
        let admin = async {
            if let Some(listener) = admin {
                listener.serve(Door(countersign_server::admin_app(state)), until(Phase::Draining)).await;
            }
        };
        let serving = async {
            let ((), ended, ()) =
                tokio::join!(conduct, listener.serve(Door(app), until(Phase::Draining)), admin);
            stop.send_replace(Phase::Ended);
            ended
        };
        readiness.serving();
        let (ended, _) = tokio::join!(serving, ops.serve(Door(health), until(Phase::Ended)));

        work.abort();
        let _ = work.await; // its last write is over before ours begins
        issuer.flush_uses().await;
        close(&issuer).await;
        drop(workers); // last: the database's connections may live on their runtimes
        ended
    }
}

/// Leaves the database in order, so that its file alone is all of it; a database that does not let go is left as it is.
pub(crate) async fn close(issuer: &Issuer) {
    if tokio::time::timeout(CLOSE, issuer.close()).await.is_err() {
        tracing::warn!("the database did not close within {CLOSE:?}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    Draining,
    /// Nothing is in flight any more: the ops listener may go too.
    Ended,
}

async fn issuer(
    config: &Config,
    public_url: String,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<Issuer>, Failure> {
    let database = database(config)?;
    let keys_path = config.storage.keys.clone().unwrap_or_else(|| config.storage.data.join("keys"));
    let found = keys_file::find(&keys_path, may_be_new(&database), &**random)?;
    let store = countersign_store::open(&database).await;
    let store = store.map_err(|error| not_opened(&error, found.made.as_deref(), &database))?;
    let parts = Parts {
        store,
        keys: found.keys,
        clock: Arc::clone(clock),
        random: Arc::clone(random),
        settings: Settings {
            public_url,
            default_realm: config.realms.default_realm.clone(),
            max_clients: config.realms.max_clients,
        },
    };
    Issuer::open(parts).await.map_err(|error| refused(&error, found.made, &database))
}

fn not_opened(error: &StoreOpenError, made: Option<&Path>, database: &DatabaseUrl) -> Failure {
    // made for a database that is not there: it must not be mistaken for another's
    if let Some(made) = made {
        let _ = std::fs::remove_file(made);
    }
    let failure = Failure::new(with_causes(error));
    match (error, database) {
        (StoreOpenError::File { .. } | StoreOpenError::Connect(_), DatabaseUrl::Sqlite(_)) => failure.next(format!(
            "check that {database} is a database of countersign, and that this user may read and write it and its folder"
        )),
        (StoreOpenError::Connect(_), DatabaseUrl::Postgres(_)) => failure.next(
            "check that the database runs, and host, port, name, user and password in --database URL",
        ),
        _ => failure,
    }
}

fn refused(error: &OpenError, made: Option<PathBuf>, database: &DatabaseUrl) -> Failure {
    let failure = Failure::new(with_causes(error));
    match error {
        OpenError::Taken(_) => failure.next(format!(
            "stop the other server on {database}, or give this one a data folder of its own with --data"
        )),
        OpenError::ForeignKeys(_) => {
            // made for a database that turned out to have others: it must not be mistaken for theirs
            if let Some(made) = made {
                let _ = std::fs::remove_file(made);
            }
            failure.next("name the file of master keys that was made with this database with --keys")
        }
        _ => failure,
    }
}

/// The first draw seeds the generator for the whole process and takes longer than all else at a start: it happens on
/// another processor while the database is opened. Whoever draws meanwhile waits for it.
fn seed_beside(random: &Arc<dyn Random>) {
    let random = Arc::clone(random);
    tokio::task::spawn_blocking(move || random.fill(&mut [0]));
}

fn bind(network: &Network) -> Result<Listener, Failure> {
    Ok(match network.listen.as_slice() {
        [first, ..] if network.both_loopbacks => Listener::bind_loopback(first.port())?,
        addresses => Listener::bind(addresses)?,
    })
}

fn make_folder(data: &Path) -> Result<(), Failure> {
    private_file::folder(data).map_err(|error| {
        Failure::new(format!("cannot make the data folder {}: {error}", data.display()))
            .next("name another with --data, or let this user write there")
    })
}

fn tls(config: &Config, data: &Path, clock: &dyn Clock) -> Result<(Option<Tls>, Option<dev::Dev>), Failure> {
    match &config.tls {
        config::Tls::Off => Ok((None, None)),
        config::Tls::Files { cert, key } => {
            Ok((Some(Tls::load(Files { cert: cert.clone(), key: key.clone() })?), None))
        }
        config::Tls::Dev => {
            let folder = data.join("tls-dev");
            private_file::folder(&folder).map_err(Failure::new)?;
            let since = Duration::from_secs(u64::try_from(clock.now().0).unwrap_or_default());
            let dev = dev::certificate(&folder, &public_host(config), SystemTime::UNIX_EPOCH + since)?;
            Ok((Some(Tls::load(dev.files.clone())?), Some(dev)))
        }
    }
}

/// A certificate of the operator's is for the public name; everything else is for the address.
fn admin_url(config: &Config, listen: SocketAddr) -> String {
    let at = |ip: IpAddr| match ip {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let (scheme, host) = match &config.tls {
        config::Tls::Off => ("http", at(listen.ip())),
        config::Tls::Dev => ("https", at(listen.ip())),
        config::Tls::Files { .. } => {
            ("https", public_host(config).pop().unwrap_or_else(|| "localhost".to_owned()))
        }
    };
    format!("{scheme}://{host}:{}", listen.port())
}

/// The name that callers use, where it is not `localhost`.
fn public_host(config: &Config) -> Vec<String> {
    let PublicUrl::Given(url) = &config.network.public_url else { return Vec::new() };
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).into_iter().collect()
}

fn limits(limits: &config::Limits) -> Limits {
    Limits {
        connections: limits.connections,
        head_timeout: limits.head_timeout,
        handshake_timeout: limits.handshake_timeout,
        idle_timeout: limits.idle_timeout,
        write_timeout: limits.write_timeout,
        drain_timeout: limits.drain_timeout,
        ..Limits::default()
    }
}

/// For the database to finish what is under way.
const CLOSE: Duration = Duration::from_secs(5);
/// Who did what a start did, in the audit trail.
const START: &str = "start";

#[cfg(test)]
mod tests {
    use countersign_client::Endpoint;
    use countersign_server::config::{Layers, settings};

    use super::*;

    /// No server takes a public URL that our own clients would not call.
    #[test]
    fn server_and_client_have_one_rule_for_plain_http() {
        let setting = settings().find(|setting| setting.key == "public_url").unwrap();
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "auth.localhost",
            "localhost.example",
            "127.0.0.1:8080",
            "127.1",
            "127.0.0.1.example",
            "0.0.0.0",
            "[::1]:8080",
            "[::2]",
            "[::ffff:127.0.0.1]",
            "auth.example",
        ] {
            let url = format!("http://{host}");
            let mut layers = Layers::default();
            layers.flag(setting, vec![url.clone()]);
            assert_eq!(Config::read(&layers).is_ok(), Endpoint::parse(&url).is_ok(), "{url}");
        }
    }
}
