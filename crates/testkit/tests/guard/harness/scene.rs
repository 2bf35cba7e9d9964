//! An issuer, a clock, a verifier of its tokens, and the doors.

use std::sync::Arc;
use std::time::Duration;

use countersign_guard::verifier::VerifierBuilder;
use countersign_guard::{TrustedIssuer, Verifier};
use countersign_testkit::issuer::Document;
use countersign_testkit::{TestClock, TestIssuer};

use super::Doors;

pub(crate) struct Scene {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) issuer: TestIssuer,
    pub(crate) verifier: Verifier,
    pub(crate) doors: Doors,
}

impl Scene {
    /// The public URL of the API behind the doors.
    pub(crate) const URL: &str = TestIssuer::AUDIENCE;

    pub(crate) async fn new() -> Self {
        Self::with(|issuer| issuer, |builder| builder).await
    }

    /// With settings of its own; the keys are there.
    pub(crate) async fn with(
        trust: impl FnOnce(TrustedIssuer) -> TrustedIssuer,
        set: impl FnOnce(VerifierBuilder) -> VerifierBuilder,
    ) -> Self {
        let clock = Arc::new(TestClock::default());
        let issuer = TestIssuer::with().clock(clock.clone()).start().await;
        let trusted = trust(TrustedIssuer::discover(issuer.issuer(), TestIssuer::AUDIENCE));
        let builder = Verifier::builder(trusted).clock(clock.clone()).public_url(Self::URL);
        let verifier = set(builder).build().unwrap();
        ready(&verifier).await;
        let doors = Doors::of(&verifier);
        Self { clock, issuer, verifier, doors }
    }
}

/// Waits until the keys of all issuers are there.
pub(crate) async fn ready(verifier: &Verifier) {
    let wait = async {
        while !verifier.is_ready() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
    waited.unwrap_or_else(|_| panic!("no keys: {:?}", verifier.waiting_for().collect::<Vec<_>>()));
}

/// Moves the time by which keys grow old; what happens on the network takes its real time.
pub(crate) async fn now_later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

/// Waits until the issuer was asked for its keys so often in all.
pub(crate) async fn until_asked(issuer: &TestIssuer, times: u64) {
    let asked = issuer.asked(Document::Jwks, times);
    tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap();
}
