//! A name that one process at a time may hold: while it does, `NAME.lock` is locked, and afterwards it is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The right to make, replace and remove the file of a name; it ends with the process, however that ends.
#[derive(Debug)]
pub(super) struct Claim {
    lock: PathBuf,
    _file: File,
}

impl Claim {
    /// Takes it, or tells with `None` that another process has it.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        let mut lock = path.as_os_str().to_owned();
        lock.push(".lock");
        let lock = PathBuf::from(lock);
        loop {
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // the one before may have removed the file between our opening and our locking it
            let Ok(there) = fs::symlink_metadata(&lock) else { continue };
            let ours = file.metadata()?;
            if (there.dev(), there.ino()) == (ours.dev(), ours.ino()) {
                return Ok(Some(Self { lock, _file: file }));
            }
            if !there.is_file() {
                return Err(io::Error::other(format!("{} is a link", lock.display())));
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // while it is locked: nobody else's can have taken its place
        let _ = fs::remove_file(&self.lock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let held = Claim::take(&path).unwrap();
        assert!(held.is_some());
        assert!(Claim::take(&path).unwrap().is_none());
        drop(held);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        // what a killed process left is no hindrance
        fs::write(folder.path().join("socket.lock"), "").unwrap();
        assert!(Claim::take(&path).unwrap().is_some());
    }

    #[test]
    fn a_link_in_the_place_of_the_lock_is_an_error_and_not_a_loop() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("elsewhere", folder.path().join("socket.lock")).unwrap();
        assert!(Claim::take(&folder.path().join("socket")).is_err());
    }
}
