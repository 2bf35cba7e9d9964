//! [`SqlStore`]: the [`Store`] on either database.

use async_trait::async_trait;
use countersign_issuer::audit::AuditRecord;
use countersign_issuer::client::ClientRecord;
use countersign_issuer::store::{
    Change, Command, RealmName, RealmRecord, SecretUse, Store, StoreError, Trail,
};
use sqlx::Pool;

use crate::engine::{Lock, Sql};
use crate::session::Session;
use crate::statement::sql;
use crate::{audit, client, execute, feed, realm, secret};

/// A store on an SQL database.
pub(crate) struct SqlStore<DB: Sql> {
    /// Where reads go.
    pub(crate) readers: Pool<DB>,
    /// Where changes go; on PostgreSQL the same.
    pub(crate) writers: Pool<DB>,
    /// What keeps other servers away.
    pub(crate) lock: Box<dyn Lock>,
}

#[async_trait]
impl<DB: Sql> Store for SqlStore<DB> {
    async fn take(&self) -> Result<(), StoreError> {
        self.lock.take().await
    }

    async fn close(&self) {
        self.readers.close().await;
        // the last to leave: its going brings the write-ahead log of SQLite into the file
        self.writers.close().await;
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.lock.hold().await?;
        self.revision().await.map(drop)
    }

    async fn keep(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut session = Session::write(&self.writers).await?;
        session
            .run(
                sql("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
                    .bind(key)
                    .bind(value),
            )
            .await?;
        let kept = session.one(sql("SELECT value FROM meta WHERE name = $1").bind(key)).await?;
        session.commit().await?;
        kept.ok_or_else(|| {
            StoreError::Corrupt(format!("table meta, row {key}: it was kept and is not there"))
        })
    }

    async fn keep_instead(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut session = Session::write(&self.writers).await?;
        session
            .run(
                sql("INSERT INTO meta (name, value) VALUES ($1, $2) \
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value")
                .bind(key)
                .bind(value),
            )
            .await?;
        session.commit().await
    }

    async fn revision(&self) -> Result<i64, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let revision = feed::revision(&mut session).await?;
        session.commit().await?;
        Ok(revision)
    }

    async fn changes_since(&self, revision: i64, limit: u32) -> Result<Vec<Change>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let changes = feed::since(&mut session, revision, limit).await?;
        session.commit().await?;
        Ok(changes)
    }

    async fn realms(&self) -> Result<(i64, Vec<RealmRecord>), StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let revision = feed::revision(&mut session).await?;
        let realms = realm::read(&mut session, None).await?;
        session.commit().await?;
        Ok((revision, realms))
    }

    async fn realm_names(&self) -> Result<(i64, Vec<RealmName>), StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let revision = feed::revision(&mut session).await?;
        let names = session.all(sql("SELECT id, name FROM realm ORDER BY name")).await?;
        session.commit().await?;
        Ok((revision, names))
    }

    async fn realm(&self, id: &str) -> Result<Option<RealmRecord>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let mut realms = realm::read(&mut session, Some(id)).await?;
        session.commit().await?;
        Ok(realms.pop())
    }

    async fn client(&self, realm_id: &str, client_id: &str) -> Result<Option<ClientRecord>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let client = client::read(&mut session, realm_id, client_id).await?;
        session.commit().await?;
        Ok(client)
    }

    async fn clients(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ClientRecord>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let clients = client::page(&mut session, realm_id, after, limit).await?;
        session.commit().await?;
        Ok(clients)
    }

    async fn client_ids(
        &self,
        realm_id: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let ids = client::ids(&mut session, realm_id, after, limit).await?;
        session.commit().await?;
        Ok(ids)
    }

    async fn count_clients(&self, realm_id: &str) -> Result<i64, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let count = sql("SELECT COUNT(*) FROM client WHERE realm_id = $1").bind(realm_id);
        let count = session.one(count).await?;
        session.commit().await?;
        Ok(count.unwrap_or(0))
    }

    async fn audit(
        &self,
        trail: Trail<'_>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let mut session = Session::read(&self.readers).await?;
        let records = audit::page(&mut session, trail, before, limit).await?;
        session.commit().await?;
        Ok(records)
    }

    async fn execute(&self, command: Command, audit: AuditRecord) -> Result<i64, StoreError> {
        // Two servers that both change a database would each not see what the other did.
        self.lock.hold().await?;
        execute::execute(&self.writers, &command, &audit).await
    }

    async fn record_use(&self, uses: &[SecretUse]) -> Result<(), StoreError> {
        if uses.is_empty() {
            return Ok(());
        }
        let mut session = Session::write(&self.writers).await?;
        secret::record_use(&mut session, uses).await?;
        session.commit().await
    }
}
