//! Let in only who may.

mod path;
mod require;
mod rules;

pub use path::{Ambiguous, RequestPath, Segment, Segments};
pub use require::{Require, RequireError};
#[cfg(feature = "rules")]
pub use rules::RulesError;
pub use rules::{Gate, Methods, NoMethod, Pattern, PatternError, Rule, Rules, Ruling, Shadowed};
