//! The audit trail: written with the change that it tells of, never changed.

use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::store::{StoreError, Trail};

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// Records of a trail, newest first, those older than `before`, at most `limit`.
///
/// A realm's creation is recorded in the commit that makes it, and no two realms have a name at a time: the last
/// creation under the name of a realm that is there is its own, however fast one follows another.
pub(crate) async fn page<DB: Sql>(
    session: &mut Session<DB>,
    trail: Trail<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditRecord>, StoreError> {
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit));
    let statement = match trail {
        Trail::OfName(name) => {
            sql("SELECT id, at, event, realm, actor, subject, request_id, detail FROM audit \
                 WHERE realm = $1 AND id < $2 ORDER BY id DESC LIMIT $3")
            .bind(name)
            .bind(before)
            .bind(limit)
        }
        Trail::OfRealm(realm) => {
            sql("SELECT id, at, event, realm, actor, subject, request_id, detail FROM audit \
                 WHERE realm = $1 AND id < $2 \
                 AND id >= (SELECT MAX(made.id) FROM audit AS made WHERE made.realm = $1 AND made.event = $4) \
                 AND EXISTS (SELECT 1 FROM realm AS own WHERE own.id = $5 AND own.name = $1) \
                 ORDER BY id DESC LIMIT $3")
            .bind(&realm.name)
            .bind(before)
            .bind(limit)
            .bind(AuditEvent::RealmCreated.as_str())
            .bind(&realm.id)
        }
    };
    session.all(statement).await
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
