//! The key of an agent on a port: new at each start, in a file that its owner alone may read.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Digest, SHA256, digest};
use countersign_issuer::random::{Random, SystemRandom};
use countersign_proto::secret::ClientSecret;
use zeroize::Zeroizing;

use super::claim::Claim;
use crate::failure::Failure;
use crate::private_file;

/// A key, as what it is compared with: 256 random bits, written as those of a client secret are, with a beginning of its
/// own, so that neither is taken for the other.
pub(super) struct Key(Digest);

/// The file of a key (0600); it is removed with it, since the key opens nothing afterwards.
#[derive(Debug)]
pub(super) struct KeyFile {
    path: PathBuf,
    _claim: Claim,
}

impl Key {
    /// Whether this is it; the time that it takes says nothing of the key.
    pub(super) fn is(&self, shown: &[u8]) -> bool {
        verify_slices_are_equal(self.0.as_ref(), digest(&SHA256, shown).as_ref()).is_ok()
    }
}

impl KeyFile {
    /// Makes a key and its file, whole before anybody sees it; what a killed agent left is replaced.
    pub(super) fn make(path: &Path) -> Result<(Self, Key), Failure> {
        let cannot =
            |error: io::Error| Failure::new(format!("--key-file: cannot make {}: {error}", path.display()));
        let claim = Claim::take(path).map_err(cannot)?.ok_or_else(|| {
            Failure::new(format!("--key-file: another agent has its key in {}", path.display()))
                .next("give this one a file of its own")
        })?;
        if !is_replaceable(path) {
            return Err(Failure::new(format!(
                "--key-file: {} is there already and is no agent's key",
                path.display()
            ))
            .next("choose another path, or remove it"));
        }
        let mut bits = Zeroizing::new([0; 32]);
        SystemRandom.fill(&mut *bits)?;
        let text = ClientSecret::from_random(&bits);
        let bits = text.expose().trim_start_matches(SECRET);
        let text = Zeroizing::new(format!("{PREFIX}{bits}"));
        private_file::replace(path, &text).map_err(cannot)?;
        let key = Key(digest(&SHA256, text.as_bytes()));
        Ok((Self { path: path.to_owned(), _claim: claim }, key))
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A slip in the path must not cost somebody a file.
fn is_replaceable(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => {
            private_file::read(path, MAX_KEY).is_ok_and(|text| text.starts_with(PREFIX))
        }
        Ok(_) => false,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Keys begin so, and client secrets so.
const PREFIX: &str = "csa_";
const SECRET: &str = "csk_";
const MAX_KEY: u64 = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_new_at_each_start_and_gone_at_the_end() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("key");
        let (file, key) = KeyFile::make(&path).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(first.len(), 63);
        assert!(key.is(first.as_bytes()));
        assert!(!key.is(b"") && !key.is(&first.as_bytes()[..62]) && !key.is(format!("{first}a").as_bytes()));
        assert!(KeyFile::make(&path).err().unwrap().to_string().contains("another agent"));
        drop(file);
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);

        // one that was killed left its file
        fs::write(&path, &first).unwrap();
        let (_file, key) = KeyFile::make(&path).unwrap();
        assert!(!key.is(first.as_bytes()));
        assert_ne!(fs::read_to_string(&path).unwrap(), first);
    }

    #[test]
    fn another_file_is_not_overwritten() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("id_rsa");
        fs::write(&path, "precious").unwrap();
        assert!(KeyFile::make(&path).err().unwrap().to_string().contains("no agent's key"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let secret = ClientSecret::from_random(&[7; 32]);
        fs::write(&path, secret.expose()).unwrap();
        assert!(KeyFile::make(&path).err().unwrap().to_string().contains("no agent's key"));
        assert_eq!(fs::read_to_string(&path).unwrap(), secret.expose());
    }
}
