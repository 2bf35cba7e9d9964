//! What is logged, and how.

use super::{ConfigError, Layers, Setting};

/// What is logged, and how; always to standard error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// A level, or several for parts of the program.
    pub level: String,
}

/// For whom log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

impl Log {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let format = layers.get(&FORMAT);
        let level = layers.get(&LEVEL);
        if !level.text().split(',').all(is_directive) {
            let rule =
                "is off, error, warn, info, debug or trace, or a list such as info,countersign_server=debug";
            return Err(ConfigError::value(&LEVEL, &level.origin, rule));
        }
        Ok(Self {
            format: match format.text() {
                "pretty" => LogFormat::Pretty,
                "json" => LogFormat::Json,
                _ => return Err(ConfigError::value(&FORMAT, &format.origin, "is pretty or json")),
            },
            level: level.text().to_owned(),
        })
    }
}

fn is_directive(text: &str) -> bool {
    let (target, level) = text.trim().split_once('=').unwrap_or(("all", text.trim()));
    let named = !target.is_empty() && target.bytes().all(|b| b.is_ascii_alphanumeric() || b"_:".contains(&b));
    named && LEVELS.contains(&level)
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

const FORMAT: Setting =
    Setting::one("log.format", "pretty|json", "pretty", "Log lines for people, or one JSON object a line.");
const LEVEL: Setting = Setting::one(
    "log.level",
    "LEVEL",
    "info",
    "How much is logged: off, error, warn, info, debug or trace; for parts of the program as in \
     `info,countersign_server=debug`. No level shows a secret.",
);

pub(super) const SETTINGS: &[Setting] = &[FORMAT, LEVEL];
