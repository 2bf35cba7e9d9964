//! Removes what a folder of tokens no longer needs.

use std::fs::{self, DirEntry};
use std::path::Path;
use std::time::UNIX_EPOCH;

use countersign_proto::time::UnixTime;

use super::{KEY, MAX_FILE, Stored, TOKEN, private};

/// Removes tokens that have expired, what is not a token and has a token's name, and files that were never finished or
/// are for proof keys of long ago; what cannot be removed stays.
pub(super) fn sweep(folder: &Path, now: UnixTime) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.take(MAX_LOOKED_AT).flatten() {
        if is_dead(&entry, now) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_dead(entry: &DirEntry, now: UnixTime) -> bool {
    let path = entry.path();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some(TOKEN) => {
            let stored = private::read(&path, MAX_FILE).ok();
            stored.and_then(|text| Stored::read(&text, None)).is_none_or(|stored| stored.until <= now)
        }
        Some(private::UNFINISHED) => age(entry, now) > UNFINISHED_FOR,
        // a process that has it in memory goes on with it
        Some(KEY) => age(entry, now) > KEY_FOR,
        _ => false,
    }
}

/// Seconds since it was written; 0 where that is not known.
fn age(entry: &DirEntry, now: UnixTime) -> i64 {
    let written = entry.metadata().and_then(|found| found.modified()).ok();
    let written = written.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let written = written.and_then(|since| i64::try_from(since.as_secs()).ok());
    written.map_or(0, |written| now.since(UnixTime(written)))
}

/// Files that one sweep looks at.
const MAX_LOOKED_AT: usize = 1_000;
const UNFINISHED_FOR: i64 = 60 * 60;
/// Seconds after which a proof key gives way to a new one.
const KEY_FOR: i64 = 30 * 24 * 60 * 60;
