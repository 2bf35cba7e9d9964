//! A source without a server: the numbers 1, 2, 3 are the tokens, each a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_proto::time::UnixTime;
use loom::future::block_on;

use super::life::{ASSUMED, Life};
use super::moment::Moment;
use super::slot::{Boarding, Found, Pilot, Same, Slot, Want};

pub(crate) type Outcome = Result<u64, &'static str>;

/// The source; threads have clones of it.
#[derive(Clone)]
pub(crate) struct Play {
    slot: Arc<Slot<u64, &'static str>>,
    // not loom's: it counts and is no part of the play
    asked: Arc<AtomicU64>,
}

/// What becomes of a request.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Lands,
    Fails,
    /// The first is cut off, the later ones land.
    CutOnce,
}

impl Same for u64 {
    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Play {
    pub(crate) fn empty() -> Self {
        Self { slot: Slot::empty(), asked: Arc::default() }
    }

    /// With the token 1, which lives for 100 seconds and is renewed after 72 to 81 of them.
    pub(crate) fn filled() -> Self {
        let play = Self::empty();
        assert_eq!(play.token(at(0), Fate::Lands), Ok(1));
        play
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn token(&self, now: Moment, fate: Fate) -> Outcome {
        match self.slot.find(now) {
            Found::Fresh(token) => Ok(token),
            Found::Due(token) => {
                if let Boarding::Yours(pilot, _) = self.slot.board(now, Want::Renewal(token)) {
                    self.ask(pilot, now, fate);
                }
                Ok(token)
            }
            Found::Nothing => self.fetch(now, Want::Any, fate),
        }
    }

    pub(crate) fn instead_of(&self, refused: u64, now: Moment, fate: Fate) -> Outcome {
        self.fetch(now, Want::InsteadOf(refused), fate)
    }

    /// Waits as one who lost interest does: not at all.
    pub(crate) fn glance(&self, now: Moment) {
        use std::pin::Pin;
        use std::task::{Context, Waker};
        match self.slot.board(now, Want::Any) {
            Boarding::Flying(Some(mut passenger)) => {
                let _ = Pin::new(&mut passenger).poll(&mut Context::from_waker(Waker::noop()));
            }
            Boarding::Yours(pilot, _) => self.ask(pilot, now, Fate::Lands),
            Boarding::Here(_) | Boarding::Flying(None) | Boarding::Closed(_) => {}
        }
    }

    fn fetch(&self, now: Moment, want: Want<u64>, fate: Fate) -> Outcome {
        loop {
            let passenger = match self.slot.board(now, want.clone()) {
                Boarding::Here(token) => return Ok(token),
                Boarding::Closed(_) => return Err("closed"),
                Boarding::Flying(None) => panic!("only a renewal is not needed"),
                Boarding::Flying(Some(passenger)) => passenger,
                Boarding::Yours(pilot, passenger) => {
                    self.ask(pilot, now, fate);
                    passenger
                }
            };
            if let Some(outcome) = block_on(passenger) {
                return outcome;
            }
        }
    }

    fn ask(&self, pilot: Pilot<u64, &'static str>, now: Moment, fate: Fate) {
        let token = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let life = Life::of(Some(now.wall.plus(100)), now, ASSUMED, 0);
        match fate {
            Fate::Fails => pilot.fail("down", None, 0, now),
            Fate::CutOnce if token == 1 => drop(pilot),
            Fate::CutOnce | Fate::Lands => pilot.land(token, life, now),
        }
    }
}

pub(crate) fn at(seconds: u64) -> Moment {
    Moment { wall: UnixTime(1_800_000_000), ticks: 0 }.plus(seconds * 1000)
}
