//! Files that hold secrets: there whole or not at all, and never readable by anyone else, not even for a moment.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::output::note;

/// Makes a folder that only its owner may enter, and those above it; one that is there stays as it is.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file (0600).
///
/// # Errors
/// `AlreadyExists` when there is one; it is not touched.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    // a second name for what is whole already: unlike a rename it never takes another file's place
    place(path, text, |beside| fs::hard_link(beside, path).and_then(|()| fs::remove_file(beside)))
}

/// Writes a file (0600) in the place of whatever is there.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    place(path, text, |beside| fs::rename(beside, path))
}

/// Waits until no other process changes the file, and keeps them out until what it returns is dropped.
pub(crate) fn alone(path: &Path) -> io::Result<File> {
    // a file of its own, since the one that is changed is replaced
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(PathBuf::from(name))?;
    file.lock()?;
    Ok(file)
}

/// Reads a text of at most `max` bytes.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<String> {
    read_from(File::open(path)?, max)
}

/// The same, of what is open already.
pub(crate) fn read_from(open: impl Read, max: u64) -> io::Result<String> {
    let mut text = String::new();
    open.take(max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max {
        return Err(io::Error::other(format!("it is larger than {max} bytes")));
    }
    Ok(text)
}

/// Whether others than its owner may read or write the file.
#[cfg(unix)]
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

/// Whether others than its owner may read or write the file; not known here.
#[cfg(not(unix))]
pub(crate) fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Says so, beside the answer, where others than its owner may read or write a file that holds a secret; of pipes it says
/// nothing.
pub(crate) fn warn_if_open(path: &Path) {
    if path.is_file() && is_open_to_others(path) {
        let path = path.display();
        note(&format!(
            "warning: others on this machine may read {path}, which holds a secret\n  next: chmod 600 {path}"
        ));
    }
}

/// Writes the file beside its place, and then puts it there.
fn place(path: &Path, text: &str, put: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {} // left by a run that was interrupted
    }
    let mut file = open_new(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| put(&beside)) {
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder(path)
}

fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    name.into()
}

/// A new name survives a power cut only once its folder is on disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(parent)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_and_nothing_is_left_beside() {
        let temp = tempfile::tempdir().unwrap();
        let inner = temp.path().join("a/b");
        folder(&inner).unwrap();
        assert_eq!((mode(&inner), mode(&temp.path().join("a"))), (0o700, 0o700));
        let path = inner.join("secret");
        create(&path, "one").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(create(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&path, 3).unwrap(), "one");
        assert!(read(&path, 2).is_err());

        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert!(is_open_to_others(&path));
        replace(&path, "three").unwrap();
        assert_eq!((mode(&path), read(&path, 9).unwrap().as_str()), (0o600, "three"));
        assert!(!is_open_to_others(&path));
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1);
    }
}
