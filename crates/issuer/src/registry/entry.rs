//! A client as it is kept in memory: at most 200 bytes each, what many share held once.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::num::NonZeroI64;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use countersign_proto::time::UnixTime;
use ipnet::IpNet;

use crate::client::{AuthMethod, ClientRecord, Grant};
use crate::keys::Vault;

/// A client, ready for the token path. `a_client_takes_at_most_200_bytes` holds its size.
pub(crate) struct ClientEntry {
    id: Box<str>,
    grants: Arc<Box<[GrantView]>>,
    rare: Option<Box<Rare>>,
    revision: i64,
    created_at: UnixTime,
    secrets: Secrets,
    /// The 16 bytes of its UUID.
    uuid: [u8; 16],
    /// Which realm.
    slot: u32,
    /// Position in `grants` of the default API's grant, if it is there.
    default_grant: u16,
    pub(crate) enabled: bool,
    pub(crate) auth_method: Option<AuthMethod>,
}

/// One grant, shared by all clients that have the same ones.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct GrantView {
    pub(crate) api_id: Box<str>,
    /// The default scopes, joined by spaces as a token shows them.
    pub(crate) default: Arc<str>,
    /// The optional scopes, sorted.
    pub(crate) optional: Box<[Box<str>]>,
}

/// What is kept of a live secret.
pub(crate) struct SecretEntry {
    pub(crate) digest: [u8; 32],
    pub(crate) expires_at: Until,
    /// `sec_` and hex in the store; the ten bytes here.
    id: [u8; 10],
    /// The minute of its last use, since 1970.
    used: AtomicU32,
}

/// A moment, or never, in eight bytes that leave room for the compiler to tell [`Secrets`] apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until(NonZeroI64);

enum Secrets {
    One(SecretEntry),
    Many(Box<[SecretEntry]>),
}

/// What most clients do not have.
struct Rare {
    expires_at: Until,
    default_api: Option<Box<str>>,
    allowed_cidrs: Box<[IpNet]>,
    token_lifetime: Option<i64>,
    claims: Box<str>,
}

impl ClientEntry {
    /// Reads a record; secrets under another pepper are left out, since they can never be checked.
    pub(super) fn new(slot: u32, record: ClientRecord, vault: &Vault, shared: &Shared) -> Self {
        let ClientRecord { client, secrets, grants } = record;
        let default_grant = client
            .default_api
            .as_ref()
            .and_then(|api| grants.iter().position(|grant| grant.api_id == *api))
            .and_then(|at| u16::try_from(at).ok())
            .unwrap_or(NO_GRANT);
        let orphan_default = client.default_api.filter(|_| default_grant == NO_GRANT);
        let claims = fragment(&client.claims);
        let is_plain = client.expires_at.is_none()
            && client.allowed_cidrs.is_empty()
            && client.token_lifetime.is_none()
            && claims.is_empty()
            && orphan_default.is_none();
        let rare = (!is_plain).then(|| {
            Box::new(Rare {
                expires_at: client.expires_at.into(),
                default_api: orphan_default.map(Into::into),
                allowed_cidrs: client.allowed_cidrs.into(),
                token_lifetime: client.token_lifetime,
                claims: claims.into(),
            })
        });
        let mut live: Vec<SecretEntry> = secrets
            .into_iter()
            .filter(|secret| vault.has_pepper(&secret.pepper))
            .map(|secret| SecretEntry {
                digest: secret.digest,
                expires_at: secret.expires_at.into(),
                id: pack_id(&secret.id),
                used: AtomicU32::new(secret.last_used_at.map_or(0, minute)),
            })
            .collect();
        let secrets = match (live.pop(), live.is_empty()) {
            (Some(only), true) => Secrets::One(only),
            (Some(last), false) => {
                live.push(last);
                Secrets::Many(live.into())
            }
            (None, _) => Secrets::Many(Box::default()),
        };
        Self {
            id: client.client_id.as_str().into(),
            grants: shared.grants(&grants),
            rare,
            revision: client.revision,
            created_at: client.created_at,
            secrets,
            uuid: pack_uuid(&client.id),
            slot,
            default_grant,
            enabled: client.enabled,
            auth_method: client.token_endpoint_auth_method,
        }
    }

    /// Whether it is the client `id` of the realm in `slot`.
    pub(super) fn is(&self, slot: u32, id: &str) -> bool {
        self.slot == slot && *self.id == *id
    }

    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// The minute in which any of its secrets was last used.
    pub(super) fn last_used(&self) -> u32 {
        self.secrets().iter().map(|secret| secret.used.load(Ordering::Relaxed)).max().unwrap_or(0)
    }

    /// Whether it has expired.
    pub(crate) fn has_expired(&self, now: UnixTime) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.expires_at.has_passed(now))
    }

    /// Whether it was made after this second.
    pub(crate) fn is_younger_than(&self, second: i64) -> bool {
        second < self.created_at.0
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The UUID in its text form.
    pub(crate) fn uuid(&self) -> Uuid {
        Uuid(self.uuid)
    }

    pub(crate) fn secrets(&self) -> &[SecretEntry] {
        match &self.secrets {
            Secrets::One(secret) => std::slice::from_ref(secret),
            Secrets::Many(secrets) => secrets,
        }
    }

    pub(crate) fn grants(&self) -> &[GrantView] {
        &self.grants
    }

    pub(crate) fn grant_on(&self, api_id: &str) -> Option<&GrantView> {
        self.grants.iter().find(|grant| *grant.api_id == *api_id)
    }

    /// The id of the API that is meant when a request names none, where one is set.
    pub(crate) fn default_api(&self) -> Option<&str> {
        match self.grants.get(usize::from(self.default_grant)) {
            Some(grant) => Some(&grant.api_id),
            None => self.rare.as_ref()?.default_api.as_deref(),
        }
    }

    pub(crate) fn allowed_cidrs(&self) -> &[IpNet] {
        self.rare.as_ref().map_or(&[], |rare| &rare.allowed_cidrs)
    }

    pub(crate) fn token_lifetime(&self) -> Option<i64> {
        self.rare.as_ref().and_then(|rare| rare.token_lifetime)
    }

    /// Its own claims as members of a JSON object, each with a comma before it.
    pub(crate) fn claims(&self) -> &str {
        self.rare.as_ref().map_or("", |rare| &rare.claims)
    }
}

impl GrantView {
    pub(crate) fn has_default(&self, scope: &str) -> bool {
        self.default.split(' ').any(|name| name == scope)
    }

    pub(crate) fn has_optional(&self, scope: &str) -> bool {
        self.optional.binary_search_by(|name| name.as_ref().cmp(scope)).is_ok()
    }

    /// Everything that the client may ask for here.
    pub(crate) fn all(&self) -> Vec<String> {
        let default = self.default.split(' ').filter(|name| !name.is_empty()).map(str::to_owned);
        default.chain(self.optional.iter().map(|name| name.to_string())).collect()
    }
}

impl SecretEntry {
    /// Its id as the store knows it.
    pub(super) fn id(&self) -> String {
        let mut id = String::with_capacity(24);
        id.push_str(SECRET);
        for byte in self.id {
            let _ = write!(id, "{byte:02x}");
        }
        id
    }

    /// Marks it used; `true` when this minute did not know it yet.
    pub(super) fn mark(&self, now: UnixTime) -> bool {
        let now = minute(now);
        self.used.load(Ordering::Relaxed) != now && self.used.swap(now, Ordering::Relaxed) != now
    }
}

impl Until {
    /// Whether this moment has come.
    pub(crate) fn has_passed(self, now: UnixTime) -> bool {
        self.0.get() <= now.0
    }
}

impl From<Option<UnixTime>> for Until {
    fn from(at: Option<UnixTime>) -> Self {
        let seconds = at.map_or(i64::MAX, |at| at.0);
        Self(NonZeroI64::new(seconds).unwrap_or(NonZeroI64::MIN))
    }
}

/// A UUID that is written without an allocation.
pub(crate) struct Uuid([u8; 16]);

impl Uuid {
    /// These 16 bytes in the text form of a UUID.
    pub(crate) fn of(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> [u8; 16] {
        self.0
    }

    /// Appends the 36 characters of its text form.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                out.push(b'-');
            }
            out.extend([byte >> 4, byte & 15].map(hex_digit));
        }
    }
}

/// Grants that several clients have alike, each kept once.
#[derive(Default)]
pub(super) struct Shared {
    grants: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    grants: HashSet<Arc<Box<[GrantView]>>>,
    /// At this many, those that nobody has any more are let go.
    sweep_at: usize,
}

impl Shared {
    fn grants(&self, grants: &[Grant]) -> Arc<Box<[GrantView]>> {
        let made: Arc<Box<[GrantView]>> = Arc::new(grants.iter().map(GrantView::from).collect());
        let mut known = self.grants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.grants.get(&made) {
            return Arc::clone(same);
        }
        if known.grants.len() >= known.sweep_at.max(64) {
            known.grants.retain(|grants| Arc::strong_count(grants) > 1);
            known.sweep_at = known.grants.len() * 2;
        }
        known.grants.insert(Arc::clone(&made));
        made
    }
}

impl From<&Grant> for GrantView {
    fn from(grant: &Grant) -> Self {
        let default = grant.default.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
        let mut optional: Vec<Box<str>> = grant.optional.iter().map(|name| name.as_str().into()).collect();
        optional.sort_unstable();
        Self { api_id: grant.api_id.as_str().into(), default: default.into(), optional: optional.into() }
    }
}

/// Members of a JSON object without its braces, a comma before each.
fn fragment(claims: &serde_json::Map<String, serde_json::Value>) -> String {
    claims.iter().fold(String::new(), |mut text, (name, value)| {
        text.push(',');
        text.push_str(&serde_json::Value::from(name.as_str()).to_string());
        text.push(':');
        text.push_str(&value.to_string());
        text
    })
}

fn minute(at: UnixTime) -> u32 {
    u32::try_from(at.0 / 60).unwrap_or(0)
}

/// The bytes of the hex digits in `text`, as many as there is room for; other characters are passed over.
fn pack<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0u8; N];
    let mut digits = text.bytes().filter_map(|digit| char::from(digit).to_digit(16));
    for byte in &mut bytes {
        let (Some(high), Some(low)) = (digits.next(), digits.next()) else { break };
        *byte = u8::try_from(high << 4 | low).unwrap_or(0);
    }
    bytes
}

fn pack_uuid(text: &str) -> [u8; 16] {
    pack(text)
}

fn pack_id(id: &str) -> [u8; 10] {
    pack(id.strip_prefix(SECRET).unwrap_or(id))
}

fn hex_digit(value: u8) -> u8 {
    if value < 10 { b'0' + value } else { b'a' + value - 10 }
}

/// What a secret's id begins with.
pub(crate) const SECRET: &str = "sec_";
const NO_GRANT: u16 = u16::MAX;
