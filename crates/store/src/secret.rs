//! Secrets: their digests, and when they were last used.

use std::collections::BTreeMap;

use countersign_issuer::client::SecretRecord;
use countersign_issuer::store::{SecretUse, StoreError};
use countersign_proto::time::UnixTime;

use crate::change::Change;
use crate::client::OfClient;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::{Statement, sql};

/// The secrets of the clients from `first` to `last`, in the order of client ids, oldest first.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    first: &str,
    last: &str,
) -> Result<Vec<OfClient<SecretRecord>>, StoreError> {
    session
        .all(
            sql("SELECT client_id, id, digest, pepper, label, created_at, expires_at, last_used_at FROM secret \
                 WHERE realm_id = $1 AND client_id >= $2 AND client_id <= $3 ORDER BY client_id, place")
            .bind(realm_id)
            .bind(first)
            .bind(last),
        )
        .await
}

/// Keeps when secrets were last used; a time before the one that is kept changes nothing.
pub(crate) async fn record_use<DB: Sql>(
    session: &mut Session<DB>,
    uses: &[SecretUse],
) -> Result<(), StoreError> {
    // In the order of their ids: two who lock the same rows in the same order do not wait for each other.
    let mut latest: BTreeMap<&str, UnixTime> = BTreeMap::new();
    for SecretUse { secret_id, at } in uses {
        let known = latest.entry(secret_id).or_insert(*at);
        *known = (*known).max(*at);
    }
    let latest: Vec<_> = latest.into_iter().collect();
    for batch in latest.chunks(BATCH) {
        let rows: Vec<_> = (0..batch.len()).map(|n| format!("(${}, ${})", 2 * n + 1, 2 * n + 2)).collect();
        let statement = Statement::built(format!(
            "WITH used (id, at) AS (VALUES {}) UPDATE secret SET last_used_at = used.at FROM used \
             WHERE secret.id = used.id AND (secret.last_used_at IS NULL OR secret.last_used_at < used.at)",
            rows.join(", ")
        ));
        session.run(batch.iter().fold(statement, |s, (id, at)| s.bind(*id).bind(*at))).await?;
    }
    Ok(())
}

impl<DB: Sql> Change<DB> {
    pub(crate) async fn create_secret(
        &mut self,
        realm_id: &str,
        client_id: &str,
        secret: &SecretRecord,
        alone: bool,
    ) -> Result<(), StoreError> {
        self.touch_client(realm_id, client_id).await?;
        if alone {
            self.run(
                sql("DELETE FROM secret WHERE realm_id = $1 AND client_id = $2")
                    .bind(realm_id)
                    .bind(client_id),
            )
            .await?;
        }
        self.insert_secret(realm_id, client_id, secret).await
    }

    pub(crate) async fn delete_secret(
        &mut self,
        realm_id: &str,
        client_id: &str,
        secret_id: &str,
    ) -> Result<(), StoreError> {
        self.touch_client(realm_id, client_id).await?;
        self.must(
            sql("DELETE FROM secret WHERE realm_id = $1 AND client_id = $2 AND id = $3")
                .bind(realm_id)
                .bind(client_id)
                .bind(secret_id),
        )
        .await
    }

    pub(crate) async fn insert_secret(
        &mut self,
        realm_id: &str,
        client_id: &str,
        secret: &SecretRecord,
    ) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO secret (realm_id, client_id, place, id, digest, pepper, label, created_at, expires_at, \
                 last_used_at) SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3, $4, $5, $6, $7, $8, $9 \
                 FROM secret WHERE realm_id = $1 AND client_id = $2")
            .bind(realm_id)
            .bind(client_id)
            .bind(&secret.id)
            .bind(secret.digest.as_slice())
            .bind(&secret.pepper)
            .bind(secret.label.as_deref())
            .bind(secret.created_at)
            .bind(secret.expires_at)
            .bind(secret.last_used_at),
        )
        .await?;
        Ok(())
    }
}

impl Record for OfClient<SecretRecord> {
    const TABLE: &'static str = "secret";
    const KEY: usize = 2;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        let client_id = cells.string()?;
        let id = cells.string()?;
        let digest = cells.bytes()?.try_into().map_err(|_| cells.corrupt("has not 32 bytes"))?;
        Ok(Self {
            client_id,
            row: SecretRecord {
                id,
                digest,
                pepper: cells.string()?,
                label: cells.opt_text()?.map(str::to_owned),
                created_at: cells.time()?,
                expires_at: cells.opt_time()?,
                last_used_at: cells.opt_time()?,
            },
        })
    }
}

/// Rows in one statement: well below the 32,766 values that SQLite takes.
const BATCH: usize = 1000;
