//! Reading the audit trail; what is written there is written by each command, in its own commit.

use countersign_proto::admin::{AuditBody, Page};

use super::page::cursor;
use super::{AdminError, Administrator, PageAsk, Right, rule};
use crate::audit::AuditRecord;
use crate::issuer::Issuer;
use crate::refusal::Fault;
use crate::store::{RealmName, Trail};

impl Issuer {
    /// Lists what happened in a realm, newest first; `audit:read`.
    ///
    /// An administrator of all realms reads the trail of a deleted realm, too. One of a single realm reads its trail
    /// alone: before it there may have been a namesake of somebody else's.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_audit(
        &self,
        by: &Administrator,
        realm: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<AuditBody>, AdminError> {
        by.may(Right::AuditRead, realm)?;
        let view = self.realm(realm);
        let missing = || AdminError::NotFound(format!("there is no realm {realm:?}"));
        // Nothing but a name that a realm can have had reaches the store.
        rule::realm_name(realm).map_err(|_| missing())?;
        let own = match &view {
            Some(view) => Some(RealmName { id: view.id().to_owned(), name: realm.to_owned() }),
            None if !by.is_everywhere() => return Err(missing()),
            None => None,
        };
        let trail = match &own {
            Some(own) if !by.is_everywhere() => Trail::OfRealm(own),
            _ => Trail::OfName(realm),
        };
        let (limit, before) = (ask.limit()?, before(ask)?);
        let one_more = u32::try_from(limit + 1).unwrap_or(u32::MAX);
        let mut records = self.store().audit(trail, before, one_more).await.map_err(Fault::from)?;
        if view.is_none() && records.is_empty() && before.is_none() {
            return Err(missing());
        }
        let more = records.len() > limit;
        records.truncate(limit);
        let last = records.last().map(|record| cursor("audit", &record.id.to_string()));
        Ok(Page { items: records.into_iter().map(body).collect(), next: last.filter(|_| more) })
    }
}

fn before(ask: &PageAsk<'_>) -> Result<Option<i64>, AdminError> {
    let Some(key) = ask.after("audit")? else { return Ok(None) };
    let id = key.parse().ok().filter(|id: &i64| *id >= 0 && id.to_string() == key);
    id.map(Some).ok_or_else(PageAsk::foreign_cursor)
}

fn body(record: AuditRecord) -> AuditBody {
    AuditBody {
        id: record.id.to_string(),
        at: record.at,
        event: record.event.to_string(),
        realm: record.realm,
        actor: record.actor,
        subject: record.subject,
        request_id: record.request_id,
        detail: record.detail,
    }
}
