//! Files of one user: there whole or not at all, and neither readable by others nor taken from them.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

/// Makes a folder that its owner alone may enter, and those above it.
///
/// # Errors
/// When one is there that is something else, is another user's or may be entered by others, or nothing can be written
/// there.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Err(io::Error::other("it is a link: name the folder itself"));
    }
    closed_to_others(&found)?;
    // whose a new file is tells who we are
    let probe = beside(&path.join("probe"));
    let ours = open_new(&probe)?.metadata();
    fs::remove_file(&probe)?;
    same_owner(&found, &ours?)
}

/// Reads a text of at most `max` bytes.
///
/// # Errors
/// When it is a link or no file, is not of the folder's owner, may be read or written by others, or is too large.
pub(super) fn read(path: &Path, max: u64) -> io::Result<Zeroizing<String>> {
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let file = File::open(path)?;
    let found = file.metadata()?;
    same_file(&named, &found)?;
    closed_to_others(&found)?;
    same_owner(&found, &fs::metadata(path.parent().unwrap_or(path))?)?;
    let mut text = Zeroizing::new(String::new());
    file.take(max + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max {
        return Err(io::Error::other(format!("it is larger than {max} bytes")));
    }
    Ok(text)
}

/// Writes a new file (0600).
///
/// # Errors
/// `AlreadyExists` when there is one; it is not touched.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    // a second name for what is whole already: unlike a rename it never takes another file's place
    place(path, text, |beside| fs::hard_link(beside, path).and_then(|()| fs::remove_file(beside)))
}

/// Writes a file (0600) in the place of whatever is there.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    place(path, text, |beside| fs::rename(beside, path))
}

/// Locks a file until it is dropped; made where it is not there.
///
/// # Errors
/// `WouldBlock` when another has locked it, or has just removed it.
pub(super) fn lock(path: &Path) -> Result<File, TryLockError> {
    let file = options().create(true).truncate(false).open(path).map_err(TryLockError::Error)?;
    file.try_lock()?;
    let is_named = fs::symlink_metadata(path).and_then(|named| same_file(&named, &file.metadata()?));
    is_named.map(|()| file).map_err(|_| TryLockError::WouldBlock)
}

/// Not synced: a token that a power cut takes is asked for again, and half a one is none.
fn place(path: &Path, text: &str, put: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let beside = beside(path);
    let written =
        open_new(&beside).and_then(|mut file| file.write_all(text.as_bytes())).and_then(|()| put(&beside));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name that no other process and no other thread writes to.
fn beside(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{number}.{UNFINISHED}", std::process::id()));
    name.into()
}

fn open_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {} // left by a process of the same number that was interrupted
    }
    options().create_new(true).open(path)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn closed_to_others(found: &Metadata) -> io::Result<()> {
    match std::os::unix::fs::MetadataExt::mode(found) & 0o077 {
        0 => Ok(()),
        _ => Err(io::Error::other("others than its owner may use it: take that right from them (chmod go=)")),
    }
}

#[cfg(unix)]
fn same_owner(one: &Metadata, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let same = one.uid() == other.uid();
    same.then_some(()).ok_or_else(|| io::Error::other("it is another user's"))
}

#[cfg(unix)]
fn same_file(named: &Metadata, opened: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let same = (named.dev(), named.ino()) == (opened.dev(), opened.ino());
    same.then_some(()).ok_or_else(|| io::Error::other("it was replaced while it was opened"))
}

/// Not known here: the folders of a user's profile are the user's.
#[cfg(not(unix))]
fn closed_to_others(_: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn same_owner(_: &Metadata, _: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn same_file(_: &Metadata, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// What is not whole yet ends so.
pub(super) const UNFINISHED: &str = "new";

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn open_to_others(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode(path) | 0o040)).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_that_others_may_enter_or_that_is_a_link_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("a/b");
        folder(&path).unwrap();
        assert_eq!((mode(&path), mode(&temp.path().join("a"))), (0o700, 0o700));
        folder(&path).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        symlink(&path, temp.path().join("link")).unwrap();
        assert!(folder(&temp.path().join("link")).unwrap_err().to_string().contains("link"));
        open_to_others(&path);
        assert!(folder(&path).unwrap_err().to_string().contains("chmod"));
        fs::write(temp.path().join("file"), "").unwrap();
        assert!(folder(&temp.path().join("file")).is_err());
    }

    #[test]
    fn files_are_ours_alone_whole_and_of_bounded_size() {
        let temp = tempfile::tempdir().unwrap();
        let inner = temp.path().join("inner");
        folder(&inner).unwrap();
        let path = inner.join("secret");
        create(&path, "one").unwrap();
        assert_eq!((mode(&path), read(&path, 3).unwrap().as_str()), (0o600, "one"));
        assert_eq!(create(&path, "two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(read(&path, 2).unwrap_err().to_string().contains("larger"));
        open_to_others(&path);
        assert!(read(&path, 9).unwrap_err().to_string().contains("chmod"));
        replace(&path, "three").unwrap();
        assert_eq!((mode(&path), read(&path, 9).unwrap().as_str()), (0o600, "three"));

        let elsewhere = temp.path().join("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        assert!(read(&path, 9).unwrap_err().to_string().contains("not a file"));
        replace(&path, "four").unwrap();
        assert_eq!(read(&path, 9).unwrap().as_str(), "four");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "three", "what was linked to is not touched");
        assert_eq!(fs::read_dir(&inner).unwrap().count(), 1, "nothing is left beside");
    }

    /// A lock that was removed while somebody waited for it is none, or two could hold it.
    #[test]
    fn a_lock_is_held_by_one_even_if_it_was_removed() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("lock");
        let held = lock(&path).unwrap();
        assert!(matches!(lock(&path), Err(TryLockError::WouldBlock)));
        fs::remove_file(&path).unwrap();
        drop(held);
        let held = lock(&path).unwrap();
        assert!(matches!(lock(&path), Err(TryLockError::WouldBlock)));
        drop(held);
        symlink(temp.path().join("elsewhere"), temp.path().join("link")).unwrap();
        assert!(lock(&temp.path().join("link")).is_err(), "what its name does not name");
    }

    /// Only where the tests run as root can there be a file of another user's.
    #[test]
    fn what_another_user_owns_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("inner");
        folder(&path).unwrap();
        create(&path.join("secret"), "one").unwrap();
        if std::os::unix::fs::chown(path.join("secret"), Some(12_345), None).is_ok() {
            assert!(read(&path.join("secret"), 9).unwrap_err().to_string().contains("another user"));
            std::os::unix::fs::chown(&path, Some(12_345), None).unwrap();
            assert!(folder(&path).unwrap_err().to_string().contains("another user"));
        }
    }
}
