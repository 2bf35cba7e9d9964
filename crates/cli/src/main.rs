//! `countersign`: the server, and the command line that administers it and takes tokens.

mod admin;
mod commands;
mod context;
mod environment;
mod failure;
mod first_start;
mod flags;
mod keys_file;
mod logs;
mod moment;
mod output;
mod private_file;
mod slip;
mod snippet;
mod source;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Cli;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { format: cli.format().unwrap_or_else(|error| error.exit()) };
    let lost = || match output::lost() {
        Some(why) => Err(Failure::new(format!("standard output could not be written: {why}"))),
        None => Ok(()),
    };
    match cli.command.run(output).and_then(|code| lost().map(|()| code)) {
        Ok(code) => code,
        Err(failure) => {
            output.note(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
