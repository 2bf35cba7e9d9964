//! The change feed: one line for each revision.

use countersign_issuer::store::{Change as Line, StoreError, Touched};

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// The number of the last change.
pub(crate) async fn revision<DB: Sql>(session: &mut Session<DB>) -> Result<i64, StoreError> {
    let revision = session.one(sql("SELECT value FROM revision")).await?;
    revision.ok_or_else(|| StoreError::Corrupt("table revision has no row".to_owned()))
}

/// Changes after `revision`, oldest first, at most `limit`.
pub(crate) async fn since<DB: Sql>(
    session: &mut Session<DB>,
    revision: i64,
    limit: u32,
) -> Result<Vec<Line>, StoreError> {
    session
        .all(
            sql("SELECT revision, realm_id, touched, subject FROM change WHERE revision > $1 \
                 ORDER BY revision LIMIT $2")
            .bind(revision)
            .bind(i64::from(limit)),
        )
        .await
}

impl<DB: Sql> Change<DB> {
    /// Tells the others what to read again.
    pub(crate) async fn insert_line(&mut self, realm_id: &str, touched: &Touched) -> Result<(), StoreError> {
        let (touched, subject) = match touched {
            Touched::Realm => (REALM, ""),
            Touched::Client(client_id) => (CLIENT, client_id.as_str()),
            Touched::Grants(api_id) => (GRANTS, api_id.as_str()),
        };
        self.run(
            sql("INSERT INTO change (revision, realm_id, touched, subject) VALUES ($1, $2, $3, $4)")
                .bind(self.revision)
                .bind(realm_id)
                .bind(touched)
                .bind(subject),
        )
        .await?;
        Ok(())
    }
}

impl Record for Line {
    const TABLE: &'static str = "change";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        let (revision, realm_id, touched) = (cells.int()?, cells.string()?, cells.text()?);
        let touched = match touched {
            REALM => Touched::Realm,
            CLIENT => Touched::Client(cells.string()?),
            GRANTS => Touched::Grants(cells.string()?),
            _ => return Err(cells.corrupt("is neither realm nor client nor grants")),
        };
        Ok(Self { revision, realm_id, touched })
    }
}

const REALM: &str = "realm";
const CLIENT: &str = "client";
const GRANTS: &str = "grants";
