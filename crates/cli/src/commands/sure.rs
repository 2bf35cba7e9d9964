//! What cannot be undone is asked about, where a person can answer.

use clap::Args;

use crate::failure::Failure;
use crate::output::{is_confirmed, is_conversation};

/// Whether to ask.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Sure {
    /// Do not ask; without a terminal nothing is asked either
    #[arg(long, short)]
    yes: bool,
}

impl Sure {
    /// Asks whether `what` shall be deleted, where standard input and output are terminals.
    pub(super) fn to_delete(self, what: &str) -> Result<(), Failure> {
        if self.yes || !is_conversation() || is_confirmed(&format!("Delete {what}?")) {
            return Ok(());
        }
        Err(Failure::new("nothing was deleted").next("answer y, or say --yes"))
    }
}
