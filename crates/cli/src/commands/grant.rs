//! `countersign grant`: what a client may have of an API.

use clap::{Args, Subcommand};
use countersign_proto::admin::{GrantBody, GrantPut};

use crate::admin::{InRealm, Reply, item};
use crate::failure::Failure;
use crate::output::{Output, Table};

/// Grants: which scopes of an API a client gets by default and may ask for
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Grant {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Set(Set),
    /// List the grants of a client
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign grant list svc --realm myorg")]
    List(OfClient),
    /// Show one grant
    #[command(after_help = "Examples:\n  countersign grant show svc https://orders.example --realm myorg")]
    Show(One),
    /// Take a grant from a client
    #[command(
        visible_alias = "rm",
        after_help = "Examples:
  countersign grant delete svc https://orders.example --realm myorg"
    )]
    Delete(One),
}

/// Give a client exactly these scopes of an API, in place of what it had there
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign grant set svc https://orders.example --realm myorg --scope orders:read \\
      --optional orders:write
  countersign grant set svc default --realm myorg")]
struct Set {
    #[command(flatten)]
    one: One,
    /// A scope that it gets by default; repeatable
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A scope that it may ask for besides; repeatable
    #[arg(long = "optional", value_name = "SCOPE")]
    optional: Vec<String>,
}

#[derive(Args, Debug)]
struct OfClient {
    /// The client
    client_id: String,
    #[command(flatten)]
    place: InRealm,
}

#[derive(Args, Debug)]
struct One {
    /// The client
    client_id: String,
    /// The API: its identifier, its id, `default` or `admin`
    api: String,
    #[command(flatten)]
    place: InRealm,
}

impl Grant {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Set(Set { one, scopes, optional }) => {
                let (admin, realm) = one.place.connect().await?;
                let path = ["realms", &realm, "clients", &one.client_id, "grants", &one.api];
                show(output, &admin.put(&path, &GrantPut { default: scopes, optional }).await?)
            }
            Verb::Show(one) => {
                let (admin, realm) = one.place.connect().await?;
                show(
                    output,
                    &admin.get(&["realms", &realm, "clients", &one.client_id, "grants", &one.api]).await?,
                )
            }
            Verb::List(of) => {
                let (admin, realm) = of.place.connect().await?;
                let page = admin.list(&["realms", &realm, "clients", &of.client_id, "grants"], None).await?;
                if output.is_json() {
                    return output.page(&page);
                }
                let grants: Result<Vec<GrantBody>, Failure> = page.items.iter().map(item).collect();
                output.table(&table(&grants?));
                Ok(())
            }
            Verb::Delete(one) => {
                let (admin, realm) = one.place.connect().await?;
                admin.delete(&["realms", &realm, "clients", &one.client_id, "grants", &one.api]).await?;
                output.note(&format!("'{}' has no grant on {} any more", one.client_id, one.api));
                Ok(())
            }
        }
    }
}

fn show(output: Output, reply: &Reply) -> Result<(), Failure> {
    if output.is_json() {
        output.body(&reply.body);
        return Ok(());
    }
    output.table(&table(&[reply.read()?]));
    Ok(())
}

pub(super) fn table(grants: &[GrantBody]) -> Table {
    let mut table = Table::new(["API", "SCOPES BY DEFAULT", "OPTIONAL SCOPES"]);
    for grant in grants {
        table.row([&grant.api, &grant.default.join(" "), &grant.optional.join(" ")]);
    }
    table
}

const EXAMPLES: &str = "\
Examples:
  countersign grant set svc https://orders.example --realm myorg --scope orders:read
  countersign grant list svc --realm myorg";
