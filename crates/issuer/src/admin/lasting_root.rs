//! The root client stays root: no request, its own included, takes administration away from everybody at once.

use countersign_proto::time::UnixTime;

use super::{AdminError, Administrator, Right};
use crate::api::BuiltIn;
use crate::client::{Client, ClientRecord, Grant};
use crate::issuer::Issuer;
use crate::registry::RealmView;

/// What is going to be done to a client.
pub(super) enum Loss<'a> {
    /// It is deleted.
    Client,
    /// It becomes this.
    Standing(&'a Client),
    /// This grant stands in the place of the one on the same API.
    Rights(&'a Grant),
    /// Its grant on the API with this id is deleted.
    Grant(&'a str),
    /// Its secret with this id is deleted.
    Secret(&'a str),
}

impl Issuer {
    /// Lets nothing pass that would end the root client: its being there, enabled and without an end, its rights, its
    /// last secret.
    ///
    /// Who works beside the database may do it all: there `root reset` undoes it.
    ///
    /// # Errors
    /// [`AdminError::Conflict`].
    ///
    /// Does not check: the networks and the method that root is held to, which are its operators' to choose.
    pub(super) async fn keep_root(
        &self,
        by: &Administrator,
        view: &RealmView,
        record: &ClientRecord,
        loss: Loss<'_>,
    ) -> Result<(), AdminError> {
        if by.bearer().is_none() {
            return Ok(());
        }
        let admin = view.builtin(BuiltIn::Admin).map(|api| api.id());
        let Some((field, what)) = ends(record, &loss, admin, self.now()) else { return Ok(()) };
        if !self.is_root_client(view, record.client.client_id.as_str()).await? {
            return Ok(());
        }
        Err(AdminError::Conflict {
            field: field.to_owned(),
            detail: format!("the root client {what}: {ADVICE}"),
        })
    }
}

/// Which member is wrong and why, where a client that is root would be root no more.
fn ends(
    record: &ClientRecord,
    loss: &Loss<'_>,
    admin: Option<&str>,
    now: UnixTime,
) -> Option<(&'static str, &'static str)> {
    match loss {
        Loss::Client => Some(("", "cannot be deleted")),
        Loss::Standing(after) if record.client.enabled && !after.enabled => {
            Some(("enabled", "cannot be disabled"))
        }
        Loss::Standing(after)
            if after.expires_at.is_some() && after.expires_at != record.client.expires_at =>
        {
            Some(("expires_at", "cannot be given an end"))
        }
        Loss::Standing(_) => None,
        Loss::Rights(grant) => {
            let whole = Right::ALL
                .iter()
                .all(|right| grant.default.iter().any(|scope| scope.as_str() == right.as_str()));
            (admin == Some(grant.api_id.as_str()) && !whole)
                .then_some(("default", "keeps every scope of the API admin by default"))
        }
        Loss::Grant(api) => (admin == Some(*api)).then_some(("", "keeps its grant on the API admin")),
        Loss::Secret(id) => {
            let mut live = record.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| now < at));
            let is_last = live.next().is_some_and(|only| only.id == *id) && live.next().is_none();
            is_last.then_some(("", "keeps a live secret; add another one first"))
        }
    }
}

const ADVICE: &str = "nobody could administer this server any more. Make narrower clients for daily work; a secret that \
                      leaked ends with another one in its place, or with `countersign root reset` beside the stopped \
                      server";
