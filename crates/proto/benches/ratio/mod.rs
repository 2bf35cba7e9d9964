//! Two operations in alternation, so that a busy machine slows both alike.

use std::time::{Duration, Instant};

pub(crate) type Operation<'a> = Box<dyn FnMut() + 'a>;

/// The median of many ratios of two short runs, one right after the other.
pub(crate) fn ratio(mut ours: Operation<'_>, mut bare: Operation<'_>) -> f64 {
    let calls = (Duration::from_millis(2).as_nanos() / time(&mut bare, 50).as_nanos().max(1) * 50)
        .clamp(4, 1000) as u32;
    let mut ratios: Vec<f64> = (0..301)
        .map(|_| {
            let bare = time(&mut bare, calls);
            time(&mut ours, calls).as_secs_f64() / bare.as_secs_f64()
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How long so many calls take.
pub(crate) fn time(operation: &mut Operation<'_>, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        operation();
    }
    start.elapsed()
}
