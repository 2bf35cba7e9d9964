//! All commands: one file each.

mod agent;
mod api;
mod audit;
mod call;
mod change;
mod client;
mod completions;
mod config;
mod context;
mod demo;
mod exec;
mod grant;
mod guard;
mod health;
mod inspect;
mod key;
mod pasted;
mod realm;
mod root;
mod scope;
mod secret;
mod serve;
mod steps;
mod sure;
mod token;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::failure::Failure;
use crate::output::{Asked, Format, FormatParser, Output};

/// Machine-to-machine authorization: a server for OAuth 2.0 client credentials, and what administers it
#[derive(Parser, Debug)]
#[command(name = "countersign", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// How to answer [default: text]
    #[arg(long, short, global = true, value_name = "FORMAT", value_parser = FormatParser, help_heading = "Output")]
    output: Option<Asked>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// How to answer.
    pub(crate) fn format(&self) -> Result<Format, clap::Error> {
        match (&self.command, &self.output) {
            // its answer is the API's, and `--output` is where that goes, as curl has it
            (Command::Call(_), _) | (_, None) => Ok(Format::default()),
            (_, Some(asked)) => asked.format(&Self::command()),
        }
    }
}

/// What there is to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Root(root::Root),
    Realm(realm::Realm),
    Api(api::Api),
    Client(client::Client),
    Grant(grant::Grant),
    Secret(secret::Secret),
    Key(key::Key),
    Audit(audit::Audit),
    Guard(guard::Guard),
    Token(Box<token::Token>),
    Call(Box<call::Call>),
    Exec(Box<exec::Exec>),
    Agent(agent::Agent),
    Inspect(inspect::Inspect),
    Context(context::Context),
    Config(config::Config),
    Health(health::Health),
    Completions(completions::Completions),
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, output: Output) -> Result<ExitCode, Failure> {
        match self {
            Self::Serve(command) => on_one(command.run(output)),
            Self::Demo(command) => on_one(command.run(output)),
            Self::Root(command) => on_one(command.run(output)),
            Self::Realm(command) => on_one(command.run(output)),
            Self::Api(command) => on_one(command.run(output)),
            Self::Client(command) => on_one(command.run(output)),
            Self::Grant(command) => on_one(command.run(output)),
            Self::Secret(command) => on_one(command.run(output)),
            Self::Key(command) => on_one(command.run(output)),
            Self::Audit(command) => on_one(command.run(output)),
            Self::Guard(command) => on_one(command.run(output)),
            Self::Agent(command) => on_one(command.run(output)),
            Self::Token(command) => on_one(command.run(output)),
            Self::Call(command) => on_one(command.run(output)),
            Self::Exec(command) => on_one(command.run(output)),
            Self::Inspect(command) => on_one(command.run(output)),
            Self::Health(command) => on_one(command.run(output)),
            Self::Context(command) => command.run(output).map(|()| ExitCode::SUCCESS),
            Self::Config(command) => command.run(output).map(|()| ExitCode::SUCCESS),
            Self::Completions(command) => {
                command.run(output);
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// What a command may end with: nothing to say, or a code of its own.
trait Ends {
    fn code(self) -> ExitCode;
}

impl Ends for () {
    fn code(self) -> ExitCode {
        ExitCode::SUCCESS
    }
}

impl Ends for ExitCode {
    fn code(self) -> ExitCode {
        self
    }
}

/// A server's connections have threads of their own; what runs here is its operation.
fn on_one<T: Ends>(work: impl Future<Output = Result<T, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::new)?;
    runtime.block_on(work).map(Ends::code)
}

const EXAMPLES: &str = "\
Examples:
  countersign serve                     start a server; the first start says what to do next
  countersign demo                      watch the whole story against a server that is thrown away
  countersign realm create myorg
  countersign token --realm myorg --client-id svc --client-secret-file svc.secret
  countersign call GET https://orders.example/1 --context svc
  countersign exec --context svc -- ./report --daily";

#[cfg(test)]
mod tests;
