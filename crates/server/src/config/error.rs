//! What is wrong with a configuration, where it stands, and what to do.

use std::path::PathBuf;

use super::{Origin, Setting};

/// Why a configuration cannot be used; the text names the place and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// No setting has this name.
    #[error("{origin}: there is no setting `{name}`{}", hint(nearest.as_deref()))]
    Unknown {
        /// Where it stands.
        origin: Origin,
        /// The name as it stands there.
        name: String,
        /// The known name that is most like it.
        nearest: Option<String>,
    },
    /// A value breaks the rule of its setting.
    #[error("{origin}: `{key}` {rule}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// The setting.
        key: &'static str,
        /// The rule, as the rest of a sentence.
        rule: String,
    },
    /// Values that cannot stand together, or one that others make necessary.
    #[error("{0}")]
    Together(String),
}

impl ConfigError {
    pub(super) fn value(setting: &Setting, origin: &Origin, rule: impl Into<String>) -> Self {
        Self::Value { origin: origin.clone(), key: setting.key, rule: rule.into() }
    }
}

fn hint(nearest: Option<&str>) -> String {
    match nearest {
        Some(known) => format!("; did you mean `{known}`?"),
        None => "; `countersign config reference` lists all settings".to_owned(),
    }
}
