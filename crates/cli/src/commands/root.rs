//! `countersign root`: the root client, offline.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use countersign_issuer::issuer::Root as RootClient;
use serde_json::json;

use crate::context::Contexts;
use crate::failure::{Failure, with_causes};
use crate::flags::Flags;
use crate::output::{self, Output, program, shell};
use crate::{first_start, private_file, wire};

/// The root client, beside the database of a stopped server
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Root {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Make a new secret for the root client; all its others stop working
    #[command(after_help = RESET_EXAMPLES, long_about = RESET_LONG)]
    Reset(Flags),
}

impl Root {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let Verb::Reset(flags) = self.verb;
        let config = flags.config(|warning| output.note(&format!("warning: {warning}")))?;
        let database = wire::database(&config)?;
        // to open a database that is not there would make one, with a root of its own
        if matches!(database, countersign_store::DatabaseUrl::Sqlite(_)) && wire::may_be_new(&database) {
            return Err(Failure::new(format!("there is no database at {database}"))
                .next("name the server's data folder with --data DIR, or its database with --database URL"));
        }
        let data = std::path::absolute(&config.storage.data).map_err(Failure::new)?;
        let issuer = wire::offline(&config).await?;
        let root = issuer.reset_root().await.map_err(|error| Failure::new(with_causes(&error)))?;
        wire::close(&issuer).await;
        tell(&root, &data, &issuer.settings().public_url, output)
    }
}

/// Tells the secret as a first start does: on a terminal alone, else in a file; and puts it into the contexts that knew
/// the one before.
fn tell(root: &RootClient, data: &Path, server: &str, output: Output) -> Result<(), Failure> {
    let secret = root.secret.as_ref().map(|secret| secret.expose()).unwrap_or_default();
    let id = &root.client_id;
    let renewed = renew(data, server, id, secret);
    let (shown, file) = if output::is_terminal() && !output.is_json() {
        // what an earlier start or reset wrote there is dead now
        let _ = fs::remove_file(first_start::secret_file(data));
        (format!("  secret      {secret}   {}\n", first_start::SHOWN_ONCE), None)
    } else {
        let path = keep(data, id, secret)?;
        (first_start::kept_in(&path), Some(path))
    };
    if output.is_json() {
        let names = renewed.as_deref().unwrap_or_default();
        let told = json!({ "client_id": id, "root_secret_file": file, "contexts": names });
        output.text(&told.to_string());
        return renewed.map(drop);
    }
    let next = match renewed.as_deref() {
        Ok([]) => by_hand(server, id, file.as_deref()),
        Ok(names) => names.iter().fold(String::new(), |text, name| {
            format!(
                "{text}  context     '{name}' has it: commands that use it work once the server is started\n"
            )
        }),
        Err(failure) => {
            format!("  context     not changed: {failure}\n{}", by_hand(server, id, file.as_deref()))
        }
    };
    output.text(&format!("  client id   {id}\n{shown}{next}"));
    Ok(())
}

fn renew(data: &Path, server: &str, client_id: &str, secret: &str) -> Result<Vec<String>, Failure> {
    // Nothing is written where there is nothing to renew.
    if Contexts::load()?.renew_root(data, server, client_id, secret).is_empty() {
        return Ok(Vec::new());
    }
    Ok(Contexts::change(|contexts| Ok(contexts.renew_root(data, server, client_id, secret)))?.0)
}

fn keep(data: &Path, client_id: &str, secret: &str) -> Result<PathBuf, Failure> {
    private_file::folder(data).and_then(|()| first_start::keep(data, client_id, secret)).map_err(|error| {
        Failure::new(format!("the new secret could not be written into {}: {error}", data.display()))
            .next("let this user write there, or run it on a terminal; the reset is to be repeated")
    })
}

/// How commands get the secret where no context could be given it.
fn by_hand(server: &str, client_id: &str, file: Option<&Path>) -> String {
    let add = format!(
        "{} context add local --server {} --client-id {} --client-secret-file -",
        program(),
        shell(server),
        shell(client_id)
    );
    match file {
        Some(file) => format!(
            "\nStart the server, then (with its URL, if it is another):\n\n  \
             sed -n 's/^COUNTERSIGN_ROOT_CLIENT_SECRET=//p' {} | {add}\n",
            shell(&file.display().to_string())
        ),
        None => format!(
            "\nStart the server, then (with its URL, if it is another), and paste the secret as its input:\n\n  {add}\n"
        ),
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign root reset --data ./countersign-data";

const RESET_LONG: &str = "\
Make a new secret for the root client; all its others stop working.

On a terminal the secret is shown; else it is written to `root-client` (0600) in the data folder, whose path is printed. \
Contexts that a server of this data folder saved get it too.";

const RESET_EXAMPLES: &str = "\
Examples:
  countersign root reset --data ./countersign-data
  countersign root reset --database postgres://db.internal/countersign \\
      --keys /etc/countersign/keys";
