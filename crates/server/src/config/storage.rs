//! Where things are kept.

use std::path::PathBuf;

use super::{ConfigError, Layers, Setting};

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// The data folder.
    pub data: PathBuf,
    /// The database, when it is not the SQLite file in the data folder.
    pub database: Option<String>,
    /// The file of the master keys, when it is not the one in the data folder.
    pub keys: Option<PathBuf>,
}

impl Storage {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let data = layers.get(&DATA);
        let folder =
            data.optional().ok_or_else(|| ConfigError::value(&DATA, &data.origin, "names a folder"))?;
        let database = layers.get(&DATABASE);
        if let Some(url) = database.optional()
            && !SCHEMES.iter().any(|scheme| url.starts_with(scheme))
        {
            let rule = "begins with sqlite://, postgres:// or postgresql://";
            return Err(ConfigError::value(&DATABASE, &database.origin, rule));
        }
        Ok(Self {
            data: folder.into(),
            database: database.optional().map(str::to_owned),
            keys: layers.get(&KEYS).optional().map(PathBuf::from),
        })
    }
}

const SCHEMES: [&str; 3] = ["sqlite:", "postgres://", "postgresql://"];

const DATA: Setting = Setting::one(
    "data",
    "DIR",
    "./countersign-data",
    "The data folder: the SQLite file, the file of master keys, the development certificate. Made (0700) when missing.",
);
pub(super) const DATABASE: Setting = Setting::one(
    "database",
    "URL",
    "",
    "The database, `postgres://…` or `sqlite://FILE`; unless given, `countersign.db` in the data folder.",
);
const KEYS: Setting = Setting::one(
    "keys",
    "FILE",
    "",
    "The file of the two master keys (of private keys and of secrets at rest); unless given, `keys` in the data folder, \
     made (0600) at the first start. Whoever has it and the database has everything: keep it apart from backups.",
);

pub(super) const SETTINGS: &[Setting] = &[DATA, DATABASE, KEYS];
