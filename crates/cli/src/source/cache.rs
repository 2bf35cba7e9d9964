//! Where tokens are kept from one run to the next.

use std::path::PathBuf;

use clap::Args;
use countersign_client::{Builder, TokenCache};

use crate::environment;
use crate::output::note;

/// Whether tokens are kept.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Token")]
pub(super) struct CacheFlags {
    /// Ask the server in any case, and keep nothing on disk
    #[arg(long)]
    no_cache: bool,
}

impl CacheFlags {
    /// Has tokens kept on disk, unless that is not wanted; where it is not possible, that is said and it goes without.
    pub(super) fn apply(self, tokens: Builder) -> Builder {
        if self.no_cache {
            return tokens;
        }
        let no_place = || "neither HOME nor XDG_CACHE_HOME is set".to_owned();
        let cache = folder().ok_or_else(no_place).and_then(|folder| {
            let folder = folder.join("countersign");
            TokenCache::on_disk(folder).map_err(|error| error.to_string())
        });
        match cache {
            Ok(cache) => tokens.cache(cache),
            Err(why) => {
                note(&format!(
                    "warning: the token is not kept for the next run: {why}\n  next: --no-cache does without"
                ));
                tokens
            }
        }
    }

    /// Whether tokens, and the keys that they are bound to, are to be kept.
    pub(super) const fn is_wanted(self) -> bool {
        !self.no_cache
    }
}

/// The user's folder for what can be had again.
fn folder() -> Option<PathBuf> {
    let home = || environment::text("HOME").map(PathBuf::from);
    let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    environment::text("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute()) // relative ones are invalid, says its specification
        .or_else(|| home().map(|home| home.join(usual)))
}
