//! One command under way: its transaction, the revision that it makes, and when.

use countersign_issuer::store::StoreError;
use countersign_proto::time::UnixTime;
use sqlx::Pool;

use crate::engine::Sql;
use crate::session::Session;
use crate::statement::{Statement, sql};

/// A change that is being made.
pub(crate) struct Change<DB: Sql> {
    pub(crate) session: Session<DB>,
    /// The revision that it makes.
    pub(crate) revision: i64,
    /// When it is made.
    pub(crate) at: UnixTime,
}

impl<DB: Sql> Change<DB> {
    /// Begins a change. Whoever holds the revision row is the only writer until its transaction ends: revisions are
    /// committed in their order.
    pub(crate) async fn begin(pool: &Pool<DB>, at: UnixTime) -> Result<Self, StoreError> {
        let mut session = Session::write(pool).await?;
        let revision = session.one(sql("UPDATE revision SET value = value + 1 RETURNING value")).await?;
        let revision = revision.ok_or_else(|| StoreError::Corrupt("table revision has no row".to_owned()))?;
        Ok(Self { session, revision, at })
    }

    /// Runs a statement; says how many rows it touched.
    pub(crate) async fn run(&mut self, statement: Statement<'_>) -> Result<u64, StoreError> {
        self.session.run(statement).await
    }

    /// Runs a statement that must touch a row.
    pub(crate) async fn must(&mut self, statement: Statement<'_>) -> Result<(), StoreError> {
        match self.run(statement).await? {
            0 => Err(StoreError::Missing),
            _ => Ok(()),
        }
    }

    /// Runs a statement that must touch a row at the expected revision; `found` reads the row's revision if it did not.
    pub(crate) async fn must_be_current(
        &mut self,
        statement: Statement<'_>,
        found: Statement<'_>,
    ) -> Result<(), StoreError> {
        if self.run(statement).await? > 0 {
            return Ok(());
        }
        match self.session.one::<i64>(found).await? {
            Some(_) => Err(StoreError::Stale),
            None => Err(StoreError::Missing),
        }
    }
}
