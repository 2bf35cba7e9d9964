//! PostgreSQL 15 or later: one pool, and an advisory lock that keeps a second server away.

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use countersign_issuer::store::{Store, StoreError, Unique};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgQueryResult};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Postgres, Row as _};
use tokio::sync::Mutex;

use crate::engine::{Engine, Lock};
use crate::error::{OpenError, unavailable};
use crate::migrations;
use crate::store::SqlStore;

/// Opens the database at `url`.
pub(crate) async fn open(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(connect)?.application_name("countersign");
    // not through the pool, which would wait for a database that is not there, and then not say why
    let mut connection = options.connect().await.map_err(connect)?;
    check_version(&mut connection).await?;
    let lock = AdvisoryLock { options: options.clone(), held: Mutex::default() };
    let ours = migrations::migrations(MIGRATIONS);
    if !migrations::are_applied(&mut connection, &ours).await? {
        let alone = lock.lock().await.map_err(migrations::not_alone)?;
        migrations::apply(&mut connection, &ours).await?;
        alone.close().await.map_err(connect)?;
    }
    connection.close().await.map_err(connect)?;
    let pool =
        PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(WAIT).connect_lazy_with(options);
    Ok(Arc::new(SqlStore { readers: pool.clone(), writers: pool, lock: Box::new(lock) }))
}

impl Engine for Postgres {
    const BEGIN_READ: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    /// The revision row keeps writers apart, and each statement behind it sees all that was committed before.
    const BEGIN_WRITE: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

    fn affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }

    fn unique(error: &dyn DatabaseError) -> Unique {
        match error.constraint() {
            Some("realm_name_unique") => Unique::RealmName,
            Some("realm_issuer_unique") => Unique::Issuer,
            Some("realm_host_unique") => Unique::Host,
            Some("api_identifier_unique") => Unique::ApiIdentifier,
            Some("scope_name_unique") => Unique::ScopeName,
            Some("client_id_unique") => Unique::ClientId,
            _ => Unique::Other,
        }
    }

    fn damaged(error: &dyn DatabaseError) -> bool {
        matches!(error.code().as_deref(), Some("XX001" | "XX002"))
    }
}

/// An advisory lock on a connection of its own: the server frees it when that connection ends, however it ends.
struct AdvisoryLock {
    options: PgConnectOptions,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Whether the database was taken, and so is to be ours from then on.
    taken: bool,
    connection: Option<PgConnection>,
}

impl AdvisoryLock {
    /// Locks the database; waits a little for a holder that is just leaving.
    async fn lock(&self) -> Result<PgConnection, StoreError> {
        let mut connection = self.options.connect().await.map_err(unavailable)?;
        for _ in 0..ATTEMPTS {
            let row =
                sqlx::query("SELECT pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut connection).await;
            if row.and_then(|row| row.try_get(0)).map_err(unavailable)? {
                return Ok(connection);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(StoreError::Taken(
            "another countersign server uses this database (it holds its advisory lock); stop it first: \
             several servers on one database are not supported yet"
                .to_owned(),
        ))
    }
}

#[async_trait::async_trait]
impl Lock for AdvisoryLock {
    async fn take(&self) -> Result<(), StoreError> {
        let mut held = self.held.lock().await;
        if let Some(connection) = &mut held.connection
            && matches!(tokio::time::timeout(WAIT, is_locked(connection)).await, Ok(Ok(true)))
        {
            return Ok(());
        }
        held.connection = None;
        held.connection = Some(self.lock().await?);
        held.taken = true;
        Ok(())
    }

    /// A connection that ended, by a restart of the database or by a fault of the network, has lost the lock.
    async fn hold(&self) -> Result<(), StoreError> {
        if self.held.lock().await.taken { self.take().await } else { Ok(()) }
    }
}

/// Whether this connection has the lock; asked of the database, since there may be something between it and us.
async fn is_locked(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objsubid = 1 \
         AND objid::bigint = $1 AND pid = pg_backend_pid())",
    )
    .bind(LOCK)
    .fetch_one(connection)
    .await?;
    row.try_get(0)
}

async fn check_version(connection: &mut PgConnection) -> Result<(), OpenError> {
    let row = sqlx::query("SELECT current_setting('server_version_num'), current_setting('server_version')")
        .fetch_one(connection)
        .await
        .map_err(connect)?;
    let number: String = row.try_get(0).map_err(connect)?;
    let name: String = row.try_get(1).map_err(connect)?;
    if is_supported(&number) { Ok(()) } else { Err(OpenError::OldServer(name)) }
}

fn is_supported(server_version_num: &str) -> bool {
    server_version_num.parse().is_ok_and(|number: u32| number >= OLDEST)
}

fn connect(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Box::new(error))
}

const MIGRATIONS: &[(&str, &str)] = &[("registry", include_str!("../migrations/postgres/0001_registry.sql"))];

/// PostgreSQL 15.0, as `server_version_num` writes it.
const OLDEST: u32 = 150_000;

const CONNECTIONS: u32 = 8;
/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(10);

/// Our key among the advisory locks of a database: `csgn` in ASCII.
const LOCK: i64 = 0x6373_676e;
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_postgresql_15() {
        for (number, supported) in [
            ("150000", true),
            ("170002", true),
            ("149999", false),
            ("90624", false),
            ("", false),
            ("15", false),
        ] {
            assert_eq!(is_supported(number), supported, "{number}");
        }
    }
}
