//! Accepting without dying: a full house waits, and a want of file descriptors is sat out.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::Stats;
use crate::peer::Peer;
use crate::socket::{Socket, Stream};
use crate::stats::Event;

/// Accepts on one socket, as many as the room allows.
pub(crate) struct Door {
    pub(crate) socket: Socket,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) stats: Stats,
}

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
    pub(crate) async fn next(&self) -> Option<(Stream, Peer, OwnedSemaphorePermit)> {
        let place = self.place().await?;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, place)),
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

    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(place);
        }
        self.stats.count(Event::Full);
        tracing::debug!("all connections are taken: the next waits until one closes");
        Arc::clone(&self.room).acquire_owned().await.ok()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_want_of_descriptors_is_waited_out_and_a_lost_connection_is_not() {
        for (number, expected) in
            [(24, Remedy::Wait), (23, Remedy::Wait), (105, Remedy::Wait), (103, Remedy::Next)]
        {
            assert_eq!(remedy(&io::Error::from_raw_os_error(number)), expected, "{number}");
        }
    }
}
