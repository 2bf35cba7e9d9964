//! What is registered, on SQLite and PostgreSQL: the [`Store`] of both, and the only crate that sees SQL.
//!
//! One text of each statement and one body of each command serve both databases; `sqlite` and `postgres` hold what
//! differs: how to connect, how to begin, how to take the database for one server, and how the database names a
//! broken rule.

mod api;
mod audit;
mod change;
mod client;
mod engine;
mod error;
mod execute;
mod feed;
mod grant;
mod key;
mod migrations;
mod postgres;
mod realm;
mod row;
mod secret;
mod session;
mod sqlite;
mod statement;
mod store;
mod url;

use std::sync::Arc;

use countersign_issuer::store::Store;

pub use self::error::OpenError;
pub use self::url::{DatabaseUrl, UrlError};

/// Opens a database, makes it if it is a SQLite file that is not there yet, and brings its tables up to this version.
///
/// Tables are changed only while no server uses the database. Opening does not keep it for this process: that is
/// [`Store::take`].
///
/// # Errors
/// [`OpenError`], whose text says what to do.
pub async fn open(url: &DatabaseUrl) -> Result<Arc<dyn Store>, OpenError> {
    match url {
        DatabaseUrl::Sqlite(path) => sqlite::open(path).await,
        DatabaseUrl::Postgres(url) => postgres::open(url).await,
    }
}
