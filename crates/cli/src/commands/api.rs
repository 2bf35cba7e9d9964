//! `countersign api`: registered resource servers with their scopes.

use clap::{Args, Subcommand};
use countersign_proto::admin::{ApiBody, ApiPatch, NewApi, NewScope};

use super::change::{Enabling, change};
use super::realm::yes;
use super::scope;
use crate::admin::{InRealm, Reply, item};
use crate::failure::Failure;
use crate::moment::{length, rfc3339};
use crate::output::{Output, Table};

/// APIs: resource servers; the identifier of one is the audience of its tokens
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Api {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Create(Create),
    /// List the APIs of a realm
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign api list --realm myorg")]
    List(InRealm),
    /// Show one API with its scopes
    #[command(after_help = "Examples:
  countersign api show https://orders.example --realm myorg
  countersign api show default --realm myorg")]
    Show(One),
    Update(Update),
    /// Delete an API with its scopes and the grants on it
    #[command(
        visible_alias = "rm",
        after_help = "Examples:
  countersign api delete https://orders.example --realm myorg"
    )]
    Delete(One),
    Scope(scope::Scope),
}

#[derive(Args, Debug)]
struct One {
    /// The API: its identifier, its id, `default` or `admin`
    api: String,
    #[command(flatten)]
    place: InRealm,
}

/// Register an API
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign api create https://orders.example --realm myorg --scope orders:read \\
      --scope orders:write
  countersign api create https://orders.example --realm myorg --name Orders \\
      --scope 'orders:read=Look at orders'")]
struct Create {
    /// Its identifier: the audience of its tokens
    identifier: String,
    /// A name for people
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A scope, or SCOPE=DESCRIPTION; repeatable
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How long its tokens live, in seconds; unless given, the realm's
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// Its signing algorithm; unless given, the realm's
    #[arg(long)]
    algorithm: Option<String>,
    /// The shape of its tokens: rfc9068, keycloak or auth0; unless given, the realm's
    #[arg(long)]
    profile: Option<String>,
    #[command(flatten)]
    place: InRealm,
}

/// Change an API
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign api update https://orders.example --realm myorg --token-lifetime 600
  countersign api update https://orders.example --realm myorg --disable
  countersign api update https://orders.example --realm myorg --unset token_lifetime")]
struct Update {
    /// The API: its identifier, its id, `default` or `admin`
    api: String,
    /// A name for people
    #[arg(long)]
    name: Option<String>,
    /// How long its tokens live, in seconds
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// Its signing algorithm
    #[arg(long)]
    algorithm: Option<String>,
    /// The shape of its tokens
    #[arg(long)]
    profile: Option<String>,
    #[command(flatten)]
    enabling: Enabling,
    /// Take a member back to its default; repeatable
    #[arg(long, value_name = "MEMBER", value_parser = ["name", "token_lifetime", "algorithm", "profile"])]
    unset: Vec<String>,
    #[command(flatten)]
    place: InRealm,
}

impl Api {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Create(create) => create.run(output).await,
            Verb::List(place) => list(&place, output).await,
            Verb::Show(one) => {
                let (admin, realm) = one.place.connect().await?;
                show(output, &admin.get(&["realms", &realm, "apis", &one.api]).await?)
            }
            Verb::Update(update) => update.run(output).await,
            Verb::Delete(one) => {
                let (admin, realm) = one.place.connect().await?;
                admin.delete(&["realms", &realm, "apis", &one.api]).await?;
                output.note(&format!("API '{}' is deleted", one.api));
                Ok(())
            }
            Verb::Scope(scope) => scope.run(output).await,
        }
    }
}

impl Create {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let scope = |text: &String| {
            // a scope with `=` in its name is added by `api scope add`, which takes the two apart
            let (name, description) = text.split_once('=').unwrap_or((text, ""));
            NewScope { name: name.to_owned(), description: description.to_owned() }
        };
        let new = NewApi {
            identifier: self.identifier,
            name: self.name,
            scopes: self.scopes.iter().map(scope).collect(),
            token_lifetime: self.token_lifetime,
            algorithm: self.algorithm,
            profile: self.profile,
        };
        let (admin, realm) = self.place.connect().await?;
        show(output, &admin.post(&["realms", &realm, "apis"], &new).await?)
    }
}

impl Update {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let unset = &self.unset;
        let patch = ApiPatch {
            name: change(self.name, "name", unset),
            token_lifetime: change(self.token_lifetime, "token_lifetime", unset),
            algorithm: change(self.algorithm, "algorithm", unset),
            profile: change(self.profile, "profile", unset),
            enabled: self.enabling.change(),
        };
        let (admin, realm) = self.place.connect().await?;
        show(output, &admin.patch(&["realms", &realm, "apis", &self.api], &patch).await?)
    }
}

async fn list(place: &InRealm, output: Output) -> Result<(), Failure> {
    let (admin, realm) = place.connect().await?;
    let page = admin.list(&["realms", &realm, "apis"], None).await?;
    if output.is_json() {
        return output.page(&page);
    }
    let mut table = Table::new(["IDENTIFIER", "NAME", "BUILT-IN", "SCOPES", "ENABLED", "ID"]);
    for value in &page.items {
        let api: ApiBody = item(value)?;
        let built_in = api.builtin.as_deref().unwrap_or_default();
        let scopes = api.scopes.len().to_string();
        table.row([&api.identifier, &api.name, built_in, &scopes, yes(api.enabled), &api.id]);
    }
    output.table(&table);
    Ok(())
}

pub(super) fn show(output: Output, reply: &Reply) -> Result<(), Failure> {
    if output.is_json() {
        output.body(&reply.body);
        return Ok(());
    }
    let api: ApiBody = reply.read()?;
    let mut table = Table::of_one();
    table.row(["identifier", &api.identifier]);
    table.row(["id", &api.id]);
    table.row(["name", &api.name]);
    table.row(["built-in", api.builtin.as_deref().unwrap_or_default()]);
    table.row(["token lifetime", &api.token_lifetime.map_or("the realm's".to_owned(), length)]);
    table.row(["algorithm", api.algorithm.as_deref().unwrap_or("the realm's")]);
    table.row(["profile", api.profile.as_deref().unwrap_or("the realm's")]);
    table.row(["enabled", yes(api.enabled)]);
    table.row(["created", &rfc3339(api.created_at)]);
    output.table(&table);
    if !api.scopes.is_empty() {
        let mut scopes = Table::new(["SCOPE", "DESCRIPTION"]);
        for scope in &api.scopes {
            scopes.row([&scope.name, &scope.description]);
        }
        output.text("");
        output.table(&scopes);
    }
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  countersign api create https://orders.example --realm myorg --scope orders:read
  countersign api list --realm myorg
  countersign api scope add https://orders.example orders:refund --realm myorg";
