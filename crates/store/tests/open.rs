//! Opening: what is made, what is refused, and in which words.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "what fails in a test must be seen")]

// The testkit's own file: depending on the testkit would build the whole server before these tests.
#[path = "../../testkit/src/postgres.rs"]
pub mod databases;

use std::fs;
use std::path::Path;

use countersign_store::{DatabaseUrl, OpenError, open};
use databases::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use tokio::task::JoinSet;

/// The database holds digests of secrets and sealed keys: nobody but its owner reads any of its files.
#[cfg(unix)]
#[tokio::test]
async fn every_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let store = open(&DatabaseUrl::sqlite(dir.path().join("new.db"))).await.unwrap();
    store.take().await.unwrap();
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 4, "database, write-ahead log, its index, lock: {files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn what_was_kept_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["a.db", "with space % ? #.db", "-.db"] {
        let url = DatabaseUrl::sqlite(dir.path().join(path));
        open(&url).await.unwrap().keep("k", b"first").await.unwrap();
        let kept = open(&url).await.unwrap().keep("k", b"second").await.unwrap();
        assert_eq!(kept, b"first", "{path}");
    }
}

/// Whoever copies the one file of a store that was closed has all of it.
#[tokio::test]
async fn a_closed_database_is_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&DatabaseUrl::sqlite(dir.path().join("a.db"))).await.unwrap();
    store.take().await.unwrap();
    store.keep("k", b"first").await.unwrap();
    store.revision().await.unwrap(); // a reader is open too
    store.close().await;
    assert!(!dir.path().join("a.db-wal").exists());
    fs::copy(dir.path().join("a.db"), dir.path().join("copy.db")).unwrap();
    let copy = open(&DatabaseUrl::sqlite(dir.path().join("copy.db"))).await.unwrap();
    assert_eq!(copy.keep("k", b"second").await.unwrap(), b"first");
    assert!(store.ping().await.is_err(), "nothing can be asked of it any more");
}

#[tokio::test]
async fn many_may_open_a_new_sqlite_database_at_once() {
    let dir = tempfile::tempdir().unwrap();
    all_open(&DatabaseUrl::sqlite(dir.path().join("new.db"))).await;
}

#[tokio::test]
async fn many_may_open_a_new_postgres_database_at_once() {
    let Some(database) = TestDatabase::create() else { return };
    all_open(&DatabaseUrl::parse(database.url()).unwrap()).await;
}

async fn all_open(url: &DatabaseUrl) {
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let url = url.clone();
        tasks.spawn(async move { open(&url).await.unwrap().keep("k", b"v").await.unwrap() });
    }
    assert_eq!(tasks.join_all().await, vec![b"v"; 8]);
}

#[tokio::test]
async fn sqlite_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("newer.db");
    drop(open(&DatabaseUrl::sqlite(&path)).await.unwrap());
    run(&path, "INSERT INTO _sqlx_migrations SELECT 9, '', 0, TRUE, checksum, 0 FROM _sqlx_migrations").await;
    is_newer(open(&DatabaseUrl::sqlite(&path)).await.err());
}

#[tokio::test]
async fn postgres_of_a_newer_version_is_refused() {
    let Some(database) = TestDatabase::create() else { return };
    let url = DatabaseUrl::parse(database.url()).unwrap();
    drop(open(&url).await.unwrap());
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations SELECT 9, '', now(), TRUE, checksum, 0 FROM _sqlx_migrations";
    connection.execute(newer).await.unwrap();
    is_newer(open(&url).await.err());
}

fn is_newer(error: Option<OpenError>) {
    let error = error.expect("it is refused");
    assert!(matches!(error, OpenError::Newer { found: 9, known: 1 }), "{error}");
    assert!(error.to_string().contains("newer countersign (schema 9, this program knows 1)"));
}

#[tokio::test]
async fn altered_tables_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("altered.db");
    drop(open(&DatabaseUrl::sqlite(&path)).await.unwrap());
    run(&path, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
    let error = open(&DatabaseUrl::sqlite(&path)).await.err().expect("it is refused");
    assert!(matches!(error, OpenError::Altered(1)), "{error}");
}

/// Tables are not changed under a server that uses them.
#[tokio::test]
async fn a_database_in_use_is_not_upgraded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("used.db");
    let store = open(&DatabaseUrl::sqlite(&path)).await.unwrap();
    store.take().await.unwrap();
    run(&path, "DELETE FROM _sqlx_migrations").await;
    let error = open(&DatabaseUrl::sqlite(&path)).await.err().expect("it is refused");
    assert!(matches!(error, OpenError::Taken(_)), "{error}");
    assert!(error.to_string().contains("another countersign server uses this database"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text.db");
    fs::write(&path, "this is not a database".repeat(100)).unwrap();
    let error = open(&DatabaseUrl::sqlite(&path)).await.err().expect("it is refused");
    assert!(error.to_string().contains("not a database"), "{error}");

    let missing = dir.path().join("no/such/folder/x.db");
    let error = open(&DatabaseUrl::sqlite(&missing)).await.err().expect("it is refused");
    assert!(matches!(error, OpenError::File { .. }), "{error}");
    assert!(error.to_string().contains("no/such/folder/x.db"), "{error}");
}

/// A database that is not there is told of at once, with its reason.
#[tokio::test]
async fn no_postgres_is_told_of_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = DatabaseUrl::parse(&format!("postgres://me:hunter2@127.0.0.1:{port}/none")).unwrap();
    let opening = tokio::time::timeout(std::time::Duration::from_secs(5), open(&url)).await.unwrap();
    let error = opening.err().expect("it is refused");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}

async fn run(path: &Path, statement: &'static str) {
    let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}
