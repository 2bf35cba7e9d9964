//! What a token costs in allocations, and a client in memory: the budgets of the token path.

mod harness;

use harness::{Harness, NullSigner, ROOT_SECRET, ask};

/// The token path allocates at most six times from a parsed request to a response body: payload, signature, token and
/// the body itself, and nothing per scope or claim.
#[test]
fn a_token_takes_at_most_six_allocations() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let harness = runtime.block_on(Harness::start(1000));
    let system = harness.system();
    system.danger_replace_signers(|algorithm| Box::new(NullSigner(algorithm)));
    runtime.block_on(harness.issuer.load_clients()).unwrap();
    let issue = || {
        let issued =
            runtime.block_on(harness.issuer.issue(&system, ask("root", ROOT_SECRET, None))).ok().unwrap();
        let mut body = Vec::with_capacity(issued.access_token.len() + issued.scope.len() + 128);
        body.extend_from_slice(issued.access_token.as_bytes());
        body
    };
    issue(); // the first use of the secret in this minute is noted
    let counted = allocation_counter::measure(|| {
        std::hint::black_box(issue());
    });
    assert!(counted.count_total <= 6, "{counted:?}");
}

/// Design rule 3: at most 200 bytes a client, besides grants that many share.
#[test]
fn a_client_takes_at_most_200_bytes() {
    const COUNT: usize = 4096;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let harness = runtime.block_on(async {
        let harness = Harness::start(1_000_000).await;
        harness.add_clients(COUNT).await;
        harness
    });
    let counted = allocation_counter::measure(|| {
        runtime.block_on(harness.issuer.load_clients()).unwrap();
    });
    assert!(harness.issuer.sizes().clients >= COUNT);
    let each = counted.bytes_current / i64::try_from(COUNT).unwrap();
    assert!(each <= 200, "{each} bytes a client");
}
