//! `--output`: a format for most commands, and for `call` a file, as curl has it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error, ValueEnum};

use super::Format;

/// What `--output` said; the command decides what that means.
#[derive(Clone, Debug)]
pub(crate) struct Asked(OsString);

impl Asked {
    /// As the format of an answer.
    pub(crate) fn format(&self, command: &Command) -> Result<Format, Error> {
        Format::from_str(&self.0.to_string_lossy(), false).map_err(|_| {
            let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let known = possible().map(|value| value.get_name().to_owned()).collect();
            for (kind, value) in [
                (ContextKind::InvalidArg, ContextValue::String("--output <FORMAT>".to_owned())),
                (ContextKind::InvalidValue, ContextValue::String(self.0.to_string_lossy().into_owned())),
                (ContextKind::ValidValue, ContextValue::Strings(known)),
            ] {
                error.insert(kind, value);
            }
            error
        })
    }

    /// As a file, `None` for standard output.
    pub(crate) fn file(self) -> Option<PathBuf> {
        Some(PathBuf::from(self.0)).filter(|path| path.as_os_str() != "-")
    }
}

/// Takes any text, and shows the formats.
#[derive(Clone)]
pub(crate) struct FormatParser;

impl TypedValueParser for FormatParser {
    type Value = Asked;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Asked, Error> {
        Ok(Asked(value.to_owned()))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(possible()))
    }
}

/// Takes any path.
#[derive(Clone)]
pub(crate) struct FileParser;

impl TypedValueParser for FileParser {
    type Value = Asked;

    fn parse_ref(&self, _: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Asked, Error> {
        Ok(Asked(value.to_owned()))
    }
}

fn possible() -> impl Iterator<Item = PossibleValue> {
    Format::value_variants().iter().filter_map(ValueEnum::to_possible_value)
}
