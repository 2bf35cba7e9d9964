//! `countersign secret`: the secrets of a client, several at a time while one takes over from another.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use countersign_proto::admin::{NewSecret, SecretBody, SecretCreated};

use crate::admin::{InRealm, item};
use crate::context::secret_file;
use crate::failure::Failure;
use crate::first_start::SHOWN_ONCE;
use crate::moment::{from_now, rfc3339, span};
use crate::output::{Output, Table};

/// Secrets of a client: add the new one, move the caller over, delete the old one
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Secret {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Create(Create),
    /// List the secrets of a client: their ids and ages, never the secrets
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign secret list svc --realm myorg")]
    List(OfClient),
    /// Delete a secret; takes effect on the next request
    #[command(
        visible_alias = "rm",
        after_help = "Examples:
  countersign secret delete svc sec_0123456789abcdef0123 --realm myorg"
    )]
    Delete(Delete),
}

/// Add a secret; those that are there keep working
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign secret create svc --realm myorg
  countersign secret create svc --realm myorg --label 'from November' --expires-in 365d
  countersign secret create svc --realm myorg --secret-file new.secret")]
struct Create {
    /// The client
    client_id: String,
    /// A name for people
    #[arg(long)]
    label: Option<String>,
    /// It stops working after this span, such as 365d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    expires_in: Option<Duration>,
    /// A file with the secret, `-` for standard input; unless given, one is made
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    place: InRealm,
}

#[derive(Args, Debug)]
struct OfClient {
    /// The client
    client_id: String,
    #[command(flatten)]
    place: InRealm,
}

#[derive(Args, Debug)]
struct Delete {
    /// The client
    client_id: String,
    /// The secret's id, as `secret list` shows it
    id: String,
    #[command(flatten)]
    place: InRealm,
}

impl Secret {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Create(create) => create.run(output).await,
            Verb::List(of) => {
                let (admin, realm) = of.place.connect().await?;
                let page = admin.list(&["realms", &realm, "clients", &of.client_id, "secrets"], None).await?;
                if output.is_json() {
                    return output.page(&page);
                }
                let secrets: Result<Vec<SecretBody>, Failure> = page.items.iter().map(item).collect();
                output.table(&table(&secrets?));
                Ok(())
            }
            Verb::Delete(delete) => {
                let (admin, realm) = delete.place.connect().await?;
                admin
                    .delete(&["realms", &realm, "clients", &delete.client_id, "secrets", &delete.id])
                    .await?;
                output.note(&format!("secret {} of '{}' is deleted", delete.id, delete.client_id));
                Ok(())
            }
        }
    }
}

impl Create {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let secret = self.secret_file.as_deref().map(secret_file).transpose()?;
        let new = NewSecret {
            label: self.label,
            expires_at: self.expires_in.map(from_now),
            secret: secret.map(|secret| secret.expose().to_owned()),
        };
        let (admin, realm) = self.place.connect().await?;
        let reply = admin.post(&["realms", &realm, "clients", &self.client_id, "secrets"], &new).await?;
        if output.is_json() {
            output.body(&reply.body);
            return Ok(());
        }
        let created: SecretCreated = reply.read()?;
        let mut table = Table::of_one();
        table.row(["id", &created.id]);
        table.row(["secret", &format!("{}   {SHOWN_ONCE}", created.secret)]);
        table.row(["expires", &created.expires_at.map(rfc3339).unwrap_or_default()]);
        output.table(&table);
        if let Some(warning) = &created.warning {
            output.note(&format!("warning: {warning}"));
        }
        output.note(&format!(
            "the others keep working; once the caller has this one, delete them: countersign secret list {} --realm {realm}",
            self.client_id
        ));
        Ok(())
    }
}

pub(super) fn table(secrets: &[SecretBody]) -> Table {
    let mut table = Table::new(["SECRET", "LABEL", "CREATED", "EXPIRES", "LAST USED"]);
    for secret in secrets {
        table.row([
            &secret.id,
            secret.label.as_deref().unwrap_or_default(),
            &rfc3339(secret.created_at),
            &secret.expires_at.map(rfc3339).unwrap_or_default(),
            &secret.last_used_at.map(rfc3339).unwrap_or_default(),
        ]);
    }
    table
}

const EXAMPLES: &str = "\
Examples:
  countersign secret create svc --realm myorg
  countersign secret list svc --realm myorg
  countersign secret delete svc sec_0123456789abcdef0123 --realm myorg";
