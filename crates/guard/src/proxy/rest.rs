//! What is still to come of a request that nobody reads any more: thrown away for a while. Otherwise the connection would
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
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Whether the rest of a request must be read for its answer to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It comes whether or not anybody wants it.
    Comes,
    /// It comes once it is asked for.
    Expects,
    /// HTTP/2 ends a stream alone.
    Ends,
}

impl Rest {
    /// That of this request.
    pub(super) fn of(parts: &Parts) -> Self {
        match parts.version {
            version if version > Version::HTTP_11 => Self::Ends,
            _ if parts.headers.contains_key(EXPECT) => Self::Expects,
            _ => Self::Comes,
        }
    }

    /// It was asked for.
    pub(super) fn is_coming(&mut self) {
        if *self == Self::Expects {
            *self = Self::Comes;
        }
    }

    /// Reads it beside the answer; what is longer or slower ends with its connection.
    pub(super) fn throw_away(self, body: Incoming) {
        if self == Self::Comes
            && !body.is_end_stream()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(timeout(PATIENCE, read_out(body)));
        }
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
