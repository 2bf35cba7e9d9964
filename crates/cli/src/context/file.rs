//! The file of contexts: `$COUNTERSIGN_CONTEXTS`, else `countersign/contexts.toml` in the user's configuration folder.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Once;

use countersign_issuer::realm::SYSTEM;
use serde::{Deserialize, Serialize};

use super::Context;
use crate::environment;
use crate::failure::Failure;
use crate::output::{self, shell};
use crate::private_file;
use crate::slip::Slip;

/// All saved contexts.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Contexts {
    /// The one that commands use unless told otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// By name.
    #[serde(rename = "context")]
    pub(crate) by_name: BTreeMap<String, Context>,
}

impl Contexts {
    /// Reads the file; none is like an empty one.
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = path()?;
        let text = match private_file::read(&path, MAX_FILE) {
            Ok(text) => zeroize::Zeroizing::new(text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::new(format!("cannot read {}: {error}", path.display()))),
        };
        if private_file::is_open_to_others(&path) {
            // a command may read it twice, and then write it anew
            TOLD.call_once(|| output::note(&open_to_others(&path)));
        }
        toml::from_str(&text).map_err(|error| {
            let slip = Slip::of(&error, &text);
            Failure::new(format!("{}:{}: {}", path.display(), slip.line, slip.told()))
                .next("mend the line, or remove the file and add contexts again")
        })
    }

    /// Changes the file; no other process changes it between what is read and what is written.
    pub(crate) fn change<T>(
        change: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<(T, PathBuf), Failure> {
        let path = path()?;
        let cannot =
            |error: std::io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private_file::folder(folder).map_err(cannot)?;
        }
        let _alone = private_file::alone(&path).map_err(cannot)?;
        let mut contexts = Self::load()?;
        let changed = change(&mut contexts)?;
        Ok((changed, contexts.save()?))
    }

    /// Writes the file (0600) in the place of the one before.
    fn save(&self) -> Result<PathBuf, Failure> {
        let path = path()?;
        let cannot =
            |error: &dyn std::fmt::Display| Failure::new(format!("cannot write {}: {error}", path.display()));
        let text = zeroize::Zeroizing::new(toml::to_string(self).map_err(|error| cannot(&error))?);
        private_file::replace(&path, &text).map_err(|error| cannot(&error))?;
        Ok(path)
    }

    /// The context of this name, or the current one.
    pub(crate) fn choose(mut self, name: Option<&str>) -> Result<(String, Context), Failure> {
        let Some(name) = name.map(str::to_owned).or(self.current.take()) else {
            return Err(Failure::new("no context is chosen").next(
                "start a server with `countersign serve`, which saves one, or add one with `countersign context add`",
            ));
        };
        match self.by_name.remove(&name) {
            Some(context) => Ok((name, context)),
            None => Err(unknown(&name)),
        }
    }

    /// Whether a context of this name may be saved: there is none, or it is of the same client, whose secret is then new.
    /// The secret in a context may be the only copy of it.
    pub(crate) fn may_take(
        &self,
        name: &str,
        server: &str,
        realm: &str,
        client_id: Option<&str>,
    ) -> Result<(), Failure> {
        let Some(there) = self.by_name.get(name) else { return Ok(()) };
        if there.server == server && there.realm == realm && client_id == Some(&*there.client_id) {
            return Ok(());
        }
        let (id, server) = (&there.client_id, &there.server);
        let what =
            format!("there is a context '{name}' already, of '{id}' of realm '{}' at {server}", there.realm);
        Err(Failure::new(what).next(format!(
            "choose another name, or forget that one with `countersign context delete {name}`"
        )))
    }

    /// Gives a reset root's secret to the contexts that held the one before: those that its server saved, known by its
    /// data folder, or, where they do not tell, by its URL. Returns their names.
    pub(crate) fn renew_root(
        &mut self,
        data: &Path,
        server: &str,
        client_id: &str,
        secret: &str,
    ) -> Vec<String> {
        let mut renewed = Vec::new();
        for (name, context) in &mut self.by_name {
            let is_of_it = context.data.as_ref().map_or(context.server == server, |known| known == data);
            let is_root = context.realm == SYSTEM && context.client_id == client_id;
            if is_of_it && is_root && context.client_secret.is_some() {
                context.client_secret = Some(secret.to_owned());
                renewed.push(name.clone());
            }
        }
        renewed
    }

    /// Saves a server's root under the first name that is free of `local`, `local-PORT`, `local-PORT-2` and so on, and
    /// makes it current; returns the name, and the one that was current, where that is another.
    ///
    /// `is_first` says that the server's database is new: then what another context holds is of another database.
    pub(crate) fn add_local(
        &mut self,
        context: Context,
        port: u16,
        is_first: bool,
    ) -> (String, Option<String>) {
        let numbered = (2..).map(|n: u32| format!("{LOCAL}-{port}-{n}"));
        let mut names = [LOCAL.to_owned(), format!("{LOCAL}-{port}")].into_iter().chain(numbered);
        let is_free = |name: &String| {
            self.by_name.get(name).is_none_or(|there| there.is_replaced_by(&context, is_first))
        };
        let name = names.find(is_free).unwrap_or_else(|| LOCAL.to_owned());
        self.by_name.insert(name.clone(), context);
        let before = self.current.replace(name.clone()).filter(|before| *before != name);
        (name, before)
    }
}

pub(crate) fn unknown(name: &str) -> Failure {
    Failure::new(format!("there is no context '{name}'")).next("`countersign context list` shows all")
}

fn open_to_others(path: &Path) -> String {
    let path = path.display().to_string();
    format!("warning: others may read the secrets in {path}: chmod 600 {}", shell(&path))
}

fn path() -> Result<PathBuf, Failure> {
    if let Some(path) = environment::text("COUNTERSIGN_CONTEXTS") {
        return Ok(path.into());
    }
    let config = environment::text("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute()) // relative ones are invalid, says its specification
        .or_else(|| environment::text("HOME").map(|home| PathBuf::from(home).join(".config")))
        .or_else(|| environment::text("APPDATA").map(PathBuf::from));
    config.map(|folder| folder.join("countersign").join("contexts.toml")).ok_or_else(|| {
        Failure::new("there is no place for contexts: neither HOME nor XDG_CONFIG_HOME is set")
            .next("name a file with the variable COUNTERSIGN_CONTEXTS")
    })
}

/// Whether it was told already who may read the file.
static TOLD: Once = Once::new();
const LOCAL: &str = "local";
const MAX_FILE: u64 = 1 << 20;
