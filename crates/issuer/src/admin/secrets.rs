//! Commands on the secrets of a client: up to a hundred live beside one another, so that one can be replaced without a gap.

use countersign_proto::admin::{NewSecret, Page, SecretBody, SecretCreated};
use countersign_proto::secret::ClientSecret;
use countersign_proto::time::UnixTime;
use serde_json::json;
use zeroize::Zeroizing;

use super::lasting_root::Loss;
use super::page::page;
use super::{AdminError, Administrator, At, PageAsk, Right, rule};
use crate::audit::AuditEvent;
use crate::client::SecretRecord;
use crate::issuer::Issuer;
use crate::store::Command;

impl Issuer {
    /// Adds a secret to a client and gives it, this once; `client:write`, and every right that the client itself has.
    ///
    /// The secrets before it go on working: a rotation with overlap ends with [`Self::delete_secret`].
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn create_secret(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        mut new: NewSecret,
    ) -> Result<At<SecretCreated>, AdminError> {
        let given = new.secret.take().map(Zeroizing::new);
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        let now = self.now();
        if let Some(label) = &new.label {
            rule::text("label", label, rule::MAX_NAME)?;
        }
        let expires_at = new.expires_at.map(|at| rule::expiry(at, Some(now))).transpose()?;
        check_room(&record.secrets, now)?;
        let (secret, warning) = self.given_or_made(given)?;
        let kept = SecretRecord { label: new.label, expires_at, ..self.secret_record(&secret)? };
        let body = SecretCreated {
            id: kept.id.clone(),
            secret: secret.expose().to_owned(),
            label: kept.label.clone(),
            expires_at,
            warning,
        };
        let detail = json!({ "id": kept.id, "label": kept.label, "expires_at": expires_at });
        let command = Command::CreateSecret {
            realm_id: view.id().to_owned(),
            client_id: client_id.to_owned(),
            secret: kept,
            alone: false,
        };
        let revision = self.change(by, realm, command, AuditEvent::SecretCreated, client_id, detail).await?;
        Ok(At { body, revision })
    }

    /// Gives a client a new secret, the only one from then on; `client:write`, and every right that the client itself
    /// has.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn replace_secrets(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
    ) -> Result<ClientSecret, AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        let secret = self.new_secret()?;
        let kept = self.secret_record(&secret)?;
        let replaced: Vec<_> = record.secrets.iter().map(|old| old.id.as_str()).collect();
        let detail = json!({ "id": kept.id, "replaced": replaced });
        let command = Command::CreateSecret {
            realm_id: view.id().to_owned(),
            client_id: client_id.to_owned(),
            secret: kept,
            alone: true,
        };
        self.change(by, realm, command, AuditEvent::SecretCreated, client_id, detail).await?;
        Ok(secret)
    }

    /// Lists the secrets of a client, oldest first, without the secrets; `client:read`.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn list_secrets(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        ask: &PageAsk<'_>,
    ) -> Result<Page<SecretBody>, AdminError> {
        let view = self.realm_for(by, Right::ClientRead, realm)?;
        let record = self.client_of(&view, client_id).await?;
        let key = |secret: &SecretRecord| format!("{:020}{}", secret.created_at.0, secret.id);
        let mut secrets: Vec<_> = record.secrets.iter().map(|secret| (key(secret), body(secret))).collect();
        secrets.sort_by(|one, other| one.0.cmp(&other.0));
        page("secrets", secrets, ask)
    }

    /// Removes a secret, which works no more from then on; `client:write`, and every right that the client itself has.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn delete_secret(
        &self,
        by: &Administrator,
        realm: &str,
        client_id: &str,
        secret_id: &str,
        expected: Option<i64>,
    ) -> Result<(), AdminError> {
        by.may(Right::ClientWrite, realm)?;
        let turn = self.turn(by).await?;
        let by = &turn.by;
        let (view, record) = self.client_to_change(by, realm, client_id).await?;
        if record.secrets.iter().all(|secret| secret.id != secret_id) {
            return Err(AdminError::NotFound(format!("the client {client_id} has no secret {secret_id:?}")));
        }
        super::unchanged_since(expected, record.client.revision)?;
        self.keep_root(by, &view, &record, Loss::Secret(secret_id)).await?;
        let command = Command::DeleteSecret {
            realm_id: view.id().to_owned(),
            client_id: client_id.to_owned(),
            secret_id: secret_id.to_owned(),
        };
        let detail = json!({ "id": secret_id });
        self.change(by, realm, command, AuditEvent::SecretDeleted, client_id, detail).await?;
        Ok(())
    }

    /// The secret that somebody gave, with advice where it is short; or a new one.
    pub(super) fn given_or_made(
        &self,
        given: Option<Zeroizing<String>>,
    ) -> Result<(ClientSecret, Option<String>), AdminError> {
        let Some(given) = given else { return Ok((self.new_secret()?, None)) };
        let secret = ClientSecret::given(&given).map_err(|error| AdminError::invalid("secret", error))?;
        let warning = secret.is_short().then(|| SHORT.to_owned());
        Ok((secret, warning))
    }
}

pub(super) fn body(secret: &SecretRecord) -> SecretBody {
    SecretBody {
        id: secret.id.clone(),
        label: secret.label.clone(),
        created_at: secret.created_at,
        expires_at: secret.expires_at,
        last_used_at: secret.last_used_at,
    }
}

fn check_room(secrets: &[SecretRecord], now: UnixTime) -> Result<(), AdminError> {
    let full = |detail: &str| Err(AdminError::Conflict { field: String::new(), detail: detail.to_owned() });
    if secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| now < at)).count() >= MAX_LIVE {
        return full("a client has at most 100 live secrets; delete one that is not used any more");
    }
    if secrets.len() >= MAX_KEPT {
        return full("a client has at most 300 secrets, expired ones included; delete the expired ones");
    }
    Ok(())
}

const SHORT: &str =
    "this secret has fewer than 32 characters: leave secret out to get one with 256 random bits";
const MAX_LIVE: usize = 100;
const MAX_KEPT: usize = 300;
