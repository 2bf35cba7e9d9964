//! What the time tells an attacker: nothing.

#![expect(clippy::indexing_slicing, reason = "the samples are there")]

mod harness;

use std::time::Instant;

use countersign_issuer::refusal::{AuthnFailure, Failure, Refusal};
use harness::{Harness, ask};

/// T-6749-24, threats 3 "secret comparison timing": an unknown client and a wrong secret take equally long.
///
/// 10,000 samples of each, taken in turn so that the machine's moods strike both; the medians may differ by what noise
/// is, far less than the one hash that a careless server saves for unknown clients.
#[test]
fn an_unknown_client_takes_as_long_as_a_wrong_secret() {
    const SAMPLES: usize = 10_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let harness = runtime.block_on(Harness::start(1000));
    runtime.block_on(harness.issuer.load_clients()).unwrap();
    let system = harness.system();
    let time = |client_id: &str, expected: AuthnFailure| {
        let begin = Instant::now();
        let outcome = runtime.block_on(harness.issuer.issue(&system, ask(client_id, WRONG, None)));
        let nanoseconds = begin.elapsed().as_nanos();
        assert!(matches!(outcome, Err(Failure::Refused(Refusal::Unauthenticated(why))) if why == expected));
        nanoseconds
    };
    let (mut unknown, mut wrong) = (Vec::with_capacity(SAMPLES), Vec::with_capacity(SAMPLES));
    for _ in 0..SAMPLES {
        unknown.push(time("nobody", AuthnFailure::UnknownClient));
        wrong.push(time("root", AuthnFailure::WrongSecret));
    }
    let (unknown, wrong) = (median(unknown), median(wrong));
    let ratio = unknown / wrong;
    assert!((0.75..1.33).contains(&ratio), "unknown {unknown} ns, wrong {wrong} ns");
}

fn median(mut samples: Vec<u128>) -> f64 {
    samples.sort_unstable();
    samples[samples.len() / 2] as f64
}

const WRONG: &str = "a-wrong-secret-for-tests-0123456789";
