//! Values that are kept once and for all.

use tokio::task::JoinSet;

use super::samples::*;

/// The first value under a key stays, any bytes; other keys are other values.
pub async fn a_value_is_kept_once(store: AStore) {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(store.keep("key", &all).await.unwrap(), all);
    assert_eq!(store.keep("key", b"another").await.unwrap(), all);
    assert_eq!(store.keep("KEY", b"").await.unwrap(), b"");
    assert_eq!(store.keep("KEY", b"late").await.unwrap(), b"");
    assert_eq!(store.keep(HARD, b"hard").await.unwrap(), b"hard");
    assert_eq!(store.keep("key", b"").await.unwrap(), all);
    assert_eq!(store.revision().await.unwrap(), 0);
}

/// A value that is kept instead of another is the one that stays; of no other key, and also where there was none.
pub async fn a_value_is_kept_instead(store: AStore) {
    store.keep("key", b"one").await.unwrap();
    store.keep("other", b"other").await.unwrap();
    store.keep_instead("key", b"two").await.unwrap();
    assert_eq!(store.keep("key", b"three").await.unwrap(), b"two");
    assert_eq!(store.keep("other", b"").await.unwrap(), b"other");
    store.keep_instead("new", &[0, 255]).await.unwrap();
    assert_eq!(store.keep("new", b"").await.unwrap(), [0, 255]);
    assert_eq!(store.revision().await.unwrap(), 0);
}

/// Of many that keep at once, all hear the same value.
pub async fn one_of_many_first_values_is_kept(store: AStore) {
    let mut tasks = JoinSet::new();
    for n in 0..32_u8 {
        let store = store.clone();
        tasks.spawn(async move { store.keep("pepper", &[n; 16]).await.unwrap() });
    }
    let mut heard = tasks.join_all().await;
    heard.dedup();
    assert_eq!(heard.len(), 1);
    assert_eq!(store.keep("pepper", b"late").await.unwrap(), heard[0]);
}
