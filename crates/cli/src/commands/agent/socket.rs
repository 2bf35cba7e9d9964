//! The agent's socket file: nobody can connect before its permissions are right, and no other's is taken away.

use std::fs::{self, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::claim::Claim;
use crate::failure::Failure;

/// A socket that is listened on; its file is removed with it.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and number of its file.
    id: (u64, u64),
    _claim: Claim,
}

impl SocketFile {
    /// Makes it: 0600, or 0666 where other users are let in. A dead agent's is replaced; a live one's, and anything
    /// that is no socket, is not.
    pub(super) async fn make(path: &Path, others: bool) -> Result<(Self, UnixListener), Failure> {
        let cannot =
            |error: io::Error| Failure::new(format!("--socket: cannot make {}: {error}", path.display()));
        // where it is made has a shorter or a longer path than where callers look for it
        SocketAddr::from_pathname(path).map_err(|error| cannot(error).next(SHORTER))?;
        let claim = Claim::take(path).map_err(cannot)?.ok_or_else(|| taken(path))?;
        judge(path).await?;
        let (socket, id) = place(path, mode(others)).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => cannot(error).next(SHORTER),
            _ => cannot(error),
        })?;
        let file = Self { path: path.to_owned(), id, _claim: claim };
        Ok((file, socket))
    }

    /// Lets other users connect, or keeps them out; those who are connected stay. What took the file's place is left alone.
    pub(super) fn let_others_in(&self, others: bool) -> io::Result<()> {
        if !self.is_there()? {
            return Err(io::Error::new(ErrorKind::NotFound, "it is another file now"));
        }
        fs::set_permissions(&self.path, Permissions::from_mode(mode(others)))
    }

    /// Whether its file is still at its place.
    fn is_there(&self) -> io::Result<bool> {
        fs::symlink_metadata(&self.path).map(|there| id(&there) == self.id)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_there().is_ok_and(|is| is) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether what is there, if anything, may be replaced.
async fn judge(path: &Path) -> Result<(), Failure> {
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::new(format!("--socket: {}: {error}", path.display()))),
    };
    if !there.file_type().is_socket() {
        return Err(Failure::new(format!("--socket: {} is there already and is no socket", path.display()))
            .next("choose another path, or remove it"));
    }
    match UnixStream::connect(path).await {
        // nobody listens: whoever made it is gone; a full queue is another error
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(()),
        _ => Err(taken(path)),
    }
}

/// Makes the socket in a folder that nobody else can enter, and moves it to its place when it is whole.
fn place(path: &Path, mode: u32) -> io::Result<(UnixListener, (u64, u64))> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut folder = tempfile::Builder::new();
    let folder =
        folder.prefix(".").rand_bytes(8).permissions(Permissions::from_mode(0o700)).tempdir_in(parent)?;
    let inside = folder.path().join("s");
    let socket = UnixListener::bind(&inside)?;
    fs::set_permissions(&inside, Permissions::from_mode(mode))?;
    let id = id(&fs::symlink_metadata(&inside)?);
    fs::rename(&inside, path)?;
    Ok((socket, id))
}

fn id(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

const fn mode(others: bool) -> u32 {
    if others { 0o666 } else { 0o600 }
}

fn taken(path: &Path) -> Failure {
    Failure::new(format!("--socket: another process listens on {}", path.display()))
        .next("end that one, or choose another path")
}

const SHORTER: &str = "the path of a socket has about a hundred bytes at most: choose a shorter one";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_ones_socket_is_replaced_and_a_live_one_is_not() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("agent");
        let foreign = UnixListener::bind(&path).unwrap();
        let failure = SocketFile::make(&path, false).await.unwrap_err().to_string();
        assert!(failure.contains("another process listens"), "{failure}");
        drop(foreign);
        let (file, _listener) = SocketFile::make(&path, false).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        UnixStream::connect(&path).await.unwrap();
        file.let_others_in(true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o666);
        let failure = SocketFile::make(&path, false).await.unwrap_err().to_string();
        assert!(failure.contains("another process listens"), "{failure}");
        drop(file);
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0, "nothing is left");
    }

    #[tokio::test]
    async fn what_is_no_socket_stays_and_what_took_its_place_too() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("agent");
        fs::write(&path, "precious").unwrap();
        assert!(SocketFile::make(&path, false).await.unwrap_err().to_string().contains("is no socket"));
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(SocketFile::make(&path, false).await.is_err());
        fs::remove_file(&path).unwrap();

        let (file, _listener) = SocketFile::make(&path, false).await.unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another's").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(file.let_others_in(true).is_err());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
        let target = temp.path().join("target");
        fs::write(&target, "").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(file.let_others_in(true).is_err());
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o600);
        fs::remove_file(&path).unwrap();
        fs::write(&path, "another's").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"another's");

        let long = temp.path().join("x".repeat(200));
        assert!(SocketFile::make(&long, false).await.unwrap_err().to_string().contains("a shorter one"));
    }
}
