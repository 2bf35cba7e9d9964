//! Log lines on standard error, for people or for machines.

mod lines;

use std::io::{self, IsTerminal};

use countersign_server::config::{Log, LogFormat};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use self::lines::Lines;
pub(crate) use self::lines::Writing;
use crate::failure::Failure;

/// Begins to log; called once, by the command that serves. What was logged is written when the answer is dropped.
pub(crate) fn begin(log: &Log) -> Result<Writing, Failure> {
    let levels: Targets = log.level.parse().map_err(|error| Failure::new(format!("log.level: {error}")))?;
    let (lines, writing) = Lines::to(io::stderr(), lost(log.format)).map_err(Failure::new)?;
    let registry = registry().with(levels);
    let layer = fmt::layer().with_writer(lines);
    let begun = match log.format {
        LogFormat::Pretty => registry.with(layer.with_ansi(io::stderr().is_terminal())).try_init(),
        LogFormat::Json => {
            registry.with(layer.json().flatten_event(true).with_current_span(false)).try_init()
        }
    };
    begun.map_err(Failure::new)?;
    Ok(writing)
}

/// How the loss of lines is told, in the format of the others.
fn lost(format: LogFormat) -> fn(u64) -> String {
    match format {
        LogFormat::Pretty => {
            |count| format!("{count} log lines were lost: standard error was not read in time\n")
        }
        LogFormat::Json => |count| {
            let line = serde_json::json!({
                "level": "WARN", "message": "log lines were lost: standard error was not read in time", "lost": count,
            });
            format!("{line}\n")
        },
    }
}
