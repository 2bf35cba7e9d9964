//! What can go wrong: at opening, and what a database's errors mean to a store.

use std::path::PathBuf;

use countersign_issuer::store::StoreError;
use sqlx::error::ErrorKind;

use crate::engine::Engine;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file of a SQLite database cannot be made or found.
    #[error("cannot open the database file {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database does not answer, or does not let us in.
    #[error("cannot open the database: {0}")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// PostgreSQL older than 15.
    #[error("the database runs PostgreSQL {0}; countersign needs PostgreSQL 15 or later")]
    OldServer(String),
    /// Tables that a later version of this program made.
    #[error(
        "the database has tables of a newer countersign (schema {found}, this program knows {known}): \
         run that version or a later one, or restore a backup from before the upgrade"
    )]
    Newer {
        /// The schema version of the database.
        found: i64,
        /// The last one that this program knows.
        known: i64,
    },
    /// Tables that this program did not make.
    #[error("the tables of schema version {0} were not made by countersign as it was released")]
    Altered(i64),
    /// Tables must be changed, and another server uses the database.
    #[error("the database must be upgraded first: {0}")]
    Taken(String),
    /// The change of tables failed; what it did is undone.
    #[error("cannot bring the database to this version: {0}")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Says a database's error in the store's words.
pub(crate) fn store_error<DB: Engine>(error: sqlx::Error) -> StoreError {
    let sqlx::Error::Database(database) = &error else { return unavailable(error) };
    match database.kind() {
        ErrorKind::UniqueViolation => StoreError::Conflict(DB::unique(database.as_ref())),
        // Something that a row belongs to is gone, or never was.
        ErrorKind::ForeignKeyViolation => StoreError::Missing,
        _ if DB::damaged(database.as_ref()) => StoreError::Corrupt(database.to_string()),
        _ => unavailable(error),
    }
}

/// The database cannot do it now.
pub(crate) fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}
