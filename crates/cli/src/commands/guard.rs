//! `countersign guard`: let in only who may, for services in any language.

mod check;
mod demands;
mod file;
mod forward_auth;
mod given;
mod issuers;
mod ops;
mod place;
mod proxy;
mod serving;
mod trust;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use countersign_guard::{Rules, Verifier};

use crate::failure::Failure;
use crate::output::Output;

/// Protect an API: let in only requests with the right token
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Guard {
    #[command(subcommand)]
    command: GuardCommand,
}

#[derive(Subcommand, Debug)]
enum GuardCommand {
    Proxy(Box<proxy::Proxy>),
    ForwardAuth(Box<forward_auth::ForwardAuth>),
    Check(Box<check::Check>),
}

impl Guard {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        match self.command {
            GuardCommand::Proxy(command) => command.run(output).await.map(|()| ExitCode::SUCCESS),
            GuardCommand::ForwardAuth(command) => command.run(output).await.map(|()| ExitCode::SUCCESS),
            GuardCommand::Check(command) => command.run(output).await,
        }
    }
}

/// A rule that names an issuer that nobody trusts would refuse everybody, silently.
fn judge_rules(rules: &Rules, verifier: &Verifier) -> Result<(), Failure> {
    match rules.issuers().find(|issuer| !verifier.trusts(issuer)) {
        None => Ok(()),
        Some(issuer) => {
            Err(Failure::new(format!("a rule names the issuer {issuer}, whose tokens are not taken"))
                .next("add it as [[issuer]] in the file of --config, or compare the spelling"))
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign guard proxy --issuer http://localhost:8080/realms/myorg \\
      --audience https://orders.example --upstream http://127.0.0.1:3000
  countersign guard forward-auth --issuer https://id.example/realms/myorg \\
      --audience https://orders.example --trust-forwarded original --rules rules.toml
  countersign token --context svc | countersign guard check - \\
      --issuer http://localhost:8080/realms/myorg --audience https://orders.example";
