//! Clients of several tenants that share one cache, all at one time.

use std::collections::HashMap;
use std::sync::Arc;

use countersign_client::{TokenCache, TokenSource};
use countersign_proto::jose::jws;
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClock, TestIssuer};
use serde_json::Value;
use tokio::task::JoinSet;

const CLIENTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const APIS: [&str; 2] = [TestIssuer::AUDIENCE, "https://billing.example"];
/// Who ask for one token at one time.
const TASKS: usize = 4;
/// Lives of a token.
const ROUNDS: u64 = 10;

/// Threats 4 "concurrent token-cache race in client SDK (wrong tenant's token)": whoever asks at one time, and whenever
/// tokens end, each gets the token of its own client for its own API, and each is asked for once in its life.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_has_its_own_token_whoever_asks_at_one_time() {
    let folder = tempfile::tempdir().unwrap();
    for cache in [TokenCache::default(), TokenCache::on_disk(folder.path().join("tokens")).unwrap()] {
        let clock = Arc::new(TestClock::default());
        let issuer = TestIssuer::with().clock(clock.clone()).start().await;
        for client in CLIENTS {
            let _ = issuer.client(client).secret("secret").targets(&APIS);
        }
        for round in 1..=ROUNDS {
            let mut asking = JoinSet::new();
            for (client, api) in CLIENTS.iter().flat_map(|client| APIS.map(|api| (*client, api))) {
                let tokens =
                    TokenSource::discover(issuer.issuer()).client_secret(client, "secret".to_owned());
                let tokens = tokens.resource(api).cache(cache.clone()).clock(clock.clone());
                for _ in 0..TASKS {
                    let tokens = tokens.clone().build_unasked().unwrap();
                    asking.spawn(async move { (client, api, tokens.token().await.unwrap()) });
                }
            }
            let mut seen: HashMap<_, String> = HashMap::new();
            for (client, api, token) in asking.join_all().await {
                let claims: Value =
                    serde_json::from_slice(jws::parse(token.expose()).unwrap().payload()).unwrap();
                assert_eq!((claims["client_id"].as_str(), claims["aud"].as_str()), (Some(client), Some(api)));
                let one = seen.entry((client, api)).or_insert_with(|| token.expose().to_owned());
                assert_eq!(one, token.expose(), "one for all who ask at one time");
            }
            let each = (CLIENTS.len() * APIS.len()) as u64;
            assert_eq!((seen.len() as u64, issuer.count(Document::Token)), (each, round * each));
            clock.advance(TestIssuer::LIFETIME);
        }
    }
}
