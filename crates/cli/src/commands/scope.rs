//! `countersign api scope`: the named permissions of an API.

use clap::{Args, Subcommand};
use countersign_proto::admin::{ApiBody, Change, NewScope, ScopePatch};

use crate::admin::InRealm;
use crate::failure::Failure;
use crate::output::{Output, Table};

/// Scopes: the named permissions of an API
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Scope {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Add a scope to an API
    #[command(after_help = "Examples:
  countersign api scope add https://orders.example orders:refund --realm myorg \\
      --description 'Give money back'
  countersign api scope add default reports --realm myorg")]
    Add(Described),
    /// List the scopes of an API
    #[command(
        visible_alias = "ls",
        after_help = "Examples:
  countersign api scope list https://orders.example --realm myorg"
    )]
    List(OfApi),
    /// Describe a scope anew
    #[command(after_help = "Examples:
  countersign api scope update https://orders.example orders:refund --realm myorg \\
      --description 'Refund orders'")]
    Update(Described),
    /// Take a scope from an API and from all grants on it
    #[command(
        visible_alias = "rm",
        after_help = "Examples:
  countersign api scope delete https://orders.example orders:refund --realm myorg"
    )]
    Delete(One),
}

#[derive(Args, Debug)]
struct OfApi {
    /// The API: its identifier, its id, `default` or `admin`
    api: String,
    #[command(flatten)]
    place: InRealm,
}

#[derive(Args, Debug)]
struct One {
    /// The API: its identifier, its id, `default` or `admin`
    api: String,
    /// The scope
    scope: String,
    #[command(flatten)]
    place: InRealm,
}

#[derive(Args, Debug)]
struct Described {
    #[command(flatten)]
    one: One,
    /// What it permits, for people
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

impl Scope {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Add(Described { one, description }) => {
                let (admin, realm) = one.place.connect().await?;
                let new = NewScope { name: one.scope.clone(), description };
                let path = ["realms", &realm, "apis", &one.api, "scopes"];
                let reply = admin.post(&path, &new).await?;
                done(output, &reply.body, &format!("scope '{}' is added to {}", one.scope, one.api));
            }
            Verb::Update(Described { one, description }) => {
                let (admin, realm) = one.place.connect().await?;
                let patch = ScopePatch { description: Change::Set(description) };
                let path = ["realms", &realm, "apis", &one.api, "scopes", &one.scope];
                let reply = admin.patch(&path, &patch).await?;
                done(output, &reply.body, &format!("scope '{}' is changed", one.scope));
            }
            Verb::Delete(one) => {
                let (admin, realm) = one.place.connect().await?;
                admin.delete(&["realms", &realm, "apis", &one.api, "scopes", &one.scope]).await?;
                output.note(&format!("scope '{}' is deleted", one.scope));
            }
            Verb::List(of) => {
                let (admin, realm) = of.place.connect().await?;
                let api: ApiBody = admin.get(&["realms", &realm, "apis", &of.api]).await?.read()?;
                if output.is_json() {
                    output.body(&serde_json::to_vec(&api.scopes).map_err(Failure::new)?);
                    return Ok(());
                }
                let mut table = Table::new(["SCOPE", "DESCRIPTION"]);
                for scope in &api.scopes {
                    table.row([&scope.name, &scope.description]);
                }
                output.table(&table);
            }
        }
        Ok(())
    }
}

fn done(output: Output, body: &[u8], said: &str) {
    if output.is_json() { output.body(body) } else { output.text(said) }
}

const EXAMPLES: &str = "\
Examples:
  countersign api scope add https://orders.example orders:refund --realm myorg
  countersign api scope list https://orders.example --realm myorg";
