//! What holds in whatever order threads run.

use loom::model::Builder;
use loom::thread;

use super::play::{Fate, Outcome, Play, at};

#[test]
fn three_who_start_at_once_make_one_request() {
    in_every_order(|| {
        let play = Play::empty();
        let outcomes = at_once([|play| play.token(at(0), Fate::Lands); 3], &play);
        assert_eq!(outcomes, [Ok(1); 3]);
        assert_eq!(play.asked(), 1);
    });
}

#[test]
fn three_who_find_a_token_due_make_one_request_and_wait_for_none() {
    in_every_order(|| {
        let play = Play::filled();
        let outcomes = at_once([|play| play.token(at(80), Fate::Lands); 3], &play);
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(1 | 2))));
        assert_eq!((play.asked(), play.token(at(81), Fate::Fails)), (2, Ok(2)));
    });
}

#[test]
fn a_token_that_several_saw_refused_is_replaced_once() {
    in_every_order(|| {
        let play = Play::filled();
        let refused: fn(&Play) -> Outcome = |play| play.instead_of(1, at(10), Fate::Lands);
        let other: fn(&Play) -> Outcome = |play| play.token(at(10), Fate::Lands);
        let outcomes = at_once([refused, refused, other], &play);
        assert_eq!(outcomes[..2], [Ok(2); 2]);
        assert_eq!(play.asked(), 2);
    });
}

#[test]
fn a_token_that_is_due_and_refused_at_one_time_is_replaced_once() {
    in_every_order(|| {
        let play = Play::filled();
        let due: fn(&Play) -> Outcome = |play| play.token(at(80), Fate::Lands);
        let refused: fn(&Play) -> Outcome = |play| play.instead_of(1, at(80), Fate::Lands);
        let outcomes = at_once([due, refused, due], &play);
        assert_eq!(outcomes[1], Ok(2));
        assert_eq!((play.asked(), play.token(at(81), Fate::Fails)), (2, Ok(2)));
    });
}

#[test]
fn a_request_that_is_cut_off_leaves_nobody_waiting() {
    in_every_order(|| {
        let play = Play::empty();
        let outcomes = at_once([|play| play.token(at(0), Fate::CutOnce); 3], &play);
        assert_eq!(outcomes, [Ok(2); 3]);
        assert_eq!(play.asked(), 2);
    });
}

#[test]
fn a_failure_is_told_to_all_who_waited_and_to_nobody_else() {
    in_every_order(|| {
        let play = Play::empty();
        let outcomes = at_once([|play| play.token(at(0), Fate::Fails); 2], &play);
        assert_eq!(outcomes, [Err("down"); 2]);
        let asked = play.asked();
        assert!((1..=2).contains(&asked));
        assert_eq!(play.token(at(0), Fate::Lands), Ok(asked + 1));
    });
}

#[test]
fn a_renewal_that_failed_is_tried_again_later_whoever_came_meanwhile() {
    in_every_order(|| {
        let play = Play::filled();
        let due: fn(&Play) -> Outcome = |play| play.token(at(80), Fate::Fails);
        let refused: fn(&Play) -> Outcome = |play| play.instead_of(1, at(80), Fate::Fails);
        let outcomes = at_once([due, refused, due], &play);
        assert_eq!((outcomes[0], outcomes[2]), (Ok(1), Ok(1)));
        assert!(outcomes[1].is_err());
        let asked = play.asked();
        assert_eq!(asked, 2, "those who come later find the server left alone");
        assert_eq!(play.token(at(82), Fate::Lands), Ok(1));
        assert_eq!(play.token(at(82), Fate::Fails), Ok(asked + 1), "renewed");
    });
}

#[test]
fn those_who_no_longer_wait_hold_nobody_up() {
    in_every_order(|| {
        let play = Play::empty();
        let glance: fn(&Play) -> Outcome = |play| {
            play.glance(at(0));
            Ok(1)
        };
        let token: fn(&Play) -> Outcome = |play| play.token(at(0), Fate::Lands);
        let outcomes = at_once([token, glance, token], &play);
        assert_eq!(outcomes, [Ok(1); 3]);
        assert_eq!(play.asked(), 1);
    });
}

/// Each part on a thread of its own.
fn at_once<const N: usize>(parts: [fn(&Play) -> Outcome; N], play: &Play) -> [Outcome; N] {
    let threads = parts.map(|part| {
        let play = play.clone();
        thread::spawn(move || part(&play))
    });
    threads.map(|thread| thread.join().unwrap())
}

fn in_every_order(play: fn()) {
    let mut model = Builder::new();
    // most faults show with two interruptions; LOOM_MAX_PREEMPTIONS asks for more
    model.preemption_bound = model.preemption_bound.or(Some(2));
    model.check(play);
}
