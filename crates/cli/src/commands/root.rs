//! `countersign root`: the root client, offline.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::failure::{Failure, with_causes};
use crate::flags::Flags;
use crate::output::{Output, program};
use crate::wire;

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
    #[command(after_help = RESET_EXAMPLES)]
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
        let issuer = wire::offline(&config).await?;
        let root = issuer.reset_root().await.map_err(|error| Failure::new(with_causes(&error)))?;
        wire::close(&issuer).await;
        let secret = root.secret.as_ref().map(|secret| secret.expose()).unwrap_or_default();
        if output.is_json() {
            output.text(&json!({ "client_id": root.client_id, "secret": secret }).to_string());
        } else {
            output.text(&format!(
                "  client id   {}\n  secret      {secret}   (shown once; it is not kept)\n\nStart the server, then:\n\n  \
                 {} context add local --server {} --client-id {} --client-secret-file -\n",
                root.client_id,
                program(),
                issuer.settings().public_url,
                root.client_id
            ));
        }
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign root reset --data ./countersign-data";

const RESET_EXAMPLES: &str = "\
Examples:
  countersign root reset --data ./countersign-data
  countersign root reset --database postgres://db.internal/countersign \\
      --keys /etc/countersign/keys";
