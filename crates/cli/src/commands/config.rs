//! `countersign config`: what can be set, what is set, and whether it is good.

use clap::{Args, Subcommand};
use countersign_listen::tls::{Files, Tls};
use countersign_server::config::{self, reference};
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::flags::Flags;
use crate::output::Output;
use crate::{environment, wire};

/// The configuration of the server
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say whether the configuration is good, and exit with 1 when it is not
    #[command(after_help = "Examples:\n  countersign config check --config countersign.toml")]
    Check(Flags),
    /// Print what is in effect, as TOML, and where each value comes from
    #[command(after_help = "Examples:
  countersign config print
  countersign config print --config countersign.toml --output json")]
    Print(Flags),
    /// Print the reference of all settings, as Markdown
    #[command(after_help = "Examples:\n  countersign config reference > docs/configuration.md")]
    Reference,
}

impl Config {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let warn = |warning: &str| output.note(&format!("warning: {warning}"));
        match self.verb {
            Verb::Check(flags) => {
                let config = flags.config(warn)?;
                wire::database(&config)?;
                if let Some(root) = environment::root()?.filter(|root| root.secret.is_short()) {
                    warn(&root.short());
                }
                if let config::Tls::Files { cert, key } = &config.tls {
                    Tls::load(Files { cert: cert.clone(), key: key.clone() })?;
                }
                output.text("the configuration is good");
            }
            Verb::Print(flags) => {
                let layers = flags.layers(warn)?;
                // printed also when it is not good: then it is wanted most
                output.text(&if output.is_json() { as_json(&layers) } else { reference::effective(&layers) });
                config::Config::read(&layers)?;
            }
            Verb::Reference => output.text(&reference::markdown()),
        }
        Ok(())
    }
}

fn as_json(layers: &config::Layers) -> String {
    let setting = |setting: &'static config::Setting| {
        let given = layers.get(setting);
        let values = reference::shown(setting, &given);
        let value = if setting.many { json!(values) } else { json!(values.first()) };
        (setting.key.to_owned(), json!({ "value": value, "from": given.origin.to_string() }))
    };
    Value::Object(config::settings().map(setting).collect::<Map<_, _>>()).to_string()
}

const EXAMPLES: &str = "\
Examples:
  countersign config check --config countersign.toml
  countersign config print
  countersign config reference";
