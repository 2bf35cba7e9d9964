//! How many connections each user holds at a unix socket: nobody takes the room of all the others.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::PeerProcess;

/// Says which peers the service knows.
#[derive(Clone)]
pub(crate) struct Known(Arc<dyn Fn(&PeerProcess) -> bool + Send + Sync>);

/// The users at one listener's sockets; clones count together.
#[derive(Clone)]
pub(crate) struct Crowd(Arc<Inner>);

struct Inner {
    known: Known,
    /// The most connections of one user who is known.
    each: usize,
    /// The most of all others together.
    strangers: usize,
    held: Mutex<HashMap<Whose, usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Whose {
    User(u32),
    Strangers,
}

/// A user's right to one connection, given back when it is dropped.
pub(crate) struct Seat {
    crowd: Crowd,
    whose: Whose,
}

impl Known {
    pub(crate) fn new(known: impl Fn(&PeerProcess) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(known))
    }
}

impl Crowd {
    /// Of so many connections a quarter is for each user who is known, and a thirty-second for the others together: enough
    /// to tell them that they are not.
    pub(crate) fn new(known: Known, connections: usize) -> Self {
        let (each, strangers) = ((connections / 4).max(1), (connections / 32).max(1));
        Self(Arc::new(Inner { known, each, strangers, held: Mutex::default() }))
    }

    /// A seat for this peer, if its user has one left.
    pub(crate) fn seat(&self, peer: &PeerProcess) -> Option<Seat> {
        let (whose, most) = match (self.0.known.0)(peer) {
            true => (Whose::User(peer.uid), self.0.each),
            false => (Whose::Strangers, self.0.strangers),
        };
        let mut held = self.held();
        let count = held.entry(whose).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: self.clone(), whose })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.crowd.held();
        if let Some(count) = held.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.whose);
            }
        }
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_room_of_others() {
        let crowd = Crowd::new(Known::new(|peer| peer.uid < 10), 64);
        let seat = |uid| crowd.seat(&PeerProcess { uid, pid: None });
        let mut held: Vec<Seat> = (0..100).filter_map(|_| seat(1)).collect();
        assert_eq!(held.len(), 16);
        held.extend((0..100).filter_map(|_| seat(2)));
        assert_eq!(held.len(), 32);
        let strangers: Vec<Seat> = (0..100).filter_map(|number| seat(10 + number)).collect();
        assert_eq!(strangers.len(), 2);
        held.pop();
        assert!(seat(1).is_none() && seat(2).is_some());
        drop((held, strangers));
        assert!(crowd.held().is_empty());
    }
}
