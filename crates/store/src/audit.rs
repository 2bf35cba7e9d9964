//! The audit trail: written with the change that it tells of, never changed.

use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::store::StoreError;

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// A realm's records, newest first, those older than `before`, at most `limit`.
pub(crate) async fn page<DB: Sql>(
    session: &mut Session<DB>,
    realm: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditRecord>, StoreError> {
    session
        .all(
            sql("SELECT id, at, event, realm, actor, subject, request_id, detail FROM audit \
                 WHERE realm = $1 AND id < $2 ORDER BY id DESC LIMIT $3")
            .bind(realm)
            .bind(before.unwrap_or(i64::MAX))
            .bind(i64::from(limit)),
        )
        .await
}

impl<DB: Sql> Change<DB> {
    /// The record's place in the trail is the revision that it tells of.
    pub(crate) async fn insert_audit(&mut self, audit: &AuditRecord) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO audit (id, at, event, realm, actor, subject, request_id, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(self.revision)
            .bind(audit.at)
            .bind(audit.event.as_str())
            .bind(&audit.realm)
            .bind(&audit.actor)
            .bind(&audit.subject)
            .bind(&audit.request_id)
            .bind(&audit.detail.to_string()),
        )
        .await?;
        Ok(())
    }
}

impl Record for AuditRecord {
    const TABLE: &'static str = "audit";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            id: cells.int()?,
            at: cells.time()?,
            event: cells.parse(AuditEvent::parse)?,
            realm: cells.string()?,
            actor: cells.string()?,
            subject: cells.string()?,
            request_id: cells.string()?,
            detail: cells.parse(|detail| serde_json::from_str(detail).ok())?,
        })
    }
}
