//! The gate, without a runtime's chance: time is paused, lag and cost are told.

use std::future::pending;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// Starts a request that stays in work until the sender is used.
fn hold(gate: &Admission) -> (oneshot::Sender<()>, JoinHandle<Result<(), Overloaded>>) {
    let (release, held) = oneshot::channel::<()>();
    let gate = gate.clone();
    let task = tokio::spawn(async move {
        gate.run(async move {
            let _ = held.await;
        })
        .await
    });
    (release, task)
}

/// Fills the gate with requests that stay in work or waiting.
async fn fill(
    gate: &Admission,
    count: usize,
) -> Vec<(oneshot::Sender<()>, JoinHandle<Result<(), Overloaded>>)> {
    let held = (0..count).map(|_| hold(gate)).collect();
    settle().await;
    held
}

/// Lets all tasks do what they can.
async fn settle() {
    for _ in 0..5 {
        yield_now().await;
    }
}

fn bounds(waiting: usize) -> Bounds {
    Bounds { in_work: ALWAYS, waiting, patience: Duration::from_millis(100), processors: 1 }
}

async fn token(gate: &Admission) -> Result<u8, Overloaded> {
    gate.run(async { 7 }).await
}

#[tokio::test(start_paused = true)]
async fn a_full_room_refuses_at_once() {
    let gate = Admission::new(bounds(10));
    let held = fill(&gate, ALWAYS + 10).await;
    assert_eq!(gate.gauge().inside, ALWAYS + 10);
    let begin = Instant::now();
    assert!(token(&gate).await.is_err());
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(gate.gauge().refused, 1);

    for (release, _) in held.into_iter().take(ALWAYS) {
        release.send(()).unwrap();
    }
    settle().await;
    assert_eq!(token(&gate).await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn sixty_four_are_admitted_however_late_and_costly_it_is() {
    let gate = Admission::new(bounds(1000));
    gate.lag().observe(Duration::from_secs(60));
    gate.0.learn(Duration::from_secs(60));
    let held = fill(&gate, ALWAYS).await;
    assert!(held.iter().all(|(_, task)| !task.is_finished()));
    assert_eq!(gate.gauge().admitted, ALWAYS as u64);
    assert!(token(&gate).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn beyond_64_a_late_runtime_refuses_until_it_recovers() {
    let gate = Admission::new(bounds(1000));
    let held = fill(&gate, ALWAYS).await;
    gate.lag().observe(Duration::from_millis(101));
    assert!(token(&gate).await.is_err());
    gate.lag().observe(Duration::ZERO);
    let (_release, waiting) = hold(&gate);
    settle().await;
    assert!(!waiting.is_finished());
    drop(held);
    settle().await;
    assert_eq!(gate.gauge().admitted, ALWAYS as u64 + 1);
}

#[tokio::test(start_paused = true)]
async fn the_queue_is_as_long_as_patience_allows_at_the_measured_cost() {
    // 1 ms each and 100 ms patience: about a hundred inside, whatever the room could hold
    let gate = Admission::new(bounds(1000));
    gate.0.learn(Duration::from_millis(1));
    let _held = fill(&gate, 300).await;
    assert_eq!(gate.gauge().inside, 101);

    let two = Admission::new(Bounds { processors: 2, ..bounds(1000) });
    two.0.learn(Duration::from_millis(1));
    let _held = fill(&two, 300).await;
    assert_eq!(two.gauge().inside, 202);
}

#[tokio::test(start_paused = true)]
async fn lateness_uses_up_patience() {
    let gate = Admission::new(bounds(1000));
    gate.0.learn(Duration::from_micros(500));
    gate.lag().observe(Duration::from_millis(50));
    let _held = fill(&gate, 300).await;
    assert_eq!(gate.gauge().inside, 101);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_beyond_patience() {
    let gate = Admission::new(bounds(1000));
    let _held = fill(&gate, ALWAYS).await;
    let begin = Instant::now();
    assert!(token(&gate).await.is_err());
    // timers fire on the millisecond that follows
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_millis(100) && waited <= Duration::from_millis(102), "{waited:?}");
    assert_eq!(gate.gauge().inside, ALWAYS);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_gives_its_place_free() {
    let gate = Admission::new(bounds(0));
    let held = fill(&gate, ALWAYS).await;
    for (_, task) in &held {
        task.abort();
    }
    settle().await;
    assert_eq!(gate.gauge().inside, 0);
    assert_eq!(token(&gate).await, Ok(7));

    // also while it waits, and while it steps back
    let waiting = tokio::spawn({
        let gate = gate.clone();
        async move { gate.run(pending::<()>()).await }
    });
    waiting.abort();
    settle().await;
    assert_eq!(gate.gauge().inside, 0);
}

#[tokio::test(start_paused = true)]
async fn work_that_awaits_costs_only_its_computing() {
    let gate = Admission::new(bounds(10));
    gate.run(tokio::time::sleep(Duration::from_secs(9))).await.unwrap();
    assert_eq!(gate.gauge().cost, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn work_that_computes_is_measured() {
    let gate = Admission::new(bounds(10));
    let mut first = true;
    let work = std::future::poll_fn(|cx| {
        if std::mem::take(&mut first) {
            // the paused clock moves within this poll, as if it had computed
            let mut advance = pin!(tokio::time::advance(Duration::from_millis(160)));
            let _ = advance.as_mut().poll(cx);
        }
        Poll::Ready(())
    });
    gate.run(work).await.unwrap();
    assert_eq!(gate.gauge().cost, Duration::from_millis(160));
    // the mean forgets by sixteenths
    token(&gate).await.unwrap();
    assert_eq!(gate.gauge().cost, Duration::from_millis(150));
}

#[tokio::test(start_paused = true)]
async fn arrived_requests_are_counted_before_any_works() {
    let gate = Admission::new(bounds(1000));
    let seen = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (gate, seen) = (gate.clone(), Arc::clone(&seen));
            tokio::spawn(async move {
                let inner = gate.clone();
                gate.run(async move {
                    seen.fetch_max(inner.gauge().inside, Relaxed);
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(seen.load(Relaxed), 50);
}

#[tokio::test(start_paused = true)]
async fn refusals_spread_the_return() {
    let gate = Admission::new(bounds(0));
    let _held = fill(&gate, ALWAYS).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(token(&gate).await.unwrap_err().retry_after.as_secs());
    }
    assert_eq!(asked, [1, 2, 3, 1]);
}
