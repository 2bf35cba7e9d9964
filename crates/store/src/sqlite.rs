//! SQLite: a file in WAL mode, one writer, a few readers, and a lock file that keeps a second server away.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_issuer::store::{Store, StoreError, Unique};
use sqlx::Sqlite;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteQueryResult, SqliteSynchronous};
use tokio::sync::Mutex;

use crate::engine::{Engine, Lock};
use crate::error::{OpenError, unavailable};
use crate::migrations;
use crate::store::SqlStore;

/// Opens the database at `path`; makes it, readable by its owner alone, if it is not there.
pub(crate) async fn open(path: &Path) -> Result<Arc<dyn Store>, OpenError> {
    let path = create(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    let lock = FileLock { path: lock_path(&path), held: Mutex::new(None) };
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(BUSY)
        .pragma("cache_size", CACHE)
        .foreign_keys(true);
    let writers = SqlitePoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        // A revoked secret stays revoked when the power fails; the price is one fsync for each change.
        .connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Full));
    migrate(&writers, &lock).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .max_lifetime(None)
        .idle_timeout(IDLE)
        .acquire_timeout(WAIT)
        .test_before_acquire(false)
        .connect_lazy_with(options.pragma("query_only", "ON").row_buffer_size(ROWS));
    Ok(Arc::new(SqlStore { readers, writers, lock: Box::new(lock) }))
}

impl Engine for Sqlite {
    const BEGIN_READ: &'static str = "BEGIN";
    const BEGIN_WRITE: &'static str = "BEGIN IMMEDIATE";

    fn affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }

    fn unique(error: &dyn DatabaseError) -> Unique {
        match error.message().strip_prefix("UNIQUE constraint failed: ") {
            Some("realm.name") => Unique::RealmName,
            Some("realm.issuer") => Unique::Issuer,
            Some("realm_host.host") => Unique::Host,
            Some("api.realm_id, api.identifier") => Unique::ApiIdentifier,
            Some("scope.api_id, scope.name") => Unique::ScopeName,
            Some("client.realm_id, client.client_id") => Unique::ClientId,
            _ => Unique::Other,
        }
    }

    fn damaged(error: &dyn DatabaseError) -> bool {
        let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
        matches!(code & 0xff, CORRUPT | NOT_A_DATABASE)
    }
}

/// The lock file of a database, `{database}.lock`: the system frees it when its holder ends, however it ends.
struct FileLock {
    path: PathBuf,
    held: Mutex<Option<File>>,
}

impl FileLock {
    /// Locks the file; waits a little for a holder that is just leaving.
    async fn lock(&self) -> Result<File, StoreError> {
        let file = private().create(true).truncate(false).open(&self.path).map_err(unavailable)?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(unavailable(error)),
            }
        }
        Err(StoreError::Taken(format!(
            "another countersign server uses this database (it holds {}); stop it first: \
             several servers on one database are not supported yet",
            self.path.display()
        )))
    }
}

#[async_trait::async_trait]
impl Lock for FileLock {
    async fn take(&self) -> Result<(), StoreError> {
        let mut held = self.held.lock().await;
        if held.is_none() {
            *held = Some(self.lock().await?);
        }
        Ok(())
    }

    /// The system keeps the lock as long as the file is open.
    async fn hold(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

async fn migrate(pool: &sqlx::SqlitePool, lock: &FileLock) -> Result<(), OpenError> {
    let ours = migrations::migrations(MIGRATIONS);
    let mut connection = pool.acquire().await.map_err(connect)?;
    if migrations::are_applied(&mut *connection, &ours).await? {
        return Ok(());
    }
    let _alone = lock.lock().await.map_err(migrations::not_alone)?;
    // The mode stays with the file. Setting it at each connect would fail while another connection sets it too.
    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await.map_err(connect)?;
    migrations::apply(&mut *connection, &ours).await
}

fn connect(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Box::new(error))
}

/// Makes the file if it is not there; gives its one true path, so that every way to it leads to the same lock.
fn create(path: &Path) -> Result<PathBuf, std::io::Error> {
    private().create(true).truncate(false).open(path)?;
    fs::canonicalize(path)
}

fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// For files that only their owner may read: the database holds digests of secrets and sealed keys.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

const MIGRATIONS: &[(&str, &str)] = &[("registry", include_str!("../migrations/sqlite/0001_registry.sql"))];

/// How long a connection waits for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection.
const WAIT: Duration = Duration::from_secs(10);
/// After this time without work a reader is closed and its memory freed.
const IDLE: Duration = Duration::from_secs(60);
const READERS: u32 = 4;
/// Page cache of a connection: negative = KiB. The registry is in memory already.
const CACHE: &str = "-512";
/// Rows between the thread that reads and the task that wants them.
const ROWS: usize = 512;

const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Result codes of SQLite (`SQLITE_CORRUPT`, `SQLITE_NOTADB`).
const CORRUPT: i32 = 11;
const NOT_A_DATABASE: i32 = 26;
