//! Grants: which scopes a client gets on an API.

use countersign_issuer::client::Grant;
use countersign_issuer::store::StoreError;
use countersign_proto::scope::ScopeName;

use crate::change::Change;
use crate::client::OfClient;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// The grants of the clients from `first` to `last`, in the order of client ids, oldest first.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    first: &str,
    last: &str,
) -> Result<Vec<OfClient<Grant>>, StoreError> {
    session
        .all(
            sql("SELECT client_id, api_id, default_scopes, optional_scopes FROM client_grant \
                 WHERE realm_id = $1 AND client_id >= $2 AND client_id <= $3 ORDER BY client_id, place")
            .bind(realm_id)
            .bind(first)
            .bind(last),
        )
        .await
}

impl<DB: Sql> Change<DB> {
    /// The first grant of a client without a default API sets that too.
    pub(crate) async fn put_grant(
        &mut self,
        realm_id: &str,
        client_id: &str,
        grant: &Grant,
    ) -> Result<(), StoreError> {
        self.must(
            sql("UPDATE client SET revision = $4, updated_at = $5, default_api = CASE \
                 WHEN default_api IS NULL AND NOT EXISTS \
                 (SELECT 1 FROM client_grant WHERE realm_id = $1 AND client_id = $2) THEN $3 \
                 ELSE default_api END WHERE realm_id = $1 AND client_id = $2")
            .bind(realm_id)
            .bind(client_id)
            .bind(&grant.api_id)
            .bind(self.revision)
            .bind(self.at),
        )
        .await?;
        let replaced = self
            .run(
                sql("UPDATE client_grant SET default_scopes = $4, optional_scopes = $5 \
                     WHERE realm_id = $1 AND client_id = $2 AND api_id = $3")
                .bind(realm_id)
                .bind(client_id)
                .bind(&grant.api_id)
                .bind(&list(&grant.default))
                .bind(&list(&grant.optional)),
            )
            .await?;
        if replaced > 0 { Ok(()) } else { self.insert_grant(realm_id, client_id, grant).await }
    }

    pub(crate) async fn delete_grant(
        &mut self,
        realm_id: &str,
        client_id: &str,
        api_id: &str,
    ) -> Result<(), StoreError> {
        self.must(
            sql("UPDATE client SET revision = $4, updated_at = $5, \
                 default_api = CASE WHEN default_api = $3 THEN NULL ELSE default_api END \
                 WHERE realm_id = $1 AND client_id = $2")
            .bind(realm_id)
            .bind(client_id)
            .bind(api_id)
            .bind(self.revision)
            .bind(self.at),
        )
        .await?;
        self.must(
            sql("DELETE FROM client_grant WHERE realm_id = $1 AND client_id = $2 AND api_id = $3")
                .bind(realm_id)
                .bind(client_id)
                .bind(api_id),
        )
        .await
    }

    pub(crate) async fn insert_grant(
        &mut self,
        realm_id: &str,
        client_id: &str,
        grant: &Grant,
    ) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO client_grant (realm_id, client_id, api_id, place, default_scopes, optional_scopes) \
                 SELECT $1, $2, $3, COALESCE(MAX(place), 0) + 1, $4, $5 \
                 FROM client_grant WHERE realm_id = $1 AND client_id = $2")
            .bind(realm_id)
            .bind(client_id)
            .bind(&grant.api_id)
            .bind(&list(&grant.default))
            .bind(&list(&grant.optional)),
        )
        .await?;
        Ok(())
    }

    /// Takes a scope out of every grant on its API; each client that had it has changed.
    pub(crate) async fn strip_from_grants(
        &mut self,
        realm_id: &str,
        api_id: &str,
        name: &ScopeName,
    ) -> Result<(), StoreError> {
        let name = between_spaces(name);
        self.run(
            sql("UPDATE client SET revision = $4, updated_at = $5 WHERE realm_id = $1 AND client_id IN \
                 (SELECT client_id FROM client_grant WHERE realm_id = $1 AND api_id = $2 \
                 AND (replace(default_scopes, $3, '') <> default_scopes \
                 OR replace(optional_scopes, $3, '') <> optional_scopes))")
            .bind(realm_id)
            .bind(api_id)
            .bind(&name)
            .bind(self.revision)
            .bind(self.at),
        )
        .await?;
        self.run(
            sql("UPDATE client_grant SET default_scopes = replace(default_scopes, $3, ''), \
                 optional_scopes = replace(optional_scopes, $3, '') WHERE realm_id = $1 AND api_id = $2 \
                 AND (replace(default_scopes, $3, '') <> default_scopes \
                 OR replace(optional_scopes, $3, '') <> optional_scopes)")
            .bind(realm_id)
            .bind(api_id)
            .bind(&name),
        )
        .await?;
        Ok(())
    }
}

impl Record for OfClient<Grant> {
    const TABLE: &'static str = "client_grant";
    const KEY: usize = 2;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            client_id: cells.string()?,
            row: Grant {
                api_id: cells.string()?,
                default: cells.words(|name| ScopeName::parse(name).ok())?,
                optional: cells.words(|name| ScopeName::parse(name).ok())?,
            },
        })
    }
}

fn list(names: &[ScopeName]) -> String {
    names.iter().map(between_spaces).collect()
}

/// A scope as it stands in a list: one can be taken out by a replacement, whatever its neighbours are.
fn between_spaces(name: &ScopeName) -> String {
    format!(" {name} ")
}
