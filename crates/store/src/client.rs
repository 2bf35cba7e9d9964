//! Clients: one with all that it has, or a page of them by three statements.

use std::iter::Peekable;

use countersign_issuer::client::{AuthMethod, Client, ClientRecord, Grant, SecretRecord};
use countersign_issuer::store::StoreError;
use countersign_proto::client_id::ClientId;

use crate::change::Change;
use crate::engine::Sql;
use crate::error::unavailable;
use crate::row::{Cells, Record};
use crate::session::Session;
use crate::statement::sql;

/// One client.
pub(crate) async fn read<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    client_id: &str,
) -> Result<Option<ClientRecord>, StoreError> {
    let client = session
        .one::<Client>(
            sql("SELECT realm_id, client_id, id, name, description, enabled, expires_at, default_api, \
                 token_endpoint_auth_method, allowed_cidrs, token_lifetime, claims, created_at, updated_at, \
                 revision FROM client WHERE realm_id = $1 AND client_id = $2")
            .bind(realm_id)
            .bind(client_id),
        )
        .await?;
    let Some(client) = client else { return Ok(None) };
    Ok(with_belongings(session, realm_id, vec![client]).await?.pop())
}

/// Clients in the order of their ids, those after `after`, at most `limit`.
pub(crate) async fn page<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ClientRecord>, StoreError> {
    let clients = session
        .all::<Client>(
            sql("SELECT realm_id, client_id, id, name, description, enabled, expires_at, default_api, \
                 token_endpoint_auth_method, allowed_cidrs, token_lifetime, claims, created_at, updated_at, \
                 revision FROM client WHERE realm_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3")
            .bind(realm_id)
            // no client id is empty: all are after this one
            .bind(after.unwrap_or_default())
            .bind(i64::from(limit)),
        )
        .await?;
    with_belongings(session, realm_id, clients).await
}

/// Client ids in their order, those after `after`, at most `limit`.
pub(crate) async fn ids<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let ids: Vec<Id> = session
        .all(
            sql("SELECT client_id FROM client WHERE realm_id = $1 AND client_id > $2 ORDER BY client_id LIMIT $3")
                .bind(realm_id)
                .bind(after.unwrap_or_default())
                .bind(i64::from(limit)),
        )
        .await?;
    Ok(ids.into_iter().map(|Id(id)| id).collect())
}

/// Adds secrets and grants to clients that stand in the order of their ids.
async fn with_belongings<DB: Sql>(
    session: &mut Session<DB>,
    realm_id: &str,
    clients: Vec<Client>,
) -> Result<Vec<ClientRecord>, StoreError> {
    let (Some(first), Some(last)) = (clients.first(), clients.last()) else { return Ok(Vec::new()) };
    let (first, last) = (first.client_id.as_str(), last.client_id.as_str());
    let secrets = crate::secret::read(session, realm_id, first, last).await?;
    let grants = crate::grant::read(session, realm_id, first, last).await?;
    let (mut secrets, mut grants) = (secrets.into_iter().peekable(), grants.into_iter().peekable());
    Ok(clients
        .into_iter()
        .map(|client| {
            let secrets = take_of(&mut secrets, client.client_id.as_str());
            let grants = take_of(&mut grants, client.client_id.as_str());
            ClientRecord { client, secrets, grants }
        })
        .collect())
}

/// A row that belongs to a client.
pub(crate) struct OfClient<T> {
    pub(crate) client_id: String,
    pub(crate) row: T,
}

/// The next rows as long as they belong to this client.
fn take_of<T>(rows: &mut Peekable<impl Iterator<Item = OfClient<T>>>, client_id: &str) -> Vec<T> {
    let mut taken = Vec::new();
    while let Some(of) = rows.next_if(|of| of.client_id == client_id) {
        taken.push(of.row);
    }
    taken
}

impl<DB: Sql> Change<DB> {
    pub(crate) async fn create_client(
        &mut self,
        client: &Client,
        secrets: &[SecretRecord],
        grants: &[Grant],
    ) -> Result<(), StoreError> {
        self.run(
            sql("INSERT INTO client (realm_id, client_id, id, name, description, enabled, expires_at, default_api, \
                 token_endpoint_auth_method, allowed_cidrs, token_lifetime, claims, created_at, updated_at, \
                 revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)")
            .bind(&client.realm_id)
            .bind(client.client_id.as_str())
            .bind(&client.id)
            .bind(&client.name)
            .bind(&client.description)
            .bind(client.enabled)
            .bind(client.expires_at)
            .bind(client.default_api.as_deref())
            .bind(client.token_endpoint_auth_method.map(AuthMethod::as_str))
            .bind(&cidrs(client))
            .bind(client.token_lifetime)
            .bind(&claims(client)?)
            .bind(client.created_at)
            .bind(client.updated_at)
            .bind(self.revision),
        )
        .await?;
        for secret in secrets {
            self.insert_secret(&client.realm_id, client.client_id.as_str(), secret).await?;
        }
        for grant in grants {
            self.insert_grant(&client.realm_id, client.client_id.as_str(), grant).await?;
        }
        Ok(())
    }

    pub(crate) async fn update_client(
        &mut self,
        client: &Client,
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        let client_id = client.client_id.as_str();
        self.must_be_current(
            sql("UPDATE client SET name = $3, description = $4, enabled = $5, expires_at = $6, default_api = $7, \
                 token_endpoint_auth_method = $8, allowed_cidrs = $9, token_lifetime = $10, claims = $11, \
                 updated_at = $12, revision = $13 \
                 WHERE realm_id = $1 AND client_id = $2 AND ($14 IS NULL OR revision = $14)")
            .bind(&client.realm_id)
            .bind(client_id)
            .bind(&client.name)
            .bind(&client.description)
            .bind(client.enabled)
            .bind(client.expires_at)
            .bind(client.default_api.as_deref())
            .bind(client.token_endpoint_auth_method.map(AuthMethod::as_str))
            .bind(&cidrs(client))
            .bind(client.token_lifetime)
            .bind(&claims(client)?)
            .bind(client.updated_at)
            .bind(self.revision)
            .bind(expected),
            sql(REVISION).bind(&client.realm_id).bind(client_id),
        )
        .await
    }

    pub(crate) async fn delete_client(
        &mut self,
        realm_id: &str,
        client_id: &str,
        expected: Option<i64>,
    ) -> Result<(), StoreError> {
        self.must_be_current(
            sql(
                "DELETE FROM client WHERE realm_id = $1 AND client_id = $2 AND ($3 IS NULL OR revision = $3)",
            )
            .bind(realm_id)
            .bind(client_id)
            .bind(expected),
            sql(REVISION).bind(realm_id).bind(client_id),
        )
        .await
    }

    /// What belongs to a client is part of it: its revision says so.
    pub(crate) async fn touch_client(&mut self, realm_id: &str, client_id: &str) -> Result<(), StoreError> {
        self.must(
            sql("UPDATE client SET revision = $3, updated_at = $4 WHERE realm_id = $1 AND client_id = $2")
                .bind(realm_id)
                .bind(client_id)
                .bind(self.revision)
                .bind(self.at),
        )
        .await
    }
}

impl Record for Client {
    const TABLE: &'static str = "client";
    const KEY: usize = 2;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        Ok(Self {
            realm_id: cells.string()?,
            client_id: cells.parse(|id| ClientId::parse(id).ok())?,
            id: cells.string()?,
            name: cells.string()?,
            description: cells.string()?,
            enabled: cells.bool()?,
            expires_at: cells.opt_time()?,
            default_api: cells.opt_text()?.map(str::to_owned),
            token_endpoint_auth_method: cells.opt_parse(AuthMethod::parse)?,
            allowed_cidrs: cells.words(|cidr| cidr.parse().ok())?,
            token_lifetime: cells.opt_int()?,
            claims: cells.parse(|claims| serde_json::from_str(claims).ok())?,
            created_at: cells.time()?,
            updated_at: cells.time()?,
            revision: cells.int()?,
        })
    }
}

struct Id(String);

impl Record for Id {
    const TABLE: &'static str = "client";
    const KEY: usize = 1;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        cells.string().map(Self)
    }
}

fn cidrs(client: &Client) -> String {
    client.allowed_cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn claims(client: &Client) -> Result<String, StoreError> {
    serde_json::to_string(&client.claims).map_err(unavailable)
}

const REVISION: &str = "SELECT revision FROM client WHERE realm_id = $1 AND client_id = $2";
