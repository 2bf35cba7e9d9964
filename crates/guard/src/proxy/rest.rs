//! What is still to come of a request that was refused: read and thrown away for a while. Otherwise the connection would
//! end without a word, and the caller, still sending, might never see the answer (RFC 9112 §9.6).

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http::header::EXPECT;
use http::request::Parts;
use http_body::Body;
use hyper::body::Incoming;
use tokio::time::timeout;

/// Reads the rest of a refused request beside its answer; what is longer or slower ends with its connection.
pub(super) fn throw_away(parts: &Parts, body: Incoming) {
    // HTTP/2 ends a stream alone; and who asks before sending has its answer
    let is_needless = parts.version > Version::HTTP_11 || body.is_end_stream();
    if !is_needless && !parts.headers.contains_key(EXPECT) {
        tokio::spawn(timeout(PATIENCE, read_out(body)));
    }
}

async fn read_out(mut body: Incoming) {
    let mut room = MAX_BYTES;
    while room > 0 {
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            Some(Ok(frame)) => room = room.saturating_sub(frame.data_ref().map_or(0, Bytes::len)),
            _ => return,
        }
    }
}

const MAX_BYTES: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(5);
