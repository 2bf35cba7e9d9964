//! Lines of the log that strangers can cause at will: so many a second of each kind and of all, and of the others how many
//! there were.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// How many lines there were in this second, by kind.
pub(crate) struct Quota {
    second: AtomicI64,
    of_all: AtomicU64,
    kinds: Box<[Lines]>,
}

/// Those of one kind.
#[derive(Default)]
struct Lines {
    wanted: AtomicU64,
    left_out: AtomicU64,
}

impl Quota {
    /// For so many kinds.
    pub(crate) fn new(kinds: usize) -> Self {
        let kinds = (0..kinds).map(|_| Lines::default()).collect();
        Self { second: AtomicI64::new(i64::MIN), of_all: AtomicU64::new(0), kinds }
    }

    /// Whether one more line of this kind may be written in this second; `left_out` is told the kinds of which there were
    /// too many in the last second that had any lines, each with how many were not written.
    pub(crate) fn take(&self, kind: usize, now: i64, left_out: impl Fn(usize, u64)) -> bool {
        if self.second.load(Relaxed) != now && self.second.swap(now, Relaxed) != now {
            self.of_all.store(0, Relaxed);
            for (kind, lines) in self.kinds.iter().enumerate() {
                lines.wanted.store(0, Relaxed);
                let more = lines.left_out.swap(0, Relaxed);
                if more > 0 {
                    left_out(kind, more);
                }
            }
        }
        let Some(lines) = self.kinds.get(kind) else { return false };
        // what one kind has no room for takes none of the others'
        let fits = lines.wanted.fetch_add(1, Relaxed) < LINES && self.of_all.fetch_add(1, Relaxed) < OF_ALL;
        if !fits {
            lines.left_out.fetch_add(1, Relaxed);
        }
        fits
    }
}

/// Of one kind in a second: more than people read, and little beside what it costs to be asked.
const LINES: u64 = 20;
/// Of all kinds: what a flood of everything at once gets.
const OF_ALL: u64 = 60;

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn each_kind_has_its_own_and_what_is_left_out_is_counted() {
        let (quota, told) = (Quota::new(2), RefCell::new(Vec::new()));
        let take = |kind, now| quota.take(kind, now, |kind, more| told.borrow_mut().push((kind, more)));
        let written = |kind, now, lines: u64| (0..lines).filter(|_| take(kind, now)).count() as u64;
        assert_eq!(written(0, 7, LINES + 5), LINES);
        assert_eq!(written(1, 7, LINES), LINES);
        assert!(told.borrow().is_empty(), "not before the second is over");
        assert!(take(1, 8));
        assert_eq!(told.take(), [(0, 5)]);
        assert_eq!(written(0, 8, LINES), LINES);
        assert!(take(0, 7) && told.take().is_empty(), "a clock that was set back is another second too");
        assert!(!quota.take(2, 7, |_, _| {}));
    }

    /// Threats 7: who knows how to be refused for many reasons gets no more lines for it.
    #[test]
    fn all_kinds_together_have_a_bound() {
        let (quota, told) = (Quota::new(25), RefCell::new(Vec::new()));
        let take = |kind, now| quota.take(kind, now, |_, more| told.borrow_mut().push(more));
        let written = (0..25).flat_map(|kind| [kind; 100]).filter(|kind| take(*kind, 7)).count() as u64;
        assert_eq!(written, OF_ALL);
        assert!(take(0, 8));
        let told = told.take();
        assert_eq!((told.len(), told.iter().sum::<u64>()), (25, 2500 - OF_ALL), "none is forgotten");
    }
}
