//! A database is opened with the keys that it was made with, or not at all.

mod harness;

use countersign_issuer::issuer::OpenError;
use countersign_issuer::keys::MasterKeys;
use countersign_issuer::random::SystemRandom;
use harness::Harness;

/// Design rule 6: another key refuses the start, and so does another name for the same key, which rows know it by.
#[tokio::test]
async fn the_start_is_refused_with_other_keys_or_other_names_for_them() {
    let harness = Harness::start(10).await;
    let text = &harness.keys_text;
    assert!(harness.open_again(text).await.is_ok());
    for kind in ["sealing", "pepper"] {
        let line = |text: &str| text.lines().find(|line| line.starts_with(kind)).unwrap().to_owned();
        let ours = line(text);
        let id = ours.split(' ').nth(1).unwrap();
        let renamed = text.replace(id, "another");
        let foreign = MasterKeys::generate(&SystemRandom).unwrap().to_text();
        let foreign = format!("{} {id} {}", kind, line(&foreign).split(' ').nth(2).unwrap());
        for keys in [renamed, text.replace(&ours, &foreign)] {
            let told = harness.open_again(&keys).await.err();
            assert!(matches!(told, Some(OpenError::ForeignKeys(_))), "{kind}: {told:?}");
        }
    }
}
