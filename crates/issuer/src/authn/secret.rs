//! The check of a client secret: one or two hashes, and comparisons in constant time.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use countersign_proto::credential::PresentedSecret;
use countersign_proto::time::UnixTime;

use crate::keys::Vault;
use crate::refusal::AuthnFailure;
use crate::registry::ClientEntry;

/// The hashes of what was presented: one, or two where it can be read in two ways (choice C13).
pub(super) struct Readings {
    first: [u8; 32],
    second: Option<[u8; 32]>,
}

impl Readings {
    pub(super) fn hash(vault: &Vault, presented: &PresentedSecret<'_>) -> Self {
        Self {
            first: vault.digest_bytes(presented.secret.as_bytes()),
            second: presented.raw.as_ref().map(|raw| vault.digest_bytes(raw.as_bytes())),
        }
    }

    fn is(&self, digest: &[u8; 32]) -> bool {
        let first = verify_slices_are_equal(&self.first, digest).is_ok();
        let second = self.second.is_some_and(|second| verify_slices_are_equal(&second, digest).is_ok());
        first | second
    }
}

/// The position of the live secret that was presented.
///
/// All of a client's secrets are compared, and for no client a secret that nobody has, so that finding takes as long
/// as not finding.
pub(super) fn judge(
    entry: Option<&ClientEntry>,
    readings: &Readings,
    now: UnixTime,
) -> Result<usize, AuthnFailure> {
    let Some(entry) = entry else {
        let _ = std::hint::black_box(readings.is(&NOBODYS));
        return Err(AuthnFailure::UnknownClient);
    };
    let mut verdict = Err(AuthnFailure::WrongSecret);
    for (at, secret) in entry.secrets().iter().enumerate() {
        if readings.is(&secret.digest) {
            // The same secret may be there twice; one that has not expired is enough.
            verdict = match secret.expires_at.has_passed(now) {
                true => verdict.or(Err(AuthnFailure::ExpiredSecret)),
                false => Ok(at),
            };
        }
    }
    verdict
}

const NOBODYS: [u8; 32] = [0; 32];
