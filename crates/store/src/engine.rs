//! What is asked of a database: [`Engine`] is what differs between the two, [`Sql`] what every sqlx driver brings.
//!
//! The bounds that a generic body over sqlx needs stand once, at the blanket implementation of [`Sql`]; every other
//! function asks for `DB: Sql` and nothing else.

use countersign_issuer::store::{StoreError, Unique};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::database::HasStatementCache;
use sqlx::error::DatabaseError;
use sqlx::{ColumnIndex, Database, Decode, Encode, Executor, IntoArguments, Row as _, Type};

use crate::statement::{Statement, Value};

/// What differs between the databases.
pub(crate) trait Engine: Database + HasStatementCache {
    /// Begins a transaction that sees one state of the database throughout.
    const BEGIN_READ: &'static str;

    /// Begins a transaction that writes; it never has to be tried again because another wrote too.
    const BEGIN_WRITE: &'static str;

    /// How many rows a statement touched.
    fn affected(result: &Self::QueryResult) -> u64;

    /// Which name was taken, from the error that a broken UNIQUE made.
    fn unique(error: &dyn DatabaseError) -> Unique;

    /// Whether the error means that the database itself is damaged.
    fn damaged(error: &dyn DatabaseError) -> bool;
}

/// Keeps the database for one server.
#[async_trait::async_trait]
pub(crate) trait Lock: Send + Sync + 'static {
    /// Takes the database until the lock is dropped; taking it twice is taking it once.
    async fn take(&self) -> Result<(), StoreError>;

    /// Makes sure that the database is still ours, where it was taken at all; takes it again if it was lost.
    async fn hold(&self) -> Result<(), StoreError>;
}

/// Runs statements and reads cells.
pub(crate) trait Sql: Engine {
    /// Runs a statement; says how many rows it touched.
    fn run<'a>(
        connection: &'a mut Self::Connection,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, Result<u64, sqlx::Error>>;

    /// Runs a statement; gives its rows as they come.
    fn rows<'a>(
        connection: &'a mut Self::Connection,
        statement: Statement<'a>,
    ) -> BoxStream<'a, Result<Self::Row, sqlx::Error>>;

    /// The integer in column `at`.
    fn int(row: &Self::Row, at: usize) -> Result<Option<i64>, sqlx::Error>;

    /// The text in column `at`.
    fn text(row: &Self::Row, at: usize) -> Result<Option<&str>, sqlx::Error>;

    /// The bytes in column `at`.
    fn bytes(row: &Self::Row, at: usize) -> Result<Option<&[u8]>, sqlx::Error>;

    /// The boolean in column `at`.
    fn bool(row: &Self::Row, at: usize) -> Result<Option<bool>, sqlx::Error>;
}

impl<DB> Sql for DB
where
    DB: Engine,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    usize: ColumnIndex<DB::Row>,
    for<'v> i64: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> bool: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> &'v str: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> &'v [u8]: Encode<'v, DB> + Decode<'v, DB> + Type<DB>,
    for<'v> Option<i64>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<&'v str>: Encode<'v, DB> + Type<DB>,
{
    fn run<'a>(
        connection: &'a mut DB::Connection,
        statement: Statement<'a>,
    ) -> BoxFuture<'a, Result<u64, sqlx::Error>> {
        async move { Ok(DB::affected(&query(statement).execute(connection).await?)) }.boxed()
    }

    fn rows<'a>(
        connection: &'a mut DB::Connection,
        statement: Statement<'a>,
    ) -> BoxStream<'a, Result<DB::Row, sqlx::Error>> {
        query(statement).fetch(connection)
    }

    fn int(row: &DB::Row, at: usize) -> Result<Option<i64>, sqlx::Error> {
        row.try_get(at)
    }

    fn text(row: &DB::Row, at: usize) -> Result<Option<&str>, sqlx::Error> {
        row.try_get(at)
    }

    fn bytes(row: &DB::Row, at: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        row.try_get(at)
    }

    fn bool(row: &DB::Row, at: usize) -> Result<Option<bool>, sqlx::Error> {
        row.try_get(at)
    }
}

fn query<'q, DB>(statement: Statement<'_>) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    DB: Engine,
    for<'v> bool: Encode<'v, DB> + Type<DB>,
    for<'v> &'v [u8]: Encode<'v, DB> + Type<DB>,
    for<'v> Option<i64>: Encode<'v, DB> + Type<DB>,
    for<'v> Option<&'v str>: Encode<'v, DB> + Type<DB>,
{
    debug_assert!(statement.is_complete(), "values and placeholders differ: {}", statement.text.as_str());
    let query = sqlx::query(statement.text);
    let query = statement.values.iter().fold(query, |query, value| match *value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Bool(value) => query.bind(value),
    });
    query.persistent(statement.kept)
}
