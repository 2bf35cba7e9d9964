//! What was given where: the layers of a configuration, each over the one before.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::setting::ENV_PREFIX;
use super::{ConfigError, Setting, nearest, settings};

/// The values given so far; a later layer replaces what an earlier one gave for the same setting.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    given: BTreeMap<&'static str, Given>,
}

/// What was given for one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The values as text; one unless the setting takes many.
    pub values: Vec<String>,
    /// Where it was given.
    pub origin: Origin,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In a file, on a line counted from 1.
    File(PathBuf, usize),
    /// In the environment variable of this name.
    Env(String),
    /// In the flag of this name.
    Flag(String),
}

impl Layers {
    /// Lays the TOML text of `path` over what is there.
    ///
    /// # Errors
    /// [`ConfigError`] for text that is no TOML, for a key that no setting has, and for a value of the wrong type.
    pub fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|b| *b == b'\n').count();
        let root = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(span.start)),
            message: error.message().to_owned(),
        })?;
        for (name, value) in root.get_ref() {
            let origin = |at: usize| Origin::File(path.to_owned(), line_of(at));
            match value.get_ref() {
                DeValue::Table(section) => {
                    for (inner, value) in section {
                        let key = format!("{}.{}", name.get_ref(), inner.get_ref());
                        self.take_toml(&key, value.get_ref(), origin(inner.span().start))?;
                    }
                }
                value => self.take_toml(name.get_ref(), value, origin(name.span().start))?,
            }
        }
        Ok(())
    }

    /// Lays the variables that begin with `COUNTERSIGN_` over what is there, and returns the names of those that no
    /// setting and nothing else here has, for a warning.
    ///
    /// `others` are variables that mean something else to this program. What a container platform makes of a service
    /// called `countersign` (`COUNTERSIGN_PORT`, `COUNTERSIGN_SERVICE_HOST` …) is passed over.
    ///
    /// # Errors
    /// [`ConfigError::Unknown`] for a name that is nearly a known one.
    pub fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
        others: &[&str],
    ) -> Result<Vec<String>, ConfigError> {
        let known: Vec<(String, &Setting)> = settings().map(|s| (s.env(), s)).collect();
        let mut strange = Vec::new();
        for (name, value) in variables {
            if !name.starts_with(ENV_PREFIX)
                || others.contains(&name.as_str())
                || is_service_link(&name, &value)
            {
                continue;
            }
            if let Some((_, setting)) = known.iter().find(|(env, _)| *env == name) {
                let values = if setting.many { list(&value) } else { vec![value] };
                self.given.insert(setting.key, Given { values, origin: Origin::Env(name) });
                continue;
            }
            let names = known.iter().map(|(env, _)| env.as_str()).chain(others.iter().copied());
            let endings = names.filter_map(|env| env.strip_prefix(ENV_PREFIX));
            match nearest(name.trim_start_matches(ENV_PREFIX), endings) {
                Some(ending) => {
                    return Err(ConfigError::Unknown {
                        origin: Origin::Env(name.clone()),
                        name,
                        nearest: Some(format!("{ENV_PREFIX}{ending}")),
                    });
                }
                None => strange.push(name),
            }
        }
        Ok(strange)
    }

    /// Lays what a flag gave over what is there.
    pub fn flag(&mut self, setting: &'static Setting, values: Vec<String>) {
        let origin = Origin::Flag(format!("--{}", setting.flag()));
        self.given.insert(setting.key, Given { values, origin });
    }

    /// What stands for this setting in the end: the last layer's, or the default.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Given {
        self.given.get(setting.key).cloned().unwrap_or_else(|| Given {
            values: if setting.many { list(setting.default) } else { vec![setting.default.to_owned()] },
            origin: Origin::Default,
        })
    }

    fn take_toml(&mut self, key: &str, value: &DeValue<'_>, origin: Origin) -> Result<(), ConfigError> {
        let Some(setting) = settings().find(|setting| setting.key == key) else {
            let nearest = nearest(key, settings().map(|s| s.key)).map(str::to_owned);
            return Err(ConfigError::Unknown { origin, name: key.to_owned(), nearest });
        };
        let wrong = |rule: &str| ConfigError::value(setting, &origin, rule);
        let values = match value {
            DeValue::Array(items) if setting.many => {
                let texts = items.iter().map(|item| text(item.get_ref()));
                texts.collect::<Option<Vec<_>>>().ok_or_else(|| wrong("is a list of texts"))?
            }
            DeValue::Array(_) => return Err(wrong("takes one value, not a list")),
            value => vec![text(value).ok_or_else(|| wrong("is a text, a whole number, true or false"))?],
        };
        self.given.insert(setting.key, Given { values, origin });
        Ok(())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
        }
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(on) => Some(on.to_string()),
        _ => None,
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// What container platforms set for every service in reach, in the words of the old links of containers.
///
/// An ending in `_PORT` alone is a slip of someone's unless the value is of their kind, as `tcp://10.0.0.1:8080`.
fn is_service_link(name: &str, value: &str) -> bool {
    let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && value.contains("://"))
        || name.split("_PORT_").skip(1).any(numbered)
}
