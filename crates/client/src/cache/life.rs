//! How long a token is used, and when it is renewed.

use countersign_proto::time::UnixTime;

/// The two moments of a token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// It is used before this moment alone.
    pub use_until: UnixTime,
    /// It is renewed from this moment on, while it is in use.
    pub renew_at: UnixTime,
}

impl Life {
    /// The life of a token that was asked for at `asked`; of one whose end the server did not say, a minute.
    pub(super) fn of(expires_at: Option<UnixTime>, asked: UnixTime) -> Self {
        let life = expires_at.map_or(ASSUMED, |end| end.since(asked)).clamp(0, LONGEST);
        let used = life - LEEWAY.min(life / 5);
        Self { use_until: asked.plus(used), renew_at: asked.plus(used * 4 / 5) }
    }
}

/// Seconds that clocks may differ and a request may travel; a token is given up so long before it expires, or by a fifth
/// of its life where that is less.
const LEEWAY: i64 = 10;
/// Seconds that a token is used whose life the server does not say.
const ASSUMED: i64 = 60;
/// Seconds that a token is used at most, whatever the server says.
const LONGEST: i64 = 24 * 60 * 60;
