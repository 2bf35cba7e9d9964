//! Where an answer is written: standard output as it comes, or a file that has its place once it is whole.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::output::Output;

/// Where the bytes go.
pub(super) enum Target {
    /// Standard output.
    Shown,
    /// A file beside the place that it is to have; it is gone unless it is kept.
    Beside { file: NamedTempFile, place: PathBuf },
    /// What cannot be replaced, such as a pipe or a device, or a file in a folder where none can be made.
    Direct(File),
}

impl Target {
    /// Opens it; without a path it is standard output.
    pub(super) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::Shown) };
        // a link stays one: what it leads to is replaced
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let there = fs::metadata(&place);
        if there.as_ref().is_ok_and(|there| !there.is_file()) {
            return File::create(&place).map(Self::Direct);
        }
        // as any new file, or as the one before
        let mode = there.as_ref().map_or(0o666, |there| there.permissions().mode() & 0o777);
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".answer-").suffix(".part");
        let Ok(file) = builder.permissions(Permissions::from_mode(mode)).tempfile_in(folder) else {
            return File::create(&place).map(Self::Direct);
        };
        if there.is_ok() {
            // not writable means not replaceable, and what the umask took away the one before had
            File::options().write(true).open(&place)?;
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(Self::Beside { file, place })
    }

    /// Writes some more; whether somebody still reads it.
    pub(super) fn write(&mut self, output: Output, bytes: &[u8]) -> io::Result<bool> {
        match self {
            Self::Shown => output.raw(bytes),
            Self::Beside { file, .. } => file.write_all(bytes).map(|()| true),
            Self::Direct(file) => file.write_all(bytes).map(|()| true),
        }
    }

    /// It is whole: it takes its place.
    pub(super) fn keep(self) -> io::Result<()> {
        match self {
            Self::Beside { file, place } => file.persist(place).map(drop).map_err(|error| error.error),
            Self::Shown | Self::Direct(_) => Ok(()),
        }
    }

    /// What to say when it does not become whole.
    pub(super) fn what_is_left(&self) -> &'static str {
        match self {
            Self::Beside { .. } => "the file is as it was before",
            Self::Shown | Self::Direct(_) => "what was written is not the whole answer",
        }
    }
}
