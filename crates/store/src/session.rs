//! One transaction: statements in, records out; dropped without a commit, it leaves nothing.

use countersign_issuer::store::StoreError;
use futures_util::TryStreamExt as _;
use sqlx::{Pool, Transaction};

use crate::engine::Sql;
use crate::error::store_error;
use crate::row::{Cells, Record};
use crate::statement::Statement;

/// A transaction.
pub(crate) struct Session<DB: Sql>(Transaction<'static, DB>);

impl<DB: Sql> Session<DB> {
    /// Begins one that reads a single state of the database.
    pub(crate) async fn read(pool: &Pool<DB>) -> Result<Self, StoreError> {
        pool.begin_with(DB::BEGIN_READ).await.map(Self).map_err(store_error::<DB>)
    }

    /// Begins one that writes.
    pub(crate) async fn write(pool: &Pool<DB>) -> Result<Self, StoreError> {
        pool.begin_with(DB::BEGIN_WRITE).await.map(Self).map_err(store_error::<DB>)
    }

    /// Runs a statement; says how many rows it touched.
    pub(crate) async fn run(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        DB::run(&mut self.0, statement).await.map_err(store_error::<DB>)
    }

    /// All records that a statement gives.
    pub(crate) async fn all<T: Record + Send>(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = DB::rows(&mut self.0, statement);
        let mut records = Vec::new();
        while let Some(row) = rows.try_next().await.map_err(store_error::<DB>)? {
            records.push(T::read(&mut Cells::<DB>::new(&row, T::TABLE, T::KEY))?);
        }
        Ok(records)
    }

    /// The record that a statement gives, if it gives one.
    pub(crate) async fn one<T: Record + Send>(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.all(statement).await?.pop())
    }

    /// Keeps what was done.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await.map_err(store_error::<DB>)
    }
}
