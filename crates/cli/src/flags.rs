//! The flags of `serve` and `config`: one for each setting of the table, so that neither can forget one.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use countersign_server::config::{Config, ConfigError, Layers, Setting, settings};

use crate::environment;
use crate::failure::Failure;

/// What the command line gave for settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    file: Option<PathBuf>,
    given: Vec<(&'static Setting, Vec<String>)>,
}

impl Flags {
    /// All layers: defaults, file, environment, flags.
    ///
    /// Variables that nobody here knows are warned about through `warn`.
    pub(crate) fn layers(&self, mut warn: impl FnMut(&str)) -> Result<Layers, Failure> {
        let mut layers = Layers::default();
        let from_environment = || environment::text(CONFIG).map(PathBuf::from);
        if let Some(path) = self.file.clone().or_else(from_environment) {
            layers.file(&path, &read(&path)?)?;
        }
        for strange in layers.environment(environment::all(), environment::OTHERS)? {
            warn(&format!("the environment variable {strange} means nothing here"));
        }
        for (setting, values) in &self.given {
            layers.flag(setting, values.clone());
        }
        Ok(layers)
    }

    /// The configuration that all layers make.
    pub(crate) fn config(&self, warn: impl FnMut(&str)) -> Result<Config, Failure> {
        Ok(Config::read(&self.layers(warn)?)?)
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(FILE)
            .long(FILE)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help(format!("Reads settings from this TOML file [env: {CONFIG}]"));
        command.arg(file).args(settings().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.file = matches.get_one::<PathBuf>(FILE).cloned();
        self.given = settings()
            .filter_map(|setting| {
                let values = matches.get_many::<String>(setting.key)?;
                Some((setting, values.cloned().collect()))
            })
            .collect();
        Ok(())
    }
}

fn argument(setting: &'static Setting) -> Arg {
    let default = match setting.default {
        "" | "false" => String::new(),
        default => format!(" [default: {default}]"),
    };
    let arg = Arg::new(setting.key).long(setting.flag()).help(format!(
        "{}{default} [env: {}]",
        setting.doc.trim_end_matches('.'),
        setting.env()
    ));
    if setting.is_switch() {
        // a bare flag switches on; `--flag=false` switches off what the file switched on
        arg.action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("BOOL")
            .default_missing_value("true")
    } else {
        let action = if setting.many { ArgAction::Append } else { ArgAction::Set };
        arg.value_name(setting.takes).action(action)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    crate::private_file::read(path, MAX_FILE)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

const FILE: &str = "config";
const CONFIG: &str = "COUNTERSIGN_CONFIG";
const MAX_FILE: u64 = 1 << 20;
