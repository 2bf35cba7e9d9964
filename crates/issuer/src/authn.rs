//! Step two, prove: from what was presented to an [`AuthenticatedClient`].

mod secret;

use std::net::IpAddr;
use std::sync::Arc;

use countersign_proto::credential::{Presented, PresentedSecret, Transport};
use countersign_proto::time::UnixTime;

use crate::client::AuthMethod;
use crate::keys::Vault;
use crate::refusal::{AuthnFailure, Failure};
use crate::registry::{ClientEntry, RealmView, Registry};

/// A client that proved who it is, in the realm where it did; made here alone.
#[derive(Clone)]
pub struct AuthenticatedClient {
    realm: Arc<RealmView>,
    entry: Arc<ClientEntry>,
    source: IpAddr,
}

impl AuthenticatedClient {
    /// The realm that knows it.
    #[must_use]
    pub fn realm(&self) -> &Arc<RealmView> {
        &self.realm
    }

    /// Its client id.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.entry.id()
    }

    /// The address that it called from.
    #[must_use]
    pub fn source(&self) -> IpAddr {
        self.source
    }

    pub(crate) fn entry(&self) -> &ClientEntry {
        &self.entry
    }
}

/// Proves a client by what it presented.
///
/// Every secret that is presented is hashed, whether or not there is such a client, and compared before anything else
/// about the client counts: so the time tells nothing (T-6749-24).
///
/// Does not check: what the client may have.
pub(crate) async fn authenticate(
    registry: &Registry,
    vault: &Vault,
    realm: &Arc<RealmView>,
    presented: &Presented<'_>,
    source: IpAddr,
    now: UnixTime,
) -> Result<AuthenticatedClient, Failure> {
    let (client_id, secret) = match presented {
        Presented::Nothing => return Err(AuthnFailure::NoCredentials.into()),
        Presented::Unproven(client_id) => (client_id, None),
        Presented::Secret(secret) => (&secret.client_id, Some(secret)),
    };
    let readings = secret.map(|secret| secret::Readings::hash(vault, secret));
    let entry = registry.client(realm, client_id).await?;
    let verdict = readings.map(|readings| secret::judge(entry.as_deref(), &readings, now));
    let entry = entry.ok_or(AuthnFailure::UnknownClient)?;
    standing(realm, &entry, now)?;
    let (Some(secret), Some(verdict)) = (secret, verdict) else { return Err(AuthnFailure::NoSecret.into()) };
    let position = verdict?;
    manner(&entry, secret, source)?;
    registry.used(&entry, position, now);
    Ok(AuthenticatedClient { realm: Arc::clone(realm), entry, source })
}

/// What keeps a client out whatever it presents.
fn standing(realm: &RealmView, entry: &ClientEntry, now: UnixTime) -> Result<(), AuthnFailure> {
    if !realm.enabled() {
        Err(AuthnFailure::RealmDisabled)
    } else if !entry.enabled {
        Err(AuthnFailure::ClientDisabled)
    } else if entry.has_expired(now) {
        Err(AuthnFailure::ClientExpired)
    } else {
        Ok(())
    }
}

/// What keeps a client out although its secret is right: how it sent it, and from where.
fn manner(entry: &ClientEntry, secret: &PresentedSecret<'_>, source: IpAddr) -> Result<(), AuthnFailure> {
    let used = match secret.transport {
        Transport::Basic => AuthMethod::ClientSecretBasic,
        Transport::Body => AuthMethod::ClientSecretPost,
    };
    if entry.auth_method.is_some_and(|method| method != used) {
        Err(AuthnFailure::OtherMethod)
    } else if !may_call_from(entry, source) {
        Err(AuthnFailure::SourceNotAllowed)
    } else {
        Ok(())
    }
}

/// An IPv4 address that came over an IPv6 socket is the IPv4 address.
fn may_call_from(entry: &ClientEntry, source: IpAddr) -> bool {
    let networks = entry.allowed_cidrs();
    networks.is_empty() || networks.iter().any(|network| network.contains(&source.to_canonical()))
}
