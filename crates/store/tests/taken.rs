//! A database is one server's at a time, and free again when that ends, however it ends.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what fails in a test must be seen")]

// The testkit's own file: depending on the testkit would build the whole server before these tests.
#[path = "../../testkit/src/postgres.rs"]
pub mod databases;

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command as Process, Stdio};

use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::realm::{Profile, Realm};
use countersign_issuer::store::{Command, StoreError, Trail};
use countersign_proto::time::UnixTime;
use countersign_store::{DatabaseUrl, open};
use databases::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[tokio::test]
async fn a_sqlite_database_is_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    is_taken_once(&DatabaseUrl::sqlite(dir.path().join("one.db"))).await;
}

#[tokio::test]
async fn a_postgres_database_is_taken_once() {
    let Some(database) = TestDatabase::create() else { return };
    is_taken_once(&DatabaseUrl::parse(database.url()).unwrap()).await;
}

/// A lock that the database let go of is taken again before anything is changed; if another server was faster, nothing is.
#[tokio::test]
async fn a_lost_postgres_lock_is_taken_again_or_nothing_is_changed() {
    let Some(database) = TestDatabase::create() else { return };
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let (first, second) = (open(&url).await.unwrap(), open(&url).await.unwrap());
    first.take().await.unwrap();

    end_lock(database.url()).await;
    first.ping().await.unwrap();
    assert!(matches!(second.take().await, Err(StoreError::Taken(_))), "the first has it again");

    end_lock(database.url()).await;
    first.execute(create(1), audit()).await.unwrap();
    assert!(matches!(second.take().await, Err(StoreError::Taken(_))), "the first has it again");

    end_lock(database.url()).await;
    second.take().await.unwrap();
    assert!(matches!(first.ping().await, Err(StoreError::Taken(_))));
    assert!(matches!(first.execute(create(2), audit()).await, Err(StoreError::Taken(_))));
    drop(second);
    first.ping().await.unwrap();
    first.execute(create(2), audit()).await.unwrap();
}

/// Ends the connection that has the lock, as a restart of the database would, and waits until it is gone.
async fn end_lock(url: &str) {
    const HOLDERS: &str = "FROM pg_locks JOIN pg_database ON pg_database.oid = database \
                           WHERE locktype = 'advisory' AND datname = current_database()";
    let mut connection = PgConnection::connect(url).await.unwrap();
    let end = AssertSqlSafe(format!("SELECT pg_terminate_backend(pid) {HOLDERS}"));
    assert_eq!(sqlx::query(end).fetch_all(&mut connection).await.unwrap().len(), 1);
    while !sqlx::query(AssertSqlSafe(format!("SELECT pid {HOLDERS}")))
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
}

/// Another way to the same file is the same database.
#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_same_lock() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("one.db"), dir.path().join("link.db"));
    let first = open(&DatabaseUrl::sqlite(&path)).await.unwrap();
    first.take().await.unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let second = open(&DatabaseUrl::sqlite(&link)).await.unwrap();
    assert!(matches!(second.take().await, Err(StoreError::Taken(_))));
}

async fn is_taken_once(url: &DatabaseUrl) {
    let first = open(url).await.unwrap();
    let second = open(url).await.unwrap();
    first.take().await.unwrap();
    first.take().await.unwrap();
    let error = second.take().await.expect_err("the first has it");
    assert!(matches!(error, StoreError::Taken(_)), "{error}");
    let text = error.to_string();
    assert!(text.contains("another countersign server uses this database"), "{text}");
    assert!(text.contains("stop it first"), "{text}");
    drop(first);
    second.take().await.unwrap();
}

/// A process that is killed while it writes frees the database and leaves it whole, with all that it was told is kept.
#[tokio::test]
async fn a_killed_process_frees_its_sqlite_database() {
    if let Ok(url) = env::var(CHILD) {
        return write_until_killed(&url).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("killed.db");
    outlives_a_kill(&format!("sqlite:{}", path.display()), "a_killed_process_frees_its_sqlite_database")
        .await;
}

/// The same on PostgreSQL.
#[tokio::test]
async fn a_killed_process_frees_its_postgres_database() {
    if let Ok(url) = env::var(CHILD) {
        return write_until_killed(&url).await;
    }
    let Some(database) = TestDatabase::create() else { return };
    outlives_a_kill(database.url(), "a_killed_process_frees_its_postgres_database").await;
}

async fn outlives_a_kill(url: &str, test: &str) {
    let mut child = Process::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, url)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Killed)
        .unwrap();
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut told = 0;
    while told < 30 {
        let line = lines.next().expect("the child goes on writing").unwrap();
        told = line.strip_prefix(TOLD).map_or(told, |revision| revision.parse().unwrap());
    }

    // as long as it lives, the database is its own
    let url = DatabaseUrl::parse(url).unwrap();
    let store = open(&url).await.unwrap();
    assert!(matches!(store.take().await, Err(StoreError::Taken(_))));
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    store.take().await.unwrap();

    for line in lines {
        told = line.unwrap().strip_prefix(TOLD).and_then(|revision| revision.parse().ok()).unwrap_or(told);
    }
    let (revision, realms) = store.realms().await.unwrap();
    // one more may be kept than it lived to tell of
    assert!(revision == told || revision == told + 1, "{revision}, {told}");
    let count = usize::try_from(revision).unwrap();
    assert_eq!(realms.len(), count);
    assert_eq!(store.changes_since(0, u32::MAX).await.unwrap().len(), count);
    assert_eq!(store.audit(Trail::OfName("r"), None, u32::MAX).await.unwrap().len(), count);
    assert_eq!(store.execute(create(revision + 1), audit()).await.unwrap(), revision + 1);
}

/// The child's part.
async fn write_until_killed(url: &str) {
    let store = open(&DatabaseUrl::parse(url).unwrap()).await.unwrap();
    store.take().await.unwrap();
    let mut stdout = std::io::stdout();
    writeln!(stdout).unwrap();
    for n in 1.. {
        let revision = store.execute(create(n), audit()).await.unwrap();
        writeln!(stdout, "{TOLD}{revision}").unwrap();
    }
}

fn create(n: i64) -> Command {
    let realm = Realm {
        id: n.to_string(),
        name: n.to_string(),
        issuer: None,
        hosts: vec![],
        profile: Profile::Rfc9068,
        template: None,
        dialects: vec![],
        algorithm: None,
        token_lifetime: None,
        enabled: true,
        created_at: UnixTime(n),
        updated_at: UnixTime(n),
        revision: 0,
    };
    Command::CreateRealm { realm, apis: vec![], keys: vec![] }
}

fn audit() -> AuditRecord {
    AuditRecord {
        id: 0,
        at: UnixTime(0),
        event: AuditEvent::RealmCreated,
        realm: "r".to_owned(),
        actor: String::new(),
        subject: String::new(),
        request_id: String::new(),
        detail: serde_json::Value::Null,
    }
}

/// A child that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tells the child its database.
const CHILD: &str = "COUNTERSIGN_TEST_CHILD_DATABASE";
const TOLD: &str = "told ";
