//! An issuer on a real SQLite file, with a clock that stands still.

#![expect(dead_code, reason = "each test binary uses its part of this")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot be set up has failed")]

pub(crate) mod flaky;
pub(crate) mod held;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use countersign_issuer::api::BuiltIn;
use countersign_issuer::audit::{AuditEvent, AuditRecord};
use countersign_issuer::client::{Client, Grant};
use countersign_issuer::clock::TestClock;
use countersign_issuer::issuer::{Ask, Issuer, OpenError, Parts, Settings};
use countersign_issuer::keys::MasterKeys;
use countersign_issuer::policy::Rules;
use countersign_issuer::random::{Random, SystemRandom};
use countersign_issuer::registry::RealmView;
use countersign_issuer::store::{Command, Store};
use countersign_proto::client_id::ClientId;
use countersign_proto::credential::{Presented, PresentedSecret, SecretReading, Transport};
use countersign_proto::secret::ClientSecret;
use countersign_proto::time::UnixTime;
use countersign_proto::token::{CLIENT_CREDENTIALS, TokenRequest};
use flaky::Flaky;

/// An issuer with its root client, and the folder that goes with it.
pub(crate) struct Harness {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) keys_text: String,
    max_clients: usize,
}

const PUBLIC_URL: &str = "http://localhost:8080";
pub(crate) const ROOT_SECRET: &str = "a-root-secret-for-tests-0123456789";

impl Harness {
    pub(crate) async fn start(max_clients: usize) -> Self {
        Self::start_on(max_clients, |store| store).await
    }

    /// As [`Self::start`], on what `wrap` makes of the store.
    pub(crate) async fn start_on(
        max_clients: usize,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        Self::start_with(max_clients, Arc::new(SystemRandom), wrap).await
    }

    /// As [`Self::start_on`], with random bits from elsewhere.
    pub(crate) async fn start_with(
        max_clients: usize,
        random: Arc<dyn Random>,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = countersign_store::DatabaseUrl::Sqlite(folder.path().join("countersign.db"));
        let store = wrap(countersign_store::open(&url).await.unwrap());
        let clock = Arc::new(TestClock::at(UnixTime(1_800_000_000)));
        let keys = MasterKeys::generate(&SystemRandom).unwrap();
        let keys_text = keys.to_text().to_string();
        let issuer = open_with(&store, keys, &clock, random, PUBLIC_URL, max_clients).await.unwrap();
        let root = (ClientId::parse("root").unwrap(), ClientSecret::given(ROOT_SECRET).ok().unwrap());
        issuer.ensure_root(Some(root)).await.unwrap();
        Self { issuer, store, clock, folder, keys_text, max_clients }
    }

    /// As [`Self::start`], on a store that can fail.
    pub(crate) async fn start_flaky() -> (Self, Arc<Flaky>) {
        Self::start_flaky_with(1000).await
    }

    pub(crate) async fn start_flaky_with(max_clients: usize) -> (Self, Arc<Flaky>) {
        let mut flaky = None;
        let harness = Self::start_on(max_clients, |store| {
            let made = Arc::new(Flaky::new(store));
            flaky = Some(Arc::clone(&made));
            made
        })
        .await;
        (harness, flaky.unwrap())
    }

    /// Opens the same database once more, as after a restart, with these keys.
    pub(crate) async fn open_again(&self, keys_text: &str) -> Result<Arc<Issuer>, OpenError> {
        let keys = MasterKeys::parse(keys_text).ok().unwrap();
        open(&self.store, keys, &self.clock, PUBLIC_URL, self.max_clients).await
    }

    /// The same installation, started again under another public URL.
    pub(crate) async fn moved_to(self, public_url: &str) -> Self {
        let keys = MasterKeys::parse(&self.keys_text).ok().unwrap();
        let issuer = open(&self.store, keys, &self.clock, public_url, self.max_clients).await.unwrap();
        issuer.load_clients().await.unwrap();
        Self { issuer, ..self }
    }

    pub(crate) fn system(&self) -> Arc<RealmView> {
        self.issuer.realm("system").unwrap()
    }

    /// Puts clients straight into the store, as another node would; each with a grant on the default API.
    pub(crate) async fn add_clients(&self, count: usize) {
        let system = self.system();
        let api = system.builtin(BuiltIn::Default).unwrap().id().to_owned();
        for n in 0..count {
            let client = Client {
                id: format!("{n:08x}-0000-4000-8000-000000000000"),
                realm_id: system.id().to_owned(),
                client_id: ClientId::parse(&format!("client-{n:06}")).unwrap(),
                name: format!("Client {n}"),
                description: String::new(),
                enabled: true,
                expires_at: None,
                default_api: Some(api.clone()),
                token_endpoint_auth_method: None,
                allowed_cidrs: Vec::new(),
                token_lifetime: None,
                claims: serde_json::Map::new(),
                created_at: UnixTime(0),
                updated_at: UnixTime(0),
                revision: 0,
            };
            let secret = countersign_issuer::client::SecretRecord {
                id: format!("sec_{n:020x}"),
                digest: [7; 32],
                pepper: self.pepper().await,
                label: None,
                created_at: UnixTime(0),
                expires_at: None,
                last_used_at: None,
            };
            let grant = Grant { api_id: api.clone(), default: Vec::new(), optional: Vec::new() };
            let command = Command::CreateClient { client, secrets: vec![secret], grants: vec![grant] };
            self.store.execute(command, audit()).await.unwrap();
        }
    }

    /// The pepper that this installation's rows name.
    async fn pepper(&self) -> String {
        let root = self.store.client(self.system().id(), "root").await.unwrap().unwrap();
        root.secrets[0].pepper.clone()
    }
}

async fn open(
    store: &Arc<dyn Store>,
    keys: MasterKeys,
    clock: &Arc<TestClock>,
    public_url: &str,
    max_clients: usize,
) -> Result<Arc<Issuer>, OpenError> {
    open_with(store, keys, clock, Arc::new(SystemRandom), public_url, max_clients).await
}

async fn open_with(
    store: &Arc<dyn Store>,
    keys: MasterKeys,
    clock: &Arc<TestClock>,
    random: Arc<dyn Random>,
    public_url: &str,
    max_clients: usize,
) -> Result<Arc<Issuer>, OpenError> {
    let settings = Settings { public_url: public_url.to_owned(), default_realm: None, max_clients };
    let (store, clock) = (Arc::clone(store), Arc::<TestClock>::clone(clock));
    Issuer::open(Parts { store, keys, clock, random, settings }).await
}

/// A request as the native endpoint would parse it.
pub(crate) fn ask<'a>(client_id: &'a str, secret: &'a str, scope: Option<&'a str>) -> Ask<'a> {
    Ask {
        presented: Presented::Secret(PresentedSecret {
            client_id: client_id.into(),
            secret: SecretReading::Borrowed(secret.as_bytes()),
            raw: None,
            transport: Transport::Body,
        }),
        request: TokenRequest {
            grant_type: Some(CLIENT_CREDENTIALS.into()),
            scope: scope.map(Into::into),
            ..TokenRequest::default()
        },
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        rules: Rules::NATIVE,
        repeated: false,
    }
}

pub(crate) fn audit() -> AuditRecord {
    AuditRecord {
        id: 0,
        at: UnixTime(0),
        event: AuditEvent::ClientCreated,
        realm: "system".to_owned(),
        actor: "test".to_owned(),
        subject: "test".to_owned(),
        request_id: String::new(),
        detail: serde_json::Value::Null,
    }
}

/// A signer that costs nothing: what is measured with it is everything else.
pub(crate) struct NullSigner(pub(crate) countersign_proto::jose::Algorithm);

impl countersign_proto::jose::Signer for NullSigner {
    fn algorithm(&self) -> countersign_proto::jose::Algorithm {
        self.0
    }
    fn kid(&self) -> Option<&str> {
        None
    }
    fn sign_into(
        &self,
        _signing_input: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), countersign_proto::jose::signing_key::SignError> {
        out.resize(out.len() + 64, 7);
        Ok(())
    }
}
