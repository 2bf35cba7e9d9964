//! Removes what a folder of tokens no longer needs.

use std::fs::{self, DirEntry, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

use countersign_proto::time::UnixTime;

use super::{FAILED, KEY, LOCK, MAX_FILE, Stored, TOKEN, private};

/// Once an hour: removes tokens that have expired and locks that are nobody's, and by their age failures, files that were
/// never finished and proof keys of long ago. What cannot be read or removed stays.
pub(super) fn sweep(folder: &Path, now: UnixTime) {
    let swept = folder.join(SWEPT);
    let last = fs::symlink_metadata(&swept).ok().and_then(|found| age(&found, now));
    if last.is_some_and(|age| (0..EVERY).contains(&age)) || private::replace(&swept, "").is_err() {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    entries.take(MAX_LOOKED_AT).flatten().for_each(|entry| look(&entry, now));
}

fn look(entry: &DirEntry, now: UnixTime) {
    let path = entry.path();
    let is_older =
        |seconds| entry.metadata().ok().and_then(|found| age(&found, now)).is_some_and(|age| age > seconds);
    let is_dead = match path.extension().and_then(|ending| ending.to_str()) {
        Some(TOKEN | LOCK) => return unlock(&path, now),
        Some(private::UNFINISHED | FAILED) => is_older(UNFINISHED_FOR),
        // a process that has it in memory goes on with it
        Some(KEY) => is_older(KEY_FOR),
        _ => false,
    };
    if is_dead {
        let _ = fs::remove_file(&path);
    }
}

/// Removes a token that has expired, and the lock of what is no good token, while no other process is at it.
fn unlock(path: &Path, now: UnixTime) {
    let (token, lock) = (path.with_extension(TOKEN), path.with_extension(LOCK));
    let Ok(_held) = private::lock(&lock) else { return };
    let stored = private::read(&token, MAX_FILE).ok().and_then(|text| Stored::read(&text, None));
    let is_good = stored.map(|stored| stored.until > now);
    if is_good == Some(false) {
        let _ = fs::remove_file(&token);
    }
    // who waits for it finds that it is no longer the one of this name; elsewhere that cannot be seen, and it stays
    if cfg!(unix) && is_good != Some(true) {
        let _ = fs::remove_file(&lock);
    }
}

/// Seconds since it was written, where that is known.
fn age(found: &Metadata, now: UnixTime) -> Option<i64> {
    let written = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(now.since(UnixTime(i64::try_from(written.as_secs()).ok()?)))
}

/// The file whose age tells when was swept last.
const SWEPT: &str = "swept";
/// Seconds from one sweep to the next.
const EVERY: i64 = 60 * 60;
/// Files that one sweep looks at.
const MAX_LOOKED_AT: usize = 20_000;
const UNFINISHED_FOR: i64 = 60 * 60;
/// Seconds after which a proof key gives way to a new one.
const KEY_FOR: i64 = 30 * 24 * 60 * 60;
