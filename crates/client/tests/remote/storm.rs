//! Tokens that name keys by chance.

use countersign_proto::jose::keys::KeyError;

use super::issuer::{Issuer, KEYS, METADATA, find, later, seconds};

/// Threats 2 "unknown-kid amplification": 100,000 tokens with random `kid` in 10 seconds make at most two fetches, and
/// nothing of them is kept.
#[test]
fn random_kids_bring_about_no_fetches_and_no_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (issuer, remote) = runtime.block_on(async {
        let issuer = Issuer::start().await;
        let remote = issuer.keys();
        remote.ready().await;
        // what one refresh needs is there before the count begins
        later(seconds(31)).await;
        remote.refresh().await;
        later(seconds(31)).await;
        (issuer, remote)
    });
    let before = (issuer.count(METADATA), issuer.count(KEYS));
    let used = allocation_counter::measure(|| {
        runtime.block_on(async {
            for token in 0_u64..100_000 {
                let kid = format!("{:0256x}", token.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                assert_eq!(find(&remote, &kid), Err(KeyError::UnknownKid(kid)));
                remote.refresh().await;
                if token % 1000 == 0 {
                    assert_eq!(find(&remote, "a"), Ok(()));
                    later(seconds(10) / 100).await;
                }
            }
        });
    });
    assert!(issuer.count(METADATA) <= before.0 + 2 && issuer.count(KEYS) <= before.1 + 2);
    assert!(issuer.count(KEYS) > before.1, "the first of them does bring about one");
    assert!(used.bytes_current < 1 << 20, "{used:?}");
}
