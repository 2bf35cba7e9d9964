//! An issuer, a client and a moment that a test moves.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_client::token::Refused;
use countersign_client::{Builder, Token, TokenError, TokenSource};
use countersign_proto::jose::{Algorithm, SigningKey, jws};
use countersign_testkit::issuer::Document;
use countersign_testkit::{Received, TestClock, TestIssuer};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Scene {
    pub(crate) issuer: TestIssuer,
    pub(crate) clock: Arc<TestClock>,
    folder: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(TestClock::default());
        Self::with(TestIssuer::with().clock(clock.clone()).start().await, clock)
    }

    pub(crate) fn with(issuer: TestIssuer, clock: Arc<TestClock>) -> Self {
        Self { issuer, clock, folder: tempfile::tempdir().unwrap() }
    }

    /// Tokens by the issuer's metadata.
    pub(crate) fn discover(&self) -> Builder {
        TokenSource::discover(self.issuer.issuer()).clock(self.clock.clone())
    }

    /// Tokens from the token endpoint.
    pub(crate) fn at(&self) -> Builder {
        TokenSource::at(self.issuer.url(Document::Token)).clock(self.clock.clone())
    }

    /// A file with this in it.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The token requests so far.
    pub(crate) fn asked(&self) -> Vec<Received> {
        self.issuer.received(Document::Token)
    }

    /// The last token request.
    pub(crate) fn last(&self) -> Received {
        self.asked().pop().unwrap()
    }
}

/// A token, whatever was there before.
pub(crate) async fn take(tokens: Builder) -> Result<Token, TokenError> {
    tokens.build_unasked()?.token().await
}

/// The name of the setting that is wrong.
pub(crate) fn setting<T: std::fmt::Debug>(taken: Result<T, TokenError>) -> &'static str {
    match taken {
        Err(TokenError::Misconfigured(error)) => error.setting(),
        other => panic!("{other:?}"),
    }
}

/// What the server said.
pub(crate) fn refused<T: std::fmt::Debug>(taken: Result<T, TokenError>) -> Refused {
    match taken {
        Err(TokenError::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

/// Header members and claims of a JWT.
pub(crate) fn decoded(jwt: &str) -> (Option<String>, Option<String>, Algorithm, Value) {
    let read = jws::parse(jwt).unwrap();
    let (typ, kid) = (read.header().typ(), read.header().kid());
    let claims = serde_json::from_slice(read.payload()).unwrap();
    (typ.map(str::to_owned), kid.map(str::to_owned), read.header().alg(), claims)
}

/// A private key in PEM.
pub(crate) fn pem(key: &SigningKey) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(&*key.to_pkcs8().unwrap());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}
