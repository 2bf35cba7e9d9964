//! The examples, run as programs against an issuer and an API on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::PathBuf;
use std::sync::Arc;

use countersign_client::SystemClock;
use countersign_proto::jose::Algorithm;
use countersign_testkit::issuer::TestIssuerBuilder;
use countersign_testkit::{TestApi, TestAuthority, TestIdentity, TestIssuer};
use tempfile::TempDir;
use tokio::process::Command;

struct Scene {
    issuer: TestIssuer,
    api: TestApi,
    folder: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::with(TestIssuer::with(), None).await
    }

    async fn with(issuer: TestIssuerBuilder, authority: Option<&TestAuthority>) -> Self {
        let issuer = issuer.clock(Arc::new(SystemClock)).start().await;
        let api = TestApi::of(&issuer);
        let api = authority.into_iter().fold(api, |api, authority| api.tls(authority)).start().await;
        Self { issuer, api, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs an example as the client `billing`, with these variables; it must be let in, once.
    async fn run(&self, example: &str, variables: &[(&str, &str)]) {
        let program = program(example);
        assert!(
            program.exists(),
            "{example} is built by cargo test without --test, or by cargo build --examples"
        );
        let ended = Command::new(program)
            .arg(self.api.url("/1"))
            .env_clear()
            .env("COUNTERSIGN_ISSUER", self.issuer.issuer())
            .env("COUNTERSIGN_CLIENT_ID", "billing")
            .env("COUNTERSIGN_RESOURCE", TestIssuer::AUDIENCE)
            .envs(variables.iter().copied())
            .output();
        let ended = ended.await.unwrap();
        let said = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
        assert_eq!((said.0.as_str(), said.1.as_str(), self.api.let_in()), ("200 OK\n", "", 1));
    }
}

/// Where cargo puts it: beside the folder of the tests.
fn program(example: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples").join(example)
}

#[tokio::test]
async fn secret() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("billing").secret("a secret");
    scene.run("secret", &[("COUNTERSIGN_CLIENT_SECRET", "a secret")]).await;
}

#[tokio::test]
async fn dpop() {
    let scene = Scene::new().await;
    let _ = scene.issuer.client("billing").secret("a secret").must_use_dpop();
    scene.issuer.demand_new_nonce();
    scene.api.demand_new_nonce();
    scene.run("dpop", &[("COUNTERSIGN_CLIENT_SECRET", "a secret")]).await;
}

#[tokio::test]
async fn private_key_jwt() {
    let scene = Scene::new().await;
    let key = TestIdentity::self_signed(&["billing"]);
    let pem = key.key_pem();
    let der = key.key_der();
    let public = countersign_proto::jose::SigningKey::from_pkcs8(Algorithm::ES256, "k", &der).unwrap();
    let _ = scene.issuer.client("billing").key(public.public_jwk());
    scene.run("private_key_jwt", &[("COUNTERSIGN_PRIVATE_KEY", &scene.file("key.pem", &pem))]).await;
}

#[tokio::test]
async fn assertion_file() {
    let scene = Scene::new().await;
    let platform = TestIssuer::with().clock(Arc::new(SystemClock)).start().await;
    let _ = scene.issuer.client("billing").trusts(&platform, "system:serviceaccount:shop:billing");
    let token = platform.kubernetes("shop", "billing", scene.issuer.issuer()).token();
    scene.run("assertion_file", &[("COUNTERSIGN_ASSERTION_FILE", &scene.file("token", &token))]).await;
}

#[tokio::test]
async fn mtls() {
    let authority = TestAuthority::new();
    let issuer = TestIssuer::with().tls(&authority).mtls(&authority);
    let scene = Scene::with(issuer, Some(&authority)).await;
    let _ = scene.issuer.client("billing").certificate_of(&authority, "billing.example");
    let identity = authority.identity(&["billing.example"]);
    let variables = [
        ("COUNTERSIGN_CA_FILE", &*scene.file("ca.pem", authority.pem())),
        ("COUNTERSIGN_CLIENT_CERT", &*scene.file("client.pem", identity.pem())),
        ("COUNTERSIGN_CLIENT_KEY", &*scene.file("client.key", &identity.key_pem())),
    ];
    scene.run("mtls", &variables).await;
}
