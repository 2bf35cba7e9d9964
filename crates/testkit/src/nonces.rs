//! DPoP nonces as a server hands them out (RFC 9449 §8, §9): unpredictable, demanded from a test's word on.

use std::sync::Mutex;

use countersign_proto::jose::base64url;

/// The nonces that are good now, the newest last; none while they are not demanded.
#[derive(Default)]
pub(crate) struct Nonces(Mutex<Vec<String>>);

impl Nonces {
    /// Takes none but a new one from now on.
    pub(crate) fn rotate(&self) {
        *self.good() = vec![fresh()];
    }

    /// Takes a new one too, and it alone as soon as it was handed out.
    pub(crate) fn announce(&self) {
        self.good().push(fresh());
    }

    /// Whether a proof with this nonce, or without one, may pass.
    pub(crate) fn accept(&self, nonce: Option<&str>) -> bool {
        let good = self.good();
        good.is_empty() || nonce.is_some_and(|nonce| good.iter().any(|one| one == nonce))
    }

    /// The newest, to be sent; those before it are void.
    pub(crate) fn hand_out(&self) -> Option<String> {
        let mut good = self.good();
        let newest = good.pop()?;
        *good = vec![newest.clone()];
        Some(newest)
    }

    fn good(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().expect("no test panicked here")
    }
}

fn fresh() -> String {
    let mut bytes = [0; 18];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    base64url::encode(&bytes)
}
