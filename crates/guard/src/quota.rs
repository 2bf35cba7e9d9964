//! Lines of the log that strangers can cause at will: so many a second of each kind, and of the others how many there were.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// How many lines there were in this second, by kind.
pub(crate) struct Quota {
    second: AtomicI64,
    lines: Box<[AtomicU64]>,
}

impl Quota {
    /// For so many kinds.
    pub(crate) fn new(kinds: usize) -> Self {
        Self { second: AtomicI64::new(i64::MIN), lines: (0..kinds).map(|_| AtomicU64::new(0)).collect() }
    }

    /// Whether one more line of this kind may be written in this second; `left_out` is told the kinds of which there were
    /// too many in the last second that had any lines, each with how many were not written.
    pub(crate) fn take(&self, kind: usize, now: i64, left_out: impl Fn(usize, u64)) -> bool {
        if self.second.load(Relaxed) != now && self.second.swap(now, Relaxed) != now {
            for (kind, lines) in self.lines.iter().enumerate() {
                if let Some(more) = lines.swap(0, Relaxed).checked_sub(LINES).filter(|more| *more > 0) {
                    left_out(kind, more);
                }
            }
        }
        self.lines.get(kind).is_some_and(|lines| lines.fetch_add(1, Relaxed) < LINES)
    }
}

/// Of one kind in a second: more than people read, and little beside what it costs to be asked.
const LINES: u64 = 20;

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
}
