//! `countersign realm`: issuers with their own keys, APIs, clients and policy.

use clap::{Args, Subcommand};
use countersign_proto::admin::{NewRealm, RealmBody, RealmPatch};

use super::change::{Enabling, change, change_list};
use super::sure::Sure;
use crate::admin::{Admin, Reply, item};
use crate::context::Choice;
use crate::failure::Failure;
use crate::moment::{length, rfc3339};
use crate::output::{Output, Table};

/// Realms: issuers, each with its own keys, APIs and clients
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Realm {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Create(Create),
    /// List all realms
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign realm list")]
    List(Choice),
    /// Show one realm
    #[command(after_help = "Examples:\n  countersign realm show myorg")]
    Show(One),
    Update(Update),
    Delete(Delete),
}

#[derive(Args, Debug)]
struct One {
    /// The realm
    name: String,
    #[command(flatten)]
    choice: Choice,
}

/// Delete a realm with all its APIs, clients and keys; its tokens become unverifiable
#[derive(Args, Debug)]
#[command(
    visible_alias = "rm",
    after_help = "Examples:\n  countersign realm delete myorg\n  countersign realm delete myorg --yes"
)]
struct Delete {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    sure: Sure,
}

/// Make a realm
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign realm create myorg
  countersign realm create shop --profile keycloak --template keycloak
  countersign realm create tenant --profile auth0 --host tenant.auth.example.com
  countersign realm create privacy --template fidesops")]
struct Create {
    /// Its name: 1 to 63 letters, digits, `-`, `_` and `.`
    name: String,
    /// The shape of its tokens: rfc9068, keycloak or auth0
    #[arg(long)]
    profile: Option<String>,
    /// The issuer, when it is not PUBLIC-URL/realms/NAME
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A host or host:port whose root-level URLs mean this realm; repeatable
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// What scopes it starts with: keycloak or fidesops
    #[arg(long)]
    template: Option<String>,
    /// Foreign URLs to open: keycloak, auth0 or fidesops; repeatable; unless given, those of profile and template
    #[arg(long = "dialect", value_name = "DIALECT")]
    dialects: Vec<String>,
    /// The signing algorithm: RS256, PS256, ES256, ES384 or EdDSA; unless given, the profile's
    #[arg(long)]
    algorithm: Option<String>,
    /// How long tokens live, in seconds; unless given, the profile's
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    #[command(flatten)]
    choice: Choice,
}

/// Change a realm
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign realm update myorg --token-lifetime 600
  countersign realm update myorg --disable
  countersign realm update myorg --unset algorithm")]
struct Update {
    /// The realm
    name: String,
    /// The issuer; tokens of the old one are no longer this realm's
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The hosts, all of them; repeatable
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// The open dialects, all of them; repeatable
    #[arg(long = "dialect", value_name = "DIALECT")]
    dialects: Vec<String>,
    /// The shape of its tokens
    #[arg(long)]
    profile: Option<String>,
    /// The signing algorithm
    #[arg(long)]
    algorithm: Option<String>,
    /// How long tokens live, in seconds
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    #[command(flatten)]
    enabling: Enabling,
    /// Take a member back to its default; repeatable
    #[arg(long, value_name = "MEMBER",
          value_parser = ["issuer", "hosts", "dialects", "profile", "algorithm", "token_lifetime"])]
    unset: Vec<String>,
    #[command(flatten)]
    choice: Choice,
}

impl Realm {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Create(create) => create.run(output).await,
            Verb::List(choice) => list(&choice, output).await,
            Verb::Show(one) => show(output, &connect(&one.choice).await?.get(&["realms", &one.name]).await?),
            Verb::Update(update) => update.run(output).await,
            Verb::Delete(Delete { one, sure }) => {
                sure.to_delete(&format!("the realm '{}' with all its APIs, clients and keys", one.name))?;
                connect(&one.choice).await?.delete(&["realms", &one.name]).await?;
                output.note(&format!("realm '{}' is deleted", one.name));
                Ok(())
            }
        }
    }
}

impl Create {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
        let new = NewRealm {
            name: self.name,
            profile: self.profile,
            issuer: self.issuer,
            hosts: some(self.hosts),
            template: self.template,
            dialects: some(self.dialects),
            algorithm: self.algorithm,
            token_lifetime: self.token_lifetime,
        };
        show(output, &connect(&self.choice).await?.post(&["realms"], &new).await?)
    }
}

impl Update {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let unset = &self.unset;
        let patch = RealmPatch {
            issuer: change(self.issuer, "issuer", unset),
            hosts: change_list(self.hosts, "hosts", unset),
            dialects: change_list(self.dialects, "dialects", unset),
            profile: change(self.profile, "profile", unset),
            algorithm: change(self.algorithm, "algorithm", unset),
            token_lifetime: change(self.token_lifetime, "token_lifetime", unset),
            enabled: self.enabling.change(),
        };
        show(output, &connect(&self.choice).await?.patch(&["realms", &self.name], &patch).await?)
    }
}

async fn list(choice: &Choice, output: Output) -> Result<(), Failure> {
    let page = connect(choice).await?.list(&["realms"], None).await?;
    if output.is_json() {
        return output.page(&page);
    }
    let mut table = Table::new(["NAME", "PROFILE", "ISSUER", "ENABLED"]);
    for value in &page.items {
        let realm: RealmBody = item(value)?;
        table.row([&realm.name, &realm.profile, &realm.issuer, yes(realm.enabled)]);
    }
    output.table(&table);
    Ok(())
}

fn show(output: Output, reply: &Reply) -> Result<(), Failure> {
    if output.is_json() {
        output.body(&reply.body);
        return Ok(());
    }
    let realm: RealmBody = reply.read()?;
    let mut table = Table::of_one();
    table.row(["name", &realm.name]);
    table.row(["issuer", &realm.issuer]);
    table.row(["profile", &realm.profile]);
    table.row(["template", realm.template.as_deref().unwrap_or_default()]);
    table.row(["dialects", &realm.dialects.join(", ")]);
    table.row(["hosts", &realm.hosts.join(", ")]);
    table.row(["algorithm", &realm.algorithm]);
    table.row(["token lifetime", &length(realm.token_lifetime)]);
    table.row(["enabled", yes(realm.enabled)]);
    table.row(["created", &rfc3339(realm.created_at)]);
    output.table(&table);
    Ok(())
}

async fn connect(choice: &Choice) -> Result<Admin, Failure> {
    Admin::connect(choice.load()?.1).await
}

pub(super) fn yes(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

const EXAMPLES: &str = "\
Examples:
  countersign realm create myorg
  countersign realm list
  countersign realm show myorg --output json";
