//! The file in which the program finds its token: whole at any moment, readable by nobody else, gone in the end.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use countersign_client::Token;
use tempfile::TempDir;

use crate::environment;
use crate::failure::Failure;
use crate::private_file;

/// A file (0600) in a folder (0700) of its own, which is removed with it.
pub(super) struct TokenFile {
    path: PathBuf,
    _folder: TempDir,
}

impl TokenFile {
    /// Makes folder and file.
    pub(super) fn create(token: &Token) -> Result<Self, Failure> {
        let folder = folder().map_err(|error| {
            let temp = std::env::temp_dir();
            Failure::new(format!("no folder for the token can be made in {}: {error}", temp.display()))
                .next("name another place with the variable TMPDIR")
        })?;
        let file = Self { path: folder.path().join("token"), _folder: folder };
        file.write(token).map_err(|error| {
            Failure::new(format!("the token cannot be written to {}: {error}", file.path.display()))
        })?;
        Ok(file)
    }

    /// Puts a token in the place of the one before.
    pub(super) fn write(&self, token: &Token) -> io::Result<()> {
        private_file::replace(&self.path, token.expose())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Where the system keeps what lives as long as a session, in memory mostly; else where temporary files are.
fn folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("countersign-");
    let builder = builder.permissions(Permissions::from_mode(0o700));
    let runtime = environment::text("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    match runtime.map(|runtime| builder.tempdir_in(runtime)) {
        Some(Ok(folder)) => Ok(folder),
        _ => builder.tempdir(),
    }
}
