//! The master keys: from the environment, from their file, or made at the first start.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use countersign_issuer::keys::MasterKeys;
use countersign_issuer::random::Random;
use zeroize::Zeroizing;

use crate::environment::{self, MASTER_KEYS};
use crate::failure::Failure;
use crate::private_file;

/// The keys, and where they came from.
pub(crate) struct Found {
    /// The keys.
    pub(crate) keys: MasterKeys,
    /// The file that was made just now.
    pub(crate) made: Option<PathBuf>,
}

/// Finds the master keys. They are made only where the database cannot need others: `fresh` says that it is new.
pub(crate) fn find(path: &Path, fresh: bool, random: &dyn Random) -> Result<Found, Failure> {
    if let Some(text) = environment::text(MASTER_KEYS).map(Zeroizing::new) {
        let keys = MasterKeys::parse(&text).map_err(|e| Failure::new(format!("{MASTER_KEYS}: {e}")))?;
        return Ok(Found { keys, made: None });
    }
    match private_file::read(path, MAX_FILE).map(Zeroizing::new) {
        Ok(text) => read(path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound && fresh => make(path, random),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::new(format!(
            "there is a database and no file of master keys at {}",
            path.display()
        ))
        .next(
            "restore that file from its backup, or name it with --keys; without it the database is of no use",
        )),
        Err(error) => Err(Failure::new(format!("cannot read the master keys {}: {error}", path.display()))
            .next("check the path and that this user may read it")),
    }
}

fn read(path: &Path, text: &str) -> Result<Found, Failure> {
    let keys = MasterKeys::parse(text).map_err(|error| {
        Failure::new(format!("{}: {error}", path.display()))
            .next("name the file of master keys that was made with this database with --keys, or restore it")
    })?;
    if private_file::is_open_to_others(path) {
        tracing::warn!(path = %path.display(), "others may read the master keys: chmod 600");
    }
    Ok(Found { keys, made: None })
}

fn make(path: &Path, random: &dyn Random) -> Result<Found, Failure> {
    let keys = MasterKeys::generate(random)?;
    private_file::create(path, &keys.to_text()).map_err(|error| {
        Failure::new(format!("cannot write the master keys {}: {error}", path.display())).next(
            "check that its folder is there and that this user may write to it, or name another with --keys",
        )
    })?;
    Ok(Found { keys, made: Some(path.to_owned()) })
}

const MAX_FILE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use countersign_issuer::random::SystemRandom;

    use super::*;

    /// Issue 3, item 7: made once, found again, and never made beside a database that has others.
    #[test]
    fn keys_are_made_for_a_new_database_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let lost = find(&path, false, &SystemRandom).err().unwrap().to_string();
        assert!(lost.contains("--keys") && !path.exists(), "{lost}");
        assert_eq!(find(&path, true, &SystemRandom).unwrap().made.as_ref(), Some(&path));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(find(&path, true, &SystemRandom).unwrap().made.is_none());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, "nonsense").unwrap();
        assert!(find(&path, true, &SystemRandom).is_err());
    }
}
