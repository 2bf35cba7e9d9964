//! `countersign exec`: a program that finds a token in its environment, and one that stays fresh in a file.

mod fresh;
mod signals;
mod token_file;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use clap::Args;
use countersign_client::Token;
use tokio::process::{Child, Command};

use crate::environment::{self, TOKEN, TOKEN_FILE};
use crate::failure::Failure;
use crate::output::Output;
use crate::source::SourceFlags;
use fresh::Fresh;
use signals::Signals;
use token_file::TokenFile;

/// Run a program that finds a token in its environment and a fresh one in a file
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Exec {
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
    #[command(flatten)]
    source: SourceFlags,
}

impl Exec {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        // first of all: a signal while the token is on its way must end this too, and leave nothing behind
        let mut signals = Signals::catch().map_err(Failure::new)?;
        let chosen = self.source.choose_to_hand_on()?;
        let blame = chosen.blame();
        let secrets = chosen.secret_variables.clone();
        let tokens = chosen.build()?;
        let token = tokio::select! {
            token = tokens.token() => token.map_err(|error| blame.of(&error))?,
            signal = signals.next_to_end() => return Ok(ended_by(signal.as_raw())),
        };
        let file = TokenFile::create(&token)?;
        let mut child = match self.spawn(&token, &file, &secrets) {
            Ok(child) => child,
            Err(error) => return Ok(self.not_started(&error, output)),
        };
        let fresh = Fresh { tokens, file: &file, blame, output };
        let mut renewals = Box::pin(fresh.keep(token));
        loop {
            tokio::select! {
                status = child.wait() => return status.map(code_of).map_err(Failure::new),
                signal = signals.next() => signals::forward(signal, &child),
                never = &mut renewals => match never {},
            }
        }
    }

    fn spawn(&self, token: &Token, file: &TokenFile, secrets: &[String]) -> std::io::Result<Child> {
        let (program, arguments) = self.command.split_first().ok_or(ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments);
        for name in secrets.iter().cloned().chain(environment::secrets()) {
            command.env_remove(name);
        }
        command.env(TOKEN, token.expose()).env(TOKEN_FILE, file.path()).spawn()
    }

    /// As shells have it: 127 for a program that is not there, 126 for one that cannot be run.
    fn not_started(&self, error: &std::io::Error, output: Output) -> ExitCode {
        let program = self.command.first().map(|program| program.display().to_string()).unwrap_or_default();
        output.note(&Failure::new(format!("cannot run {program}: {error}")).to_string());
        ExitCode::from(if error.kind() == ErrorKind::NotFound { 127 } else { 126 })
    }
}

/// The program's own code, or 128 and the number of the signal that ended it.
fn code_of(status: ExitStatus) -> ExitCode {
    match (status.code(), status.signal()) {
        (Some(code), _) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, Some(signal)) => ended_by(signal),
        (None, None) => ExitCode::FAILURE,
    }
}

fn ended_by(signal: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + signal).unwrap_or(u8::MAX))
}

const LONG: &str = "\
Run a program with a token. It finds the token of its start in COUNTERSIGN_TOKEN, and a token that is good for now in the \
file that COUNTERSIGN_TOKEN_FILE names: read the file for each request, and nothing else is to be done. The file is \
replaced as a whole before the token in it expires; it holds the token and no newline, nobody else can read it, and it is \
gone when the program has ended. (Only after `kill -9` of this command does its folder countersign-… stay behind.)

The program inherits no variable that we read a secret from: neither that of this client nor those of a server. Signals are passed to it (real-time ones are not), and those \
that were ignored at the start stay so, as under nohup. Its exit code is passed on: a program that a signal ended \
gives 128 and the signal's number, one that is not found 127, one that cannot be run 126. Without a first token the program is not started, and the code is 1. With --dpop its token is of use to programs \
that run `countersign call --dpop`.";

const EXAMPLES: &str = "\
Examples:
  countersign exec --context svc -- ./report --daily
  countersign exec --context svc --scope orders:read -- sh -c \\
      'printf \"Authorization: Bearer %s\" \"$(cat \"$COUNTERSIGN_TOKEN_FILE\")\" |
          curl -H @- https://orders.example/1'
  countersign exec --issuer https://auth.example.com/realms/myorg --client-id svc \\
      --client-secret-file svc.secret --resource https://orders.example -- python3 worker.py";
