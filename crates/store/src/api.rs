//! APIs and their scopes.

use std::collections::HashMap;

use countersign_issuer::api::{Api, BuiltIn, Scope};
use countersign_issuer::keys::KeyRecord;
use countersign_issuer::realm::Profile;
use countersign_issuer::store::StoreError;
use countersign_proto::jose::Algorithm;
use countersign_proto::scope::ScopeName;
use countersign_proto::time::UnixTime;

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// The APIs of all realms, or of the one with this id, each realm's oldest first.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: Option<&str>,
) -> Result<Vec<Api>, StoreError> {
    let mut apis: Vec<Api> = session
        .all(
            sql("SELECT id, realm_id, identifier, builtin, name, token_lifetime, algorithm, profile, enabled, \
                 created_at, updated_at, revision FROM api WHERE $1 IS NULL OR realm_id = $1 \
                 ORDER BY realm_id, place")
            .bind(realm_id),
        )
        .await?;
    let scopes: Vec<ScopeRow> = session
        .all(
            sql("SELECT scope.api_id, scope.name, scope.description FROM scope \
                 JOIN api ON api.id = scope.api_id WHERE $1 IS NULL OR api.realm_id = $1 \
                 ORDER BY scope.api_id, scope.place")
            .bind(realm_id),
        )
        .await?;
    let mut of_api: HashMap<String, Vec<Scope>> = HashMap::new();
    for row in scopes {
        of_api.entry(row.api_id).or_default().push(row.scope);
    }
    for api in &mut apis {
        api.scopes = of_api.remove(&api.id).unwrap_or_default();
    }
    Ok(apis)
}

impl<DB: Sql> Change<DB> {
    pub(crate) async fn create_api(&mut self, api: &Api, keys: &[KeyRecord]) -> Result<(), StoreError> {
        self.insert_api(&api.realm_id, api).await?;
        self.insert_keys(&api.realm_id, keys).await
    }

    pub(crate) async fn insert_api(&mut self, realm_id: &str, api: &Api) -> Result<(), StoreError> {
        self.run(
            sql(
                "INSERT INTO api (id, realm_id, place, identifier, builtin, name, token_lifetime, algorithm, \
                 profile, enabled, created_at, updated_at, revision) \
                 SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 \
                 FROM api WHERE realm_id = $2",
            )
            .bind(&api.id)
            .bind(realm_id)
            .bind(&api.identifier)
            .bind(api.builtin.map(BuiltIn::as_str))
            .bind(&api.name)
            .bind(api.token_lifetime)
            .bind(api.algorithm.map(Algorithm::as_str))
            .bind(api.profile.map(Profile::as_str))
            .bind(api.enabled)
            .bind(api.created_at)
            .bind(api.updated_at)
            .bind(self.revision),
        )
        .await?;
        for scope in &api.scopes {
            self.insert_scope(&api.id, scope).await?;
        }
        Ok(())
    }

    pub(crate) async fn update_api(
        &mut self,
        api: &Api,
        keys: &[KeyRecord],
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        self.must_be_current(
            sql(
                "UPDATE api SET name = $3, token_lifetime = $4, algorithm = $5, profile = $6, enabled = $7, \
                 updated_at = $8, revision = $9 \
                 WHERE realm_id = $1 AND id = $2 AND ($10 IS NULL OR revision = $10)",
            )
            .bind(&api.realm_id)
            .bind(&api.id)
            .bind(&api.name)
            .bind(api.token_lifetime)
            .bind(api.algorithm.map(Algorithm::as_str))
            .bind(api.profile.map(Profile::as_str))
            .bind(api.enabled)
            .bind(api.updated_at)
            .bind(self.revision)
            .bind(expected),
            sql(REVISION).bind(&api.realm_id).bind(&api.id),
        )
        .await?;
        self.insert_keys(&api.realm_id, keys).await
    }

    /// Its scopes and all grants on it go with it.
    pub(crate) async fn delete_api(
        &mut self,
        realm_id: &str,
        api_id: &str,
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        self.run(
            sql("UPDATE client SET revision = $3, updated_at = $4 WHERE realm_id = $1 AND client_id IN \
                 (SELECT client_id FROM client_grant WHERE realm_id = $1 AND api_id = $2)")
            .bind(realm_id)
            .bind(api_id)
            .bind(self.revision)
            .bind(self.at),
        )
        .await?;
        self.run(
            sql("UPDATE client SET default_api = NULL, revision = $3, updated_at = $4 \
                 WHERE realm_id = $1 AND default_api = $2")
            .bind(realm_id)
            .bind(api_id)
            .bind(self.revision)
            .bind(self.at),
        )
        .await?;
        self.must_be_current(
            sql("DELETE FROM api WHERE realm_id = $1 AND id = $2 AND ($3 IS NULL OR revision = $3)")
                .bind(realm_id)
                .bind(api_id)
                .bind(expected),
            sql(REVISION).bind(realm_id).bind(api_id),
        )
        .await
    }

    pub(crate) async fn create_scope(
        &mut self,
        realm_id: &str,
        api_id: &str,
        scope: &Scope,
        at: UnixTime,
    ) -> Result<(), StoreError> {
        self.touch_api(realm_id, api_id, at).await?;
        self.insert_scope(api_id, scope).await
    }

    pub(crate) async fn update_scope(
        &mut self,
        realm_id: &str,
        api_id: &str,
        scope: &Scope,
        at: UnixTime,
    ) -> Result<(), StoreError> {
        self.touch_api(realm_id, api_id, at).await?;
        self.must(
            sql("UPDATE scope SET description = $3 WHERE api_id = $1 AND name = $2")
                .bind(api_id)
                .bind(scope.name.as_str())
                .bind(&scope.description),
        )
        .await
    }

    pub(crate) async fn delete_scope(
        &mut self,
        realm_id: &str,
        api_id: &str,
        name: &ScopeName,
        at: UnixTime,
    ) -> Result<(), StoreError> {
        self.touch_api(realm_id, api_id, at).await?;
        self.must(sql("DELETE FROM scope WHERE api_id = $1 AND name = $2").bind(api_id).bind(name.as_str()))
            .await?;
        self.strip_from_grants(realm_id, api_id, name).await
    }

    async fn insert_scope(&mut self, api_id: &str, scope: &Scope) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO scope (api_id, name, place, description) \
                 SELECT $1, $2, COALESCE(MAX(place), 0) + 1, $3 FROM scope WHERE api_id = $1")
            .bind(api_id)
            .bind(scope.name.as_str())
            .bind(&scope.description),
        )
        .await?;
        Ok(())
    }

    async fn touch_api(&mut self, realm_id: &str, api_id: &str, at: UnixTime) -> Result<(), StoreError> {
        self.must(
            sql("UPDATE api SET revision = $3, updated_at = $4 WHERE realm_id = $1 AND id = $2")
                .bind(realm_id)
                .bind(api_id)
                .bind(self.revision)
                .bind(at),
        )
        .await
    }
}

impl Record for Api {
    const TABLE: &'static str = "api";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            id: cells.string()?,
            realm_id: cells.string()?,
            identifier: cells.string()?,
            builtin: cells.opt_parse(BuiltIn::parse)?,
            name: cells.string()?,
            scopes: Vec::new(),
            token_lifetime: cells.opt_int()?,
            algorithm: cells.opt_parse(Algorithm::parse)?,
            profile: cells.opt_parse(Profile::parse)?,
            enabled: cells.bool()?,
            created_at: cells.time()?,
            updated_at: cells.time()?,
            revision: cells.int()?,
        })
    }
}

struct ScopeRow {
    api_id: String,
    scope: Scope,
}

impl Record for ScopeRow {
    const TABLE: &'static str = "scope";
    const KEY: usize = 2;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            api_id: cells.string()?,
            scope: Scope {
                name: cells.parse(|name| ScopeName::parse(name).ok())?,
                description: cells.string()?,
            },
        })
    }
}

const REVISION: &str = "SELECT revision FROM api WHERE realm_id = $1 AND id = $2";
