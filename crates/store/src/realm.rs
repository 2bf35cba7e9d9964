//! Realms and the hosts bound to them.

use std::collections::HashMap;

use countersign_issuer::api::Api;
use countersign_issuer::keys::KeyRecord;
use countersign_issuer::realm::{Dialect, Profile, Realm, Template};
use countersign_issuer::store::{RealmName, RealmRecord, StoreError};
use countersign_proto::jose::Algorithm;

use crate::change::Change;
use crate::engine::Sql;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// All realms, or the one with this id, with all that they have but their clients; by name.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    id: Option<&str>,
) -> Result<Vec<RealmRecord>, StoreError> {
    let realms: Vec<Realm> = session
        .all(
            sql("SELECT id, name, issuer, profile, template, dialects, algorithm, token_lifetime, enabled, \
                 created_at, updated_at, revision FROM realm WHERE $1 IS NULL OR id = $1 ORDER BY name")
            .bind(id),
        )
        .await?;
    let hosts: Vec<Host> = session
        .all(
            sql("SELECT realm_id, place, host FROM realm_host WHERE $1 IS NULL OR realm_id = $1 \
                 ORDER BY realm_id, place")
            .bind(id),
        )
        .await?;

    let mut records: Vec<_> =
        realms.into_iter().map(|realm| RealmRecord { realm, apis: Vec::new(), keys: Vec::new() }).collect();
    let places: HashMap<_, _> = records.iter().enumerate().map(|(at, r)| (r.realm.id.clone(), at)).collect();
    let mut put = |realm_id: &str, add: &mut dyn FnMut(&mut RealmRecord)| {
        if let Some(record) = places.get(realm_id).and_then(|at| records.get_mut(*at)) {
            add(record);
        }
    };
    for Host { realm_id, host } in hosts {
        put(&realm_id, &mut |record| record.realm.hosts.push(host.clone()));
    }
    for api in crate::api::read(session, id).await? {
        put(&api.realm_id, &mut |record| record.apis.push(api.clone()));
    }
    for key in crate::key::read(session, id).await? {
        put(&key.realm_id, &mut |record| record.keys.push(key.clone()));
    }
    Ok(records)
}

impl<DB: Sql> Change<DB> {
    pub(crate) async fn create_realm(
        &mut self,
        realm: &Realm,
        apis: &[Api],
        keys: &[KeyRecord],
    ) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO realm (id, name, issuer, profile, template, dialects, algorithm, token_lifetime, \
                 enabled, created_at, updated_at, revision) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
            .bind(&realm.id)
            .bind(&realm.name)
            .bind(realm.issuer.as_deref())
            .bind(realm.profile.as_str())
            .bind(realm.template.map(Template::as_str))
            .bind(&dialects(realm))
            .bind(realm.algorithm.map(Algorithm::as_str))
            .bind(realm.token_lifetime)
            .bind(realm.enabled)
            .bind(realm.created_at)
            .bind(realm.updated_at)
            .bind(self.revision),
        )
        .await?;
        self.insert_hosts(realm).await?;
        for api in apis {
            self.insert_api(&realm.id, api).await?;
        }
        self.insert_keys(&realm.id, keys).await
    }

    pub(crate) async fn update_realm(
        &mut self,
        realm: &Realm,
        keys: &[KeyRecord],
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        self.must_be_current(
            sql("UPDATE realm SET issuer = $2, profile = $3, dialects = $4, algorithm = $5, token_lifetime = $6, \
                 enabled = $7, updated_at = $8, revision = $9 \
                 WHERE id = $1 AND ($10 IS NULL OR revision = $10)")
            .bind(&realm.id)
            .bind(realm.issuer.as_deref())
            .bind(realm.profile.as_str())
            .bind(&dialects(realm))
            .bind(realm.algorithm.map(Algorithm::as_str))
            .bind(realm.token_lifetime)
            .bind(realm.enabled)
            .bind(realm.updated_at)
            .bind(self.revision)
            .bind(expected),
            sql(REVISION).bind(&realm.id),
        )
        .await?;
        self.run(sql("DELETE FROM realm_host WHERE realm_id = $1").bind(&realm.id)).await?;
        self.insert_hosts(realm).await?;
        self.insert_keys(&realm.id, keys).await
    }

    pub(crate) async fn delete_realm(
        &mut self,
        realm_id: &str,
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        self.must_be_current(
            sql("DELETE FROM realm WHERE id = $1 AND ($2 IS NULL OR revision = $2)")
                .bind(realm_id)
                .bind(expected),
            sql(REVISION).bind(realm_id),
        )
        .await
    }

    async fn insert_hosts(&mut self, realm: &Realm) -> Result<(), StoreError> {
        for (place, host) in (0_i64..).zip(&realm.hosts) {
            self.run(
                sql("INSERT INTO realm_host (realm_id, place, host) VALUES ($1, $2, $3)")
                    .bind(&realm.id)
                    .bind(place)
                    .bind(host),
            )
            .await?;
        }
        Ok(())
    }
}

impl Record for Realm {
    const TABLE: &'static str = "realm";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            id: cells.string()?,
            name: cells.string()?,
            issuer: cells.opt_text()?.map(str::to_owned),
            hosts: Vec::new(),
            profile: cells.parse(Profile::parse)?,
            template: cells.opt_parse(Template::parse)?,
            dialects: cells.words(Dialect::parse)?,
            algorithm: cells.opt_parse(Algorithm::parse)?,
            token_lifetime: cells.opt_int()?,
            enabled: cells.bool()?,
            created_at: cells.time()?,
            updated_at: cells.time()?,
            revision: cells.int()?,
        })
    }
}

impl Record for RealmName {
    const TABLE: &'static str = "realm";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self { id: cells.string()?, name: cells.string()? })
    }
}

struct Host {
    realm_id: String,
    host: String,
}

impl Record for Host {
    const TABLE: &'static str = "realm_host";
    const KEY: usize = 2;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        let (realm_id, _place) = (cells.string()?, cells.int()?);
        Ok(Self { realm_id, host: cells.string()? })
    }
}

fn dialects(realm: &Realm) -> String {
    realm.dialects.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(" ")
}

const REVISION: &str = "SELECT revision FROM realm WHERE id = $1";
