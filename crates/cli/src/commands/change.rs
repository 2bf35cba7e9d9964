//! How `update` commands say a merge patch: a flag sets a member, `--unset` takes it back to its default.

use clap::Args;
use countersign_proto::admin::Change;

/// Switches something on or off.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Enabling {
    /// Switch it on
    #[arg(long, conflicts_with = "disable")]
    enable: bool,
    /// Switch it off; takes effect on the next request
    #[arg(long)]
    disable: bool,
}

impl Enabling {
    /// What is said of `enabled`.
    pub(super) fn change(self) -> Change<bool> {
        match (self.enable, self.disable) {
            (true, _) => Change::Set(true),
            (_, true) => Change::Set(false),
            _ => Change::Keep,
        }
    }
}

/// What is said of the member `name`: set, taken away, or nothing.
pub(super) fn change<T>(value: Option<T>, name: &str, unset: &[String]) -> Change<T> {
    match value {
        Some(value) => Change::Set(value),
        None if unset.iter().any(|member| member == name) => Change::Clear,
        None => Change::Keep,
    }
}

/// As [`change`], for a list that is replaced as a whole.
pub(super) fn change_list<T>(values: Vec<T>, name: &str, unset: &[String]) -> Change<Vec<T>> {
    change(Some(values).filter(|values| !values.is_empty()), name, unset)
}
