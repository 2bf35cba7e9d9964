//! `countersign client`: registered callers.

mod create;

use clap::{Args, Subcommand};
use countersign_proto::admin::{ClientBody, ClientPatch};

use super::change::{Enabling, change, change_list};
use super::realm::yes;
use super::sure::Sure;
use crate::admin::{InRealm, Reply, count, item};
use crate::failure::Failure;
use crate::moment::{from_now, length, rfc3339, span};
use crate::output::{Output, Table};

/// Clients: registered callers, each with secrets and grants
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Client {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Create(Box<create::Create>),
    List(List),
    /// Show one client with its secrets and grants
    #[command(after_help = "Examples:\n  countersign client show svc --realm myorg")]
    Show(One),
    Update(Box<Update>),
    Delete(Delete),
}

#[derive(Args, Debug)]
struct One {
    /// The client
    client_id: String,
    #[command(flatten)]
    place: InRealm,
}

/// Delete a client; its tokens live on until they expire
#[derive(Args, Debug)]
#[command(
    visible_alias = "rm",
    after_help = "Examples:
  countersign client delete svc --realm myorg
  countersign client delete svc --realm myorg --yes"
)]
struct Delete {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    sure: Sure,
}

/// List the clients of a realm
#[derive(Args, Debug)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:
  countersign client list --realm myorg
  countersign client list --realm myorg --limit 20"
)]
struct List {
    /// At most so many; unless given, all
    #[arg(long, value_name = "COUNT", value_parser = count)]
    limit: Option<usize>,
    #[command(flatten)]
    place: InRealm,
}

/// Change a client
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign client update svc --realm myorg --disable
  countersign client update svc --realm myorg --expires-in 90d
  countersign client update svc --realm myorg --allow 10.0.0.0/8 --allow 192.0.2.7/32
  countersign client update svc --realm myorg --unset allowed_cidrs")]
struct Update {
    /// The client
    client_id: String,
    /// A name for people
    #[arg(long)]
    name: Option<String>,
    /// What it is, for people
    #[arg(long)]
    description: Option<String>,
    /// It gets no tokens any more after this span, such as 90d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    expires_in: Option<std::time::Duration>,
    /// The API that is meant when a request names none
    #[arg(long, value_name = "API")]
    default_api: Option<String>,
    /// The only method that it may use: `client_secret_basic` or `client_secret_post`
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Networks that it may call from, all of them; repeatable
    #[arg(long = "allow", value_name = "CIDR")]
    allowed_cidrs: Vec<String>,
    /// How long its tokens live, in seconds
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// A claim that stands in all its tokens; others stay, and NAME=null takes one away; repeatable
    #[arg(long = "claim", value_name = "NAME=JSON", value_parser = create::claim)]
    claims: Vec<(String, serde_json::Value)>,
    #[command(flatten)]
    enabling: Enabling,
    /// Take a member back to its default; repeatable
    #[arg(long, value_name = "MEMBER",
          value_parser = ["name", "description", "expires_at", "default_api", "token_endpoint_auth_method",
                          "allowed_cidrs", "token_lifetime", "claims"])]
    unset: Vec<String>,
    #[command(flatten)]
    place: InRealm,
}

impl Client {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Create(create) => create.run(output).await,
            Verb::List(list) => list.run(output).await,
            Verb::Show(one) => {
                let (admin, realm) = one.place.connect().await?;
                show(output, &admin.get(&["realms", &realm, "clients", &one.client_id]).await?)
            }
            Verb::Update(update) => update.run(output).await,
            Verb::Delete(Delete { one, sure }) => {
                let (admin, realm) = one.place.connect().await?;
                sure.to_delete(&format!("the client '{}' of the realm '{realm}'", one.client_id))?;
                admin.delete(&["realms", &realm, "clients", &one.client_id]).await?;
                output.note(&format!("client '{}' is deleted", one.client_id));
                Ok(())
            }
        }
    }
}

impl List {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let (admin, realm) = self.place.connect().await?;
        let page = admin.list(&["realms", &realm, "clients"], self.limit).await?;
        if output.is_json() {
            return output.page(&page);
        }
        let mut table = Table::new(["CLIENT", "NAME", "ENABLED", "SECRETS", "GRANTS", "CREATED"]);
        for value in &page.items {
            let client: ClientBody = item(value)?;
            let (secrets, grants) = (client.secrets.len().to_string(), client.grants.len().to_string());
            let created = rfc3339(client.created_at);
            table.row([&client.client_id, &client.name, yes(client.enabled), &secrets, &grants, &created]);
        }
        output.table(&table);
        if page.next.is_some() {
            output.note("there are more; raise --limit to see them");
        }
        Ok(())
    }
}

impl Update {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let unset = &self.unset;
        let claims = Some(self.claims).filter(|claims| !claims.is_empty());
        let patch = ClientPatch {
            name: change(self.name, "name", unset),
            description: change(self.description, "description", unset),
            enabled: self.enabling.change(),
            expires_at: change(self.expires_in.map(from_now), "expires_at", unset),
            default_api: change(self.default_api, "default_api", unset),
            token_endpoint_auth_method: change(self.auth_method, "token_endpoint_auth_method", unset),
            allowed_cidrs: change_list(self.allowed_cidrs, "allowed_cidrs", unset),
            token_lifetime: change(self.token_lifetime, "token_lifetime", unset),
            claims: change(claims.map(|claims| claims.into_iter().collect()), "claims", unset),
        };
        let (admin, realm) = self.place.connect().await?;
        show(output, &admin.patch(&["realms", &realm, "clients", &self.client_id], &patch).await?)
    }
}

fn show(output: Output, reply: &Reply) -> Result<(), Failure> {
    if output.is_json() {
        output.body(&reply.body);
        return Ok(());
    }
    let client: ClientBody = reply.read()?;
    let mut table = Table::of_one();
    table.row(["client id", &client.client_id]);
    table.row(["name", &client.name]);
    table.row(["description", &client.description]);
    table.row(["enabled", yes(client.enabled)]);
    table.row(["expires", &client.expires_at.map(rfc3339).unwrap_or_default()]);
    table.row(["default API", client.default_api.as_deref().unwrap_or_default()]);
    table.row(["auth method", client.token_endpoint_auth_method.as_deref().unwrap_or("basic or post")]);
    table.row(["may call from", &client.allowed_cidrs.join(", ")]);
    table.row(["token lifetime", &client.token_lifetime.map_or("the API's".to_owned(), length)]);
    if !client.claims.is_empty() {
        table.row(["claims", &serde_json::Value::Object(client.claims.clone()).to_string()]);
    }
    table.row(["created", &rfc3339(client.created_at)]);
    output.table(&table);
    output.text("");
    output.table(&super::secret::table(&client.secrets));
    output.text("");
    output.table(&super::grant::table(&client.grants));
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  countersign client create svc --realm myorg --api https://orders.example --scope orders:read
  countersign client list --realm myorg
  countersign client update svc --realm myorg --disable";
