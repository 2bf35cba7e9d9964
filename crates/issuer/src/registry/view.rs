//! One realm as it is now, with all that a request needs of it made ready.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_proto::jose::{Algorithm, StaticKeys};
use countersign_proto::time::UnixTime;

use super::audiences::Audiences;
use super::document::{Document, Documents, Slot};
use crate::api::{Api, BuiltIn};
use crate::keys::{KeyRing, PublishedKey, Vault};
use crate::metadata;
use crate::mint::Signing;
use crate::realm::{Dialect, Profile, Realm};
use crate::refusal::Fault;
use crate::store::{RealmName, RealmRecord};

/// A realm with its APIs, its keys and its documents; never changed, replaced as a whole.
pub struct RealmView {
    slot: u32,
    public_url: Box<str>,
    record: RealmRecord,
    issuer: Box<str>,
    /// The issuer as a JSON string, quotes included.
    issuer_json: Box<str>,
    apis: Vec<Arc<ApiView>>,
    by_identifier: HashMap<Box<str>, usize>,
    by_id: HashMap<Box<str>, usize>,
    root_door: Option<Arc<ApiView>>,
    ring: KeyRing,
    made_at: UnixTime,
    documents: Documents,
    /// Why what is stored of it cannot be read; then nothing else here is true.
    unreadable: Option<Box<str>>,
}

/// An API, with what signing for it needs.
pub struct ApiView {
    api: Api,
    identifier: Box<str>,
    /// The identifier as a JSON string, quotes included.
    identifier_json: Box<str>,
    lifetime: i64,
    profile: Profile,
    signing: Option<Signing>,
    /// Whether it is the realm's [`RealmView::root_door`].
    is_root_door: bool,
}

impl RealmView {
    pub(super) fn new(
        slot: u32,
        record: RealmRecord,
        public_url: &str,
        vault: &Arc<Vault>,
        before: Option<&Self>,
        made_at: UnixTime,
    ) -> Self {
        let issuer = match &record.realm.issuer {
            Some(given) => given.clone(),
            None => default_issuer(public_url, &record.realm.name),
        };
        let ring = KeyRing::new(&issuer, &record.keys, vault, before.map(|view| &view.ring), made_at);
        let own = Audiences::of(record.realm.profile, &issuer);
        let apis: Vec<_> =
            record.apis.iter().map(|api| Arc::new(ApiView::new(api, &record.realm, &own, &ring))).collect();
        let named = apis.iter().enumerate().filter(|(_, api)| !api.is_shut(&own));
        let by_identifier = named.map(|(at, api)| (api.identifier.clone(), at)).collect();
        let by_id = apis.iter().enumerate().map(|(at, api)| (api.id().into(), at)).collect();
        let root_door = record
            .realm
            .dialects
            .contains(&Dialect::Fidesops)
            .then(|| apis.iter().find(|api| api.api.builtin == Some(BuiltIn::Default)))
            .flatten()
            .map(|api| Arc::new(ApiView::root_door(api, &record.realm, &own, &ring)));
        Self {
            slot,
            public_url: public_url.into(),
            issuer_json: json_string(&issuer),
            issuer: issuer.into(),
            apis,
            by_identifier,
            by_id,
            root_door,
            ring,
            made_at,
            documents: Documents::default(),
            record,
            unreadable: None,
        }
    }

    /// Stands for a realm that cannot be read: where it was reached before it is reached still, and it has nothing, so
    /// that nothing is done by what it was before.
    pub(super) fn unreadable(
        slot: u32,
        RealmName { id, name }: RealmName,
        why: &str,
        public_url: &str,
        vault: &Arc<Vault>,
        before: Option<&Self>,
        made_at: UnixTime,
    ) -> Self {
        let realm = before.map_or_else(|| unknown(id, name, made_at), |view| view.record.realm.clone());
        let realm = Realm { enabled: false, ..realm };
        let record = RealmRecord { realm, apis: Vec::new(), keys: Vec::new() };
        let view = Self::new(slot, record, public_url, vault, None, made_at);
        Self { unreadable: Some(why.into()), ..view }
    }

    /// That what is stored of it could be read, but for its keys.
    ///
    /// # Errors
    /// [`Fault::Broken`]: nothing can be said or done in this realm until its rows are mended.
    pub fn readable(&self) -> Result<(), Fault> {
        match &self.unreadable {
            Some(why) => Err(Fault::Broken(format!("the realm {} cannot be read: {why}", self.name()))),
            None => Ok(()),
        }
    }

    /// That all that is stored of it could be read.
    ///
    /// # Errors
    /// [`Fault::Broken`]: no token can be issued in this realm.
    pub(crate) fn whole(&self) -> Result<(), Fault> {
        self.readable()?;
        match self.ring.damage() {
            Some(why) => Err(Fault::Broken(format!("the realm {} is damaged: {why}", self.name()))),
            None => Ok(()),
        }
    }

    /// The name in every URL.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.record.realm.name
    }

    /// Our id of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.record.realm.id
    }

    /// The issuer identifier in effect.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What clients see before every path, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The realm as it is stored.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.record.realm
    }

    /// The realm with its APIs and keys as they are stored.
    #[must_use]
    pub fn record(&self) -> &RealmRecord {
        &self.record
    }

    /// Whether a dialect's URLs are open.
    #[must_use]
    pub fn opens(&self, dialect: Dialect) -> bool {
        self.record.realm.dialects.contains(&dialect)
    }

    /// Whether tokens are issued.
    #[must_use]
    pub fn enabled(&self) -> bool {
        self.record.realm.enabled
    }

    /// Its APIs, oldest first, the built-in ones among them.
    #[must_use]
    pub fn apis(&self) -> &[Arc<ApiView>] {
        &self.apis
    }

    /// The API with this identifier, as `resource` and `audience` name it.
    #[must_use]
    pub fn api_by_identifier(&self, identifier: &str) -> Option<&Arc<ApiView>> {
        self.by_identifier.get(identifier).and_then(|at| self.apis.get(*at))
    }

    /// The API with this id.
    #[must_use]
    pub fn api_by_id(&self, id: &str) -> Option<&Arc<ApiView>> {
        self.by_id.get(id).and_then(|at| self.apis.get(*at))
    }

    /// The API that an operator means: by identifier, by id, or `default` or `admin`.
    #[must_use]
    pub fn api(&self, word: &str) -> Option<&Arc<ApiView>> {
        let builtin = BuiltIn::parse(word);
        self.api_by_identifier(word)
            .or_else(|| self.api_by_id(word))
            .or_else(|| self.apis.iter().find(|api| builtin.is_some() && api.api.builtin == builtin))
    }

    /// A built-in API.
    #[must_use]
    pub fn builtin(&self, builtin: BuiltIn) -> Option<&Arc<ApiView>> {
        self.apis.iter().find(|api| api.api.builtin == Some(builtin))
    }

    /// What fidesops' root gets its tokens for: everything at the dialect's own URLs, and nothing elsewhere.
    #[must_use]
    pub fn root_door(&self) -> Option<&Arc<ApiView>> {
        self.root_door.as_ref()
    }

    /// APIs that came to be called like one of the server's own audiences, by a new public URL: nobody gets tokens for
    /// them.
    pub(crate) fn shut_apis(&self) -> impl Iterator<Item = &str> {
        let own = Audiences::of(self.record.realm.profile, &self.issuer);
        self.apis.iter().filter(move |api| api.is_shut(&own)).map(|api| api.identifier())
    }

    /// The keys that stand in the JWKS, those that sign first.
    #[must_use]
    pub fn keys(&self) -> Vec<&PublishedKey> {
        self.ring.published(self.made_at).collect()
    }

    /// The keys that verify this realm's tokens.
    #[must_use]
    pub fn verifying(&self) -> &StaticKeys {
        self.ring.verifying()
    }

    /// The algorithms that have an active key.
    #[must_use]
    pub fn signs_with(&self, algorithm: Algorithm) -> bool {
        self.ring.has(algorithm)
    }

    /// The JWKS (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> Document {
        self.document(Slot::Jwks, || metadata::jwks(self))
    }

    /// The metadata document (RFC 8414 §3.2).
    #[must_use]
    pub fn metadata(&self) -> Document {
        self.document(Slot::Metadata, || metadata::native(self))
    }

    /// A document, made on the first call.
    #[must_use]
    pub fn document(&self, slot: Slot, make: impl FnOnce() -> Vec<u8>) -> Document {
        self.documents.get(slot, make)
    }

    /// When this view's documents name a key that must leave them.
    pub(super) fn stale_at(&self) -> Option<UnixTime> {
        self.ring.next_departure(self.made_at)
    }

    /// For measuring everything but the signature: `signer` makes what stands in for a key.
    #[cfg(feature = "measure")]
    #[doc(hidden)]
    pub fn danger_replace_signers(
        &self,
        signer: impl Fn(Algorithm) -> Box<dyn countersign_proto::jose::Signer>,
    ) {
        self.ring.danger_replace_signers(signer);
    }

    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    pub(crate) fn issuer_json(&self) -> &str {
        &self.issuer_json
    }
}

impl ApiView {
    fn new(api: &Api, realm: &Realm, own: &Audiences<'_>, ring: &KeyRing) -> Self {
        let identifier = match api.builtin {
            None => api.identifier.clone(),
            Some(BuiltIn::Default) => own.default_api(),
            Some(BuiltIn::Admin) => own.admin(),
        };
        // Our own admin API reads RFC 9068, whatever the realm's other verifiers read.
        let profile = match api.builtin {
            Some(BuiltIn::Admin) => Profile::Rfc9068,
            _ => api.profile.unwrap_or(realm.profile),
        };
        let mut view = Self::with(api.clone(), identifier, profile, realm, ring);
        if view.is_shut(own) {
            // Its tokens would pass for tokens of the server's own API.
            view.api.enabled = false;
        }
        view
    }

    fn root_door(default: &Self, realm: &Realm, own: &Audiences<'_>, ring: &KeyRing) -> Self {
        let view = Self::with(default.api.clone(), own.root_door(), Profile::Rfc9068, realm, ring);
        Self { is_root_door: true, ..view }
    }

    fn with(api: Api, identifier: String, profile: Profile, realm: &Realm, ring: &KeyRing) -> Self {
        let algorithm = api.algorithm.unwrap_or(realm.signing_algorithm());
        let signing = ring.active(algorithm).map(|key| {
            let typ = match profile {
                Profile::Rfc9068 => "at+jwt",
                Profile::Keycloak | Profile::Auth0 => "JWT",
            };
            Signing { header: key.header(typ), signer: Arc::<crate::keys::RingKey>::clone(key) }
        });
        Self {
            identifier_json: json_string(&identifier),
            identifier: identifier.into(),
            lifetime: api.token_lifetime.unwrap_or(realm.lifetime()),
            profile,
            signing,
            is_root_door: false,
            api,
        }
    }

    /// Whether it is a user's API that is called like one of the server's own audiences.
    fn is_shut(&self, own: &Audiences<'_>) -> bool {
        self.api.builtin.is_none() && own.has(&self.identifier)
    }

    /// Our id of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.api.id
    }

    /// The audience in effect.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The API as it is stored.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Whether it has this scope.
    #[must_use]
    pub fn has_scope(&self, name: &str) -> bool {
        self.api.scopes.iter().any(|scope| scope.name.as_str() == name)
    }

    /// The names of its scopes, in the order in which they were added.
    pub fn scope_names(&self) -> impl Iterator<Item = &str> {
        self.api.scopes.iter().map(|scope| scope.name.as_str())
    }

    /// Seconds that a token lives unless its client says otherwise.
    #[must_use]
    pub fn lifetime(&self) -> i64 {
        self.lifetime
    }

    /// The shape of its tokens.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether its tokens are fidesops' root's.
    pub(crate) fn is_root_door(&self) -> bool {
        self.is_root_door
    }

    pub(crate) fn identifier_json(&self) -> &str {
        &self.identifier_json
    }

    pub(crate) fn signing(&self) -> Option<&Signing> {
        self.signing.as_ref()
    }
}

/// The issuer of a realm that was given none.
#[must_use]
pub(crate) fn default_issuer(public_url: &str, realm: &str) -> String {
    format!("{public_url}/realms/{realm}")
}

/// A realm of which nothing is known but this.
fn unknown(id: String, name: String, at: UnixTime) -> Realm {
    Realm {
        id,
        name,
        issuer: None,
        hosts: Vec::new(),
        profile: Profile::Rfc9068,
        template: None,
        dialects: Vec::new(),
        algorithm: None,
        token_lifetime: None,
        enabled: false,
        created_at: at,
        updated_at: at,
        revision: 0,
    }
}

fn json_string(text: &str) -> Box<str> {
    serde_json::Value::from(text).to_string().into()
}
