//! Accepting without dying: a full house waits, and a want of file descriptors is sat out.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use crate::Stats;
#[cfg(unix)]
use crate::crowd::{Crowd, Seat};
use crate::peer::Peer;
use crate::socket::{Socket, Stream};
use crate::stats::Event;

/// Accepts on one socket, as many as the room allows.
pub(crate) struct Door {
    pub(crate) socket: Socket,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) stats: Stats,
    #[cfg(unix)]
    pub(crate) crowd: Option<Crowd>,
    pub(crate) told: Told,
}

/// A connection's place in the room, given back when it is dropped.
pub(crate) struct Place {
    _room: OwnedSemaphorePermit,
    #[cfg(unix)]
    _seat: Option<Seat>,
}

/// When a want of room was last told.
#[derive(Default)]
pub(crate) struct Told(Mutex<Option<Instant>>);

/// What an error of accept calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// That one connection is gone: take the next.
    Next,
    /// The machine is short of something: wait, others may give it back.
    Wait,
}

impl Door {
    /// The next connection, with its place in the room.
    pub(crate) async fn next(&self) -> Option<(Stream, Peer, Place)> {
        let room = self.room().await?;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    #[cfg(unix)]
                    let Ok(_seat) = self.seat(&peer) else { continue };
                    let place = Place {
                        _room: room,
                        #[cfg(unix)]
                        _seat,
                    };
                    return Some((stream, peer, place));
                }
                Err(error) => {
                    if remedy(&error) == Remedy::Wait {
                        self.stats.count(Event::AcceptError);
                        if pause == FIRST_PAUSE {
                            tracing::warn!(%error, "cannot accept connections: raise the limit of open files");
                        }
                        sleep(pause).await;
                        pause = (pause * 2).min(LAST_PAUSE);
                    }
                }
            }
        }
    }

    /// The right of this peer's user to one more connection, where that is counted; an error = there is none, and the
    /// connection is closed.
    #[cfg(unix)]
    fn seat(&self, peer: &Peer) -> Result<Option<Seat>, ()> {
        let (Some(crowd), Peer::Process(process)) = (&self.crowd, peer) else { return Ok(None) };
        let seat = crowd.seat(process).map(Some);
        seat.ok_or_else(|| {
            self.stats.count(Event::Full);
            if self.told.again() {
                tracing::warn!(%peer, "connections are closed: this user has as many as one may have");
            }
        })
    }

    async fn room(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(place);
        }
        self.stats.count(Event::Full);
        if self.told.again() {
            tracing::warn!("all connections are taken: the next waits until one closes");
        }
        Arc::clone(&self.room).acquire_owned().await.ok()
    }
}

impl Told {
    /// Whether it is time to tell it, as it is once a minute at most.
    fn again(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = last.is_none_or(|last| last.elapsed() >= TOLD_EVERY);
        if is_time {
            *last = Some(Instant::now());
        }
        is_time
    }
}

fn remedy(error: &io::Error) -> Remedy {
    match error.kind() {
        ErrorKind::ConnectionAborted
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionRefused
        | ErrorKind::NotConnected
        | ErrorKind::Interrupted => Remedy::Next,
        _ => Remedy::Wait,
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LAST_PAUSE: Duration = Duration::from_secs(1);
const TOLD_EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_want_of_room_is_told_once_a_minute() {
        let told = Told::default();
        let mut count = 0;
        for _ in 0..120 {
            count += u32::from(told.again());
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(count, 2);
    }

    #[test]
    fn a_want_of_descriptors_is_waited_out_and_a_lost_connection_is_not() {
        for (number, expected) in
            [(24, Remedy::Wait), (23, Remedy::Wait), (105, Remedy::Wait), (103, Remedy::Next)]
        {
            assert_eq!(remedy(&io::Error::from_raw_os_error(number)), expected, "{number}");
        }
    }
}
