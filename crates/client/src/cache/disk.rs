//! Tokens on disk, for the processes of one user: a file for each kind of token, and a lock, so that one process at a
//! time asks for it.

mod private;
mod stored;
mod sweep;

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_proto::time::UnixTime;
use tokio::time::{Instant, sleep};

use super::CacheKey;
use crate::token::Token;
pub(crate) use stored::Stored;

/// A folder of tokens, which nobody but its owner may enter.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// The file of one kind of token.
#[derive(Debug)]
pub(crate) struct Entry {
    token: PathBuf,
    lock: PathBuf,
    folder: PathBuf,
    /// What the file is for, so that one which was moved here is not taken.
    key: String,
}

/// What comes of looking.
pub(crate) enum Turn<F> {
    /// There is one that will do.
    Found(F),
    /// This process has to ask; others wait meanwhile.
    Ours(Held),
}

/// Keeps other processes waiting until it is dropped; `None` = they do not wait, since the disk does not serve or
/// somebody else is busy for too long.
pub(crate) struct Held(#[expect(dead_code, reason = "it is held, not used")] Option<File>);

impl Folder {
    /// Makes the folder, where it is not there.
    ///
    /// # Errors
    /// When it cannot be written to, or others may enter it, or it is not a folder of this user's.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        private::folder(path)?;
        Ok(Self(path.to_owned()))
    }

    /// The file of such tokens.
    pub(super) fn entry(&self, key: &CacheKey) -> Entry {
        let name = key.name();
        // a lock is never removed, so there are but so many: what has one in common waits for another now and then
        let lock = name.get(..2).unwrap_or_default();
        Entry {
            token: self.0.join(format!("{name}.{TOKEN}")),
            lock: self.0.join(format!("{lock}.lock")),
            folder: self.0.clone(),
            key: key.text(),
        }
    }

    /// The proof key of such tokens: the one that is there, or a new one that the next process finds.
    ///
    /// # Errors
    /// When it cannot be made or kept.
    pub(super) fn proof_key(&self, key: &CacheKey, algorithm: Algorithm) -> io::Result<SigningKey> {
        let path = self.0.join(format!("{}.{KEY}", key.name()));
        let read = || stored::read_key(&private::read(&path, MAX_FILE).ok()?, &key.text(), algorithm);
        if let Some(found) = read() {
            return Ok(found);
        }
        let failed = |_| io::Error::other("no key can be made");
        let made = SigningKey::generate(algorithm, PROOF_KEY).map_err(failed)?;
        let text = stored::write_key(&made, &key.text()).map_err(failed)?;
        match private::create(&path, &text) {
            Ok(()) => Ok(made),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match read() {
                // another process was faster
                Some(found) => Ok(found),
                None => private::replace(&path, &text).map(|()| made),
            },
            Err(error) => Err(error),
        }
    }
}

impl Entry {
    /// Looks for a token that will do, and waits while another process asks for one.
    pub(crate) async fn turn<F>(self: &Arc<Self>, will_do: impl Fn(&Stored) -> Option<F>) -> Turn<F> {
        let began = Instant::now();
        let mut pause = SHORTEST_PAUSE;
        loop {
            let entry = Arc::clone(self);
            let looked = tokio::task::spawn_blocking(move || (entry.lock(), entry.read())).await;
            let Ok((lock, stored)) = looked else { return Turn::Ours(Held(None)) };
            if let Some(found) = stored.as_ref().and_then(&will_do) {
                return Turn::Found(found);
            }
            match lock {
                Ok(lock) => return Turn::Ours(Held(Some(lock))),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {}
                Err(TryLockError::WouldBlock) => return Turn::Ours(Held(None)),
                Err(TryLockError::Error(error)) => {
                    self.warn("cannot be locked", &error);
                    return Turn::Ours(Held(None));
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Keeps a token, and removes what has expired meanwhile.
    pub(crate) async fn keep(self: &Arc<Self>, stored: Stored, held: Held, now: UnixTime) {
        if stored.until <= now {
            return;
        }
        let entry = Arc::clone(self);
        let kept = tokio::task::spawn_blocking(move || {
            let text = stored.write(&entry.key)?;
            if text.len() as u64 > MAX_FILE {
                return Err(io::Error::other(format!("the token is larger than {MAX_FILE} bytes")));
            }
            sweep::sweep(&entry.folder, now);
            private::replace(&entry.token, &text)?;
            drop(held);
            Ok(())
        });
        if let Ok(Err(error)) = kept.await {
            self.warn("cannot be written", &error);
        }
    }

    /// Removes this token, where it is the one that is kept.
    pub(crate) async fn forget(self: &Arc<Self>, token: Token) {
        let entry = Arc::clone(self);
        let removed = tokio::task::spawn_blocking(move || {
            let is_kept = entry.read().is_some_and(|stored| stored.answer.access_token == token.expose());
            if is_kept { std::fs::remove_file(&entry.token) } else { Ok(()) }
        });
        if let Ok(Err(error)) = removed.await {
            self.warn("cannot be removed", &error);
        }
    }

    /// What cannot be read, or is something else, is no token; the next one takes its place.
    fn read(&self) -> Option<Stored> {
        match private::read(&self.token, MAX_FILE) {
            Ok(text) => Stored::read(&text, Some(&self.key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.warn("is not used", &error);
                None
            }
        }
    }

    fn lock(&self) -> Result<File, TryLockError> {
        let file = private::open_lock(&self.lock).map_err(TryLockError::Error)?;
        file.try_lock().map(|()| file)
    }

    fn warn(&self, what: &str, error: &io::Error) {
        tracing::warn!(file = %self.token.display(), %error, "a kept token {what}");
    }
}

/// Files of tokens and of proof keys end so.
const TOKEN: &str = "token";
const KEY: &str = "key";
/// The name of a proof key, which nobody sees.
const PROOF_KEY: &str = "dpop";
/// The most bytes of a file.
const MAX_FILE: u64 = 64 << 10;
/// For how long another process is waited for: longer than its request takes, unless it was stopped in the midst of it.
const PATIENCE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
