//! Tokens on disk, for the processes of one user: a file for each kind of token, and a lock, so that one process at a
//! time asks for it.

mod failure;
mod private;
mod stored;
mod sweep;

use std::convert::Infallible;
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
pub(crate) use failure::Failure;
pub(crate) use stored::Stored;

/// A folder of tokens, which nobody but its owner may enter.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// The file of one kind of token.
#[derive(Debug)]
pub(crate) struct Entry {
    token: PathBuf,
    failure: PathBuf,
    lock: PathBuf,
    folder: PathBuf,
    /// What the file is for, so that one which was moved here is not taken.
    key: String,
}

/// What comes of looking.
pub(crate) enum Turn<F> {
    /// There is something that will do.
    Found(F),
    /// This process has to ask; others wait meanwhile. And the token that is there.
    Ours(Held, Option<Stored>),
}

/// What there is at one moment.
pub(crate) struct Sight {
    pub stored: Option<Stored>,
    /// The last failure; no token has come since.
    pub failure: Option<Failure>,
    /// Whether that came while this process waited.
    pub is_news: bool,
}

/// Keeps other processes waiting until it is dropped; `None` = they do not wait, since the disk does not serve or
/// somebody else is busy for too long.
pub(crate) struct Held(
    #[cfg_attr(not(test), expect(dead_code, reason = "it is held, not used"))] Option<File>,
);

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
        Entry {
            token: self.0.join(format!("{name}.{TOKEN}")),
            failure: self.0.join(format!("{name}.{FAILED}")),
            lock: self.0.join(format!("{name}.{LOCK}")),
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
    /// Looks for what will do, and waits while another process asks for a token, for a minute at most: the one that does
    /// may have been stopped.
    pub(crate) async fn turn<F>(self: &Arc<Self>, will_do: impl Fn(&Sight) -> Option<F>) -> Turn<F> {
        let began = Instant::now();
        let mut before = None;
        let mut pause = SHORTEST_PAUSE;
        loop {
            let entry = Arc::clone(self);
            let look = move || (entry.failure(), private::lock(&entry.lock), entry.failure(), entry.read());
            let looked = tokio::task::spawn_blocking(look).await;
            let Ok((first, lock, failure, stored)) = looked else { return Turn::Ours(Held(None), None) };
            let is_news = *before.get_or_insert(first) != failure;
            let sight = Sight { stored, failure, is_news };
            if let Some(found) = will_do(&sight) {
                return Turn::Found(found);
            }
            match lock {
                Ok(lock) => return Turn::Ours(Held(Some(lock)), sight.stored),
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => {}
                Err(TryLockError::WouldBlock) => return Turn::Ours(Held(None), sight.stored),
                Err(TryLockError::Error(error)) => {
                    self.warn("cannot be locked", &error);
                    return Turn::Ours(Held(None), sight.stored);
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Keeps a token, where it is good for others still, and forgets the failures before it.
    pub(crate) async fn keep(self: &Arc<Self>, stored: Stored, held: Held, now: UnixTime) {
        let entry = Arc::clone(self);
        let kept = tokio::task::spawn_blocking(move || {
            let written = if stored.until > now { entry.write(stored) } else { Ok(()) };
            let _ = std::fs::remove_file(&entry.failure);
            drop(held);
            sweep::sweep(&entry.folder, now);
            written
        });
        if let Ok(Err(error)) = kept.await {
            self.warn("cannot be written", &error);
        }
    }

    /// Keeps a failure, so that those who wait need not have it of the server themselves.
    pub(crate) async fn fail(self: &Arc<Self>, failure: Failure, held: Held) {
        let entry = Arc::clone(self);
        let kept = tokio::task::spawn_blocking(move || {
            let written = private::replace(&entry.failure, &failure.write(&entry.key)?);
            drop(held);
            written
        });
        if let Ok(Err(error)) = kept.await {
            self.warn("was not had, and that cannot be written", &error);
        }
    }

    /// Removes this token, where it is the one that is kept; waits for a process that replaces it just now.
    pub(crate) async fn forget(self: &Arc<Self>, token: Token) {
        let Turn::Ours(held, _) = self.turn(|_| None::<Infallible>).await;
        let entry = Arc::clone(self);
        let removed = tokio::task::spawn_blocking(move || {
            let _held = held;
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

    fn write(&self, stored: Stored) -> io::Result<()> {
        let text = stored.write(&self.key)?;
        if text.len() as u64 > MAX_FILE {
            return Err(io::Error::other(format!("the token is larger than {MAX_FILE} bytes")));
        }
        private::replace(&self.token, &text)
    }

    fn failure(&self) -> Option<Failure> {
        Failure::read(&private::read(&self.failure, MAX_FILE).ok()?, &self.key)
    }

    fn warn(&self, what: &str, error: &io::Error) {
        tracing::warn!(file = %self.token.display(), %error, "a kept token {what}");
    }
}

/// Files of tokens, of failures, of locks and of proof keys end so.
const TOKEN: &str = "token";
const FAILED: &str = "failed";
const LOCK: &str = "lock";
const KEY: &str = "key";
/// The name of a proof key, which nobody sees.
const PROOF_KEY: &str = "dpop";
/// The most bytes of a file.
const MAX_FILE: u64 = 64 << 10;
/// For how long another process is waited for: longer than its request takes, unless it was stopped in the midst of it.
const PATIENCE: Duration = Duration::from_secs(60);
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Whom;
    use crate::token::{Ask, Unreachable};

    fn entry(folder: &Path, client_id: &str) -> Arc<Entry> {
        let whom = Whom::Endpoint("https://x".to_owned());
        let key = CacheKey::new(whom, client_id, &Ask::default(), None);
        Arc::new(Folder::open(folder).unwrap().entry(&key))
    }

    async fn held(entry: &Arc<Entry>) -> Held {
        let Turn::Ours(held, _) = entry.turn(|_| None::<Infallible>).await;
        held
    }

    /// An issuer that hangs costs those who waited one request between them, and not one after another.
    #[tokio::test]
    async fn who_waited_has_the_failure_and_who_did_not_has_none() {
        let temp = tempfile::tempdir().unwrap();
        let entry = entry(&temp.path().join("tokens"), "c");
        let news = |sight: &Sight| sight.failure.as_ref().filter(|_| sight.is_news).map(Failure::told);
        for number in 0..2 {
            let first = held(&entry).await;
            let (looked, mut looks) = tokio::sync::mpsc::unbounded_channel();
            let waiting = tokio::spawn({
                let entry = Arc::clone(&entry);
                async move {
                    let look = |sight: &Sight| {
                        looked.send(()).unwrap();
                        news(sight)
                    };
                    entry.turn(look).await
                }
            });
            looks.recv().await.unwrap();
            let down = Unreachable::said("down".to_owned());
            entry.fail(Failure::new(&down, UnixTime(100), number), first).await;
            match waiting.await.unwrap() {
                Turn::Found(told) => assert_eq!(told.to_string(), "down"),
                Turn::Ours(..) => panic!("it asks again"),
            }
            assert!(matches!(entry.turn(news).await, Turn::Ours(..)), "a failure of before");
        }
    }

    #[tokio::test]
    async fn nobody_waits_for_a_token_of_another_kind() {
        let temp = tempfile::tempdir().unwrap();
        let mut all = Vec::new();
        for number in 0..300 {
            all.push(held(&entry(&temp.path().join("tokens"), &number.to_string())).await);
        }
        assert!(all.iter().all(|held| held.0.is_some()));
    }
}
