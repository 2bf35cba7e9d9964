//! A load generator: bounded, for loopback, one number per request and no more.

mod connection;
mod pace;
mod plan;

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::{sleep, timeout};

use connection::Connection;
use pace::Pace;
pub use plan::Plan;

/// What came back.
#[derive(Serialize)]
pub struct Report {
    requests: usize,
    seconds: f64,
    per_second: f64,
    status: BTreeMap<u16, usize>,
    /// Connections that were refused, cut or silent.
    errors: usize,
    p50_us: u32,
    p90_us: u32,
    p99_us: u32,
    max_us: u32,
}

/// Runs a plan to its end.
///
/// # Errors
/// When not a single answer came.
pub async fn run(plan: Plan) -> io::Result<Report> {
    let plan = Arc::new(plan);
    let sent = Arc::new(AtomicU64::new(0));
    let pace = plan.rate.map(Pace::start);
    let begun = Instant::now();
    let workers: Vec<_> = (0..plan.connections)
        .map(|at| tokio::spawn(work(Arc::clone(&plan), pace.clone(), Arc::clone(&sent), begun, at)))
        .collect();
    let mut all = Tally::default();
    for worker in workers {
        all.add(worker.await.map_err(io::Error::other)?);
    }
    all.report(begun.elapsed()).ok_or_else(|| io::Error::other("no answer at all"))
}

/// Starts `command` and asks until the first 200.
///
/// # Errors
/// When the command cannot be started, or gives no token within ten seconds.
pub async fn first(plan: &Plan, command: &[String]) -> io::Result<BTreeMap<&'static str, f64>> {
    let (program, arguments) = command.split_first().ok_or_else(|| io::Error::other("no command"))?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut took = None;
    while took.is_none() && begun.elapsed() < Duration::from_secs(10) {
        if let Ok(mut connection) = Connection::open(plan).await
            && matches!(connection.ask(plan, plan.from).await, Ok(200))
        {
            took = Some(begun.elapsed().as_secs_f64() * 1000.0);
        } else {
            sleep(Duration::from_micros(200)).await;
        }
    }
    child.kill()?;
    child.wait()?;
    let took = took.ok_or_else(|| io::Error::other("no token within ten seconds"))?;
    Ok(BTreeMap::from([("milliseconds", took)]))
}

#[derive(Default)]
struct Tally {
    latencies: Vec<u32>,
    status: BTreeMap<u16, usize>,
    errors: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.errors += other.errors;
        for (status, count) in other.status {
            *self.status.entry(status).or_default() += count;
        }
    }

    fn report(mut self, took: Duration) -> Option<Report> {
        self.latencies.sort_unstable();
        let requests = self.latencies.len();
        let at = |permille: usize| {
            self.latencies.get((requests * permille / 1000).min(requests.saturating_sub(1))).copied()
        };
        let seconds = took.as_secs_f64();
        Some(Report {
            requests,
            seconds,
            per_second: requests as f64 / seconds,
            errors: self.errors,
            p50_us: at(500)?,
            p90_us: at(900)?,
            p99_us: at(990)?,
            max_us: self.latencies.last().copied()?,
            status: self.status,
        })
    }
}

/// One connection's share: it opens anew what was closed, and stops at the plan's time or number.
async fn work(
    plan: Arc<Plan>,
    pace: Option<Arc<Pace>>,
    sent: Arc<AtomicU64>,
    begun: Instant,
    at: usize,
) -> Tally {
    let mut tally = Tally::default();
    let mut open: Option<Connection> = None;
    // A thousand handshakes in one instant would measure the kernel's queue.
    sleep(Duration::from_micros(at as u64 * 100)).await;
    while begun.elapsed() < plan.time && tally.errors < MAX_ERRORS {
        let due = match &pace {
            Some(pace) => pace.next().await,
            None => None,
        };
        let number = sent.fetch_add(1, Ordering::Relaxed);
        if number >= plan.requests {
            break;
        }
        let start = due.unwrap_or_else(Instant::now);
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => match timeout(PATIENCE, Connection::open(&plan)).await {
                Ok(Ok(connection)) => connection,
                _ => {
                    tally.errors += 1;
                    sleep(Duration::from_millis(10)).await;
                    continue;
                }
            },
        };
        match timeout(PATIENCE, connection.ask(&plan, plan.from + number)).await {
            Ok(Ok(status)) => {
                tally.latencies.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
                *tally.status.entry(status).or_default() += 1;
                if !connection.closing() {
                    open = Some(connection);
                }
            }
            _ => tally.errors += 1,
        }
    }
    tally
}

const PATIENCE: Duration = Duration::from_secs(30);
const MAX_ERRORS: usize = 1000;
