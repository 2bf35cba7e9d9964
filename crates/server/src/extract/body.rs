//! A request's body, with a bound on its size and on the time that it takes to arrive.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// More bytes than the cap: 413 (RFC 9110 §15.5.14).
    TooLarge,
    /// It did not arrive in time: 408 (RFC 9110 §15.5.9).
    TooSlow,
    /// The connection broke in the middle of it.
    Broken,
}

/// Reads a body of at most `cap` bytes.
///
/// # Errors
/// [`Unread`]; a length that is announced above the cap is refused before a byte of it is read.
pub(crate) async fn read(body: Body, cap: usize) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > u64::try_from(cap).unwrap_or(u64::MAX) {
        return Err(Unread::TooLarge);
    }
    match timeout(PATIENCE, Limited::new(body, cap).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Ok(Err(_)) => Err(Unread::Broken),
        Err(_) => Err(Unread::TooSlow),
    }
}

/// A form or a client's description arrives at once; who needs longer holds a connection for its own sake.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    /// threats 5, "oversized form": announced or not, one byte above the cap is refused.
    #[tokio::test]
    async fn the_cap_holds_whether_or_not_the_length_is_announced() {
        assert_eq!(read(Body::from(vec![b'a'; 8]), 8).await.unwrap().len(), 8);
        assert_eq!(read(Body::from(vec![b'a'; 9]), 8).await, Err(Unread::TooLarge));
        let pieces = || stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"aaa"))));
        assert_eq!(read(Body::from_stream(pieces()), 9).await.unwrap().len(), 9);
        assert_eq!(read(Body::from_stream(pieces()), 8).await, Err(Unread::TooLarge));
    }

    /// threats 5, "slow body": it ends after ten seconds of anyone's clock.
    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        let never = stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(read(Body::from_stream(never), 8).await, Err(Unread::TooSlow));
    }
}
