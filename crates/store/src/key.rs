//! Signing keys and their moves from state to state.

use countersign_issuer::keys::{KeyRecord, KeyState};
use countersign_issuer::store::{KeyMove, StoreError};
use countersign_proto::jose::Algorithm;
use countersign_proto::time::UnixTime;

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// The keys of all realms, or of the one with this id, each realm's oldest first.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: Option<&str>,
) -> Result<Vec<KeyRecord>, StoreError> {
    session
        .all(
            sql("SELECT kid, realm_id, algorithm, state, sealed, sealed_by, public_jwk, created_at, changed_at, \
                 published_until FROM signing_key WHERE $1 IS NULL OR realm_id = $1 ORDER BY realm_id, place")
            .bind(realm_id),
        )
        .await
}

impl<DB: Sql> Change<DB> {
    pub(crate) async fn insert_keys(&mut self, realm_id: &str, keys: &[KeyRecord]) -> Result<(), StoreError> {
        for key in keys {
            self.run(
                sql("INSERT INTO signing_key (kid, realm_id, place, algorithm, state, sealed, sealed_by, \
                     public_jwk, created_at, changed_at, published_until) \
                     SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10 \
                     FROM signing_key WHERE realm_id = $2")
                .bind(&key.kid)
                .bind(realm_id)
                .bind(key.algorithm.as_str())
                .bind(key.state.as_str())
                .bind(key.sealed.as_slice())
                .bind(&key.sealed_by)
                .bind(&key.public_jwk)
                .bind(key.created_at)
                .bind(key.changed_at)
                .bind(key.published_until),
            )
            .await?;
        }
        Ok(())
    }

    /// A key that is not in the state that the move expects was moved in between.
    pub(crate) async fn move_keys(
        &mut self,
        realm_id: &str,
        moves: &[KeyMove],
        at: UnixTime,
    ) -> Result<(), StoreError> {
        for KeyMove { kid, from, to, published_until } in moves {
            self.must_be_current(
                sql("UPDATE signing_key SET state = $4, changed_at = $5, published_until = $6 \
                     WHERE realm_id = $1 AND kid = $2 AND state = $3")
                .bind(realm_id)
                .bind(kid)
                .bind(from.as_str())
                .bind(to.as_str())
                .bind(at)
                .bind(*published_until),
                sql(PLACE).bind(realm_id).bind(kid),
            )
            .await?;
        }
        Ok(())
    }

    /// A key that is published still, or may be again, is not what the command expects.
    pub(crate) async fn delete_key(
        &mut self,
        realm_id: &str,
        kid: &str,
        at: UnixTime,
    ) -> Result<(), StoreError> {
        self.must_be_current(
            sql("DELETE FROM signing_key \
                 WHERE realm_id = $1 AND kid = $2 AND state = $3 AND published_until <= $4")
            .bind(realm_id)
            .bind(kid)
            .bind(KeyState::Retired.as_str())
            .bind(at),
            sql(PLACE).bind(realm_id).bind(kid),
        )
        .await
    }
}

impl Record for KeyRecord {
    const TABLE: &'static str = "signing_key";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            kid: cells.string()?,
            realm_id: cells.string()?,
            algorithm: cells.parse(Algorithm::parse)?,
            state: cells.parse(KeyState::parse)?,
            sealed: cells.bytes()?.to_vec(),
            sealed_by: cells.string()?,
            public_jwk: cells.string()?,
            created_at: cells.time()?,
            changed_at: cells.time()?,
            published_until: cells.opt_time()?,
        })
    }
}

/// Whether a key is there.
const PLACE: &str = "SELECT place FROM signing_key WHERE realm_id = $1 AND kid = $2";
