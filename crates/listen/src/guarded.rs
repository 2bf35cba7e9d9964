//! The stream of one connection, watched: its framing is judged and its progress marked before HTTP sees a byte.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::Stats;
use crate::activity::Activity;
use crate::framing::{Framing, Mark};
use crate::stats::Event;

#[derive(Debug)]
pub(crate) struct Guarded<I> {
    io: I,
    framing: Framing,
    activity: Arc<Activity>,
    stats: Stats,
    broken: Broken,
    linger: Linger,
}

/// Whether ambiguous bytes came, and how far the parser has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    No,
    /// It has an invalid byte in a head that does not end.
    HeadOpen,
    /// The head has ended; nothing follows.
    Over,
}

/// Closing while the peer still sends makes its kernel throw away our last answer, so we read on for a moment.
#[derive(Debug)]
enum Linger {
    NotYet,
    Until(Pin<Box<Sleep>>),
    Done,
}

impl<I> Guarded<I> {
    pub(crate) fn new(io: I, activity: Arc<Activity>, stats: Stats) -> Self {
        Self { io, framing: Framing::new(), activity, stats, broken: Broken::No, linger: Linger::NotYet }
    }

    /// Judges what was read into `buffer` after its first `before` bytes.
    fn judge(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let activity = &self.activity;
        let read = buffer.filled().get(before..).unwrap_or_default();
        let outcome = self.framing.read(read, &mut |mark| match mark {
            Mark::HeadBegan => activity.head_began(),
            Mark::HeadEnded => activity.head_ended(),
        });
        let Err(ambiguous) = outcome else { return };
        // the parser gets a byte that is valid nowhere in place of the ambiguous one: it answers 400 and closes
        let at = before + ambiguous.at;
        if let Some(byte) = buffer.filled_mut().get_mut(at) {
            *byte = 0;
        }
        buffer.set_filled(at + 1);
        self.broken = Broken::HeadOpen;
        self.stats.count(Event::Malformed);
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Guarded<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.broken != Broken::No {
            // a parser that has seen half a head looks at it again only when its end is there
            if this.broken == Broken::HeadOpen && buffer.remaining() >= HEAD_END.len() {
                buffer.put_slice(HEAD_END);
            }
            this.broken = Broken::Over;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
        this.judge(buffer, before);
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guarded<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write(cx, bytes);
        this.mark(written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        this.mark(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(cx);
        this.mark(flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Linger::NotYet = this.linger {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            let peer_still_sends = this.broken != Broken::No || this.framing.is_inside();
            this.linger = if peer_still_sends {
                Linger::Until(Box::pin(sleep_until(Instant::now() + LINGER)))
            } else {
                Linger::Done
            };
        }
        this.poll_linger(cx)
    }
}

impl<I> Guarded<I> {
    fn mark<T>(&self, progress: Poll<T>) -> Poll<T> {
        match progress {
            Poll::Pending => self.activity.write_blocked(),
            Poll::Ready(_) => self.activity.write_flows(),
        }
        progress
    }
}

impl<I: AsyncRead + Unpin> Guarded<I> {
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Linger::Until(sleep) = &mut self.linger {
            let mut scrap = [0; 4096];
            for _ in 0..LINGER_READS {
                if sleep.as_mut().poll(cx).is_ready() {
                    break;
                }
                let mut buffer = ReadBuf::new(&mut scrap);
                let read = ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer));
                if read.is_err() || buffer.filled().is_empty() {
                    break;
                }
            }
        }
        self.linger = Linger::Done;
        Poll::Ready(Ok(()))
    }
}

const HEAD_END: &[u8] = b"\r\n\r\n";

/// Long enough for an answer to cross the world.
const LINGER: Duration = Duration::from_secs(1);

/// Of 4 KiB each, in one go: a peer that fills them is not reading its answer anyway.
const LINGER_READS: usize = 64;
