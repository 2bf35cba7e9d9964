//! `countersign context`: saved servers and credentials.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::context::{self, Contexts, endpoint, secret_file};
use crate::environment;
use crate::failure::Failure;
use crate::output::{Output, Table};

/// Contexts: servers and credentials that commands remember, as in kubectl
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Context {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Add(Add),
    /// List all contexts; `*` marks the current one
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign context list")]
    List,
    Use(Use),
    /// Show one context, or the current one, without its secret
    #[command(after_help = "Examples:\n  countersign context show\n  countersign context show local")]
    Show(Which),
    /// Forget a context
    #[command(visible_alias = "rm", after_help = "Examples:\n  countersign context delete local")]
    Delete(Named),
}

/// Save a server and a client of it
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign context add prod --server https://auth.example.com --client-id ops \\
      --client-secret-file ops.secret
  countersign context add ci --server https://auth.example.com --client-id ci \\
      --client-secret-env CI_SECRET")]
struct Add {
    /// A name for it
    name: String,
    /// The server's public URL
    #[arg(long, value_name = "URL")]
    server: String,
    /// The realm that knows the client
    #[arg(long, default_value = countersign_issuer::realm::SYSTEM)]
    client_realm: String,
    /// The client
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// Take the secret from this variable each time
    #[arg(long, value_name = "VARIABLE", conflicts_with = "client_secret_file")]
    client_secret_env: Option<String>,
    /// Save the secret in this file, `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "client_secret_env")]
    client_secret_file: Option<PathBuf>,
    /// The realm that commands mean when they name none
    #[arg(long, value_name = "NAME")]
    realm: Option<String>,
    /// A PEM file of authorities to trust besides the platform's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Send the secret in the body rather than in the Authorization header
    #[arg(long)]
    in_body: bool,
    /// Allow plain HTTP to a server that is not on loopback: secrets travel in the clear
    #[arg(long)]
    danger_plain_http: bool,
}

/// Make a context the current one, or set the realm that commands mean when they name none
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign context use local
  countersign context use local --realm myorg")]
struct Use {
    /// The context
    name: String,
    /// The realm that commands mean when they name none
    #[arg(long, value_name = "NAME")]
    realm: Option<String>,
}

#[derive(Args, Debug)]
struct Which {
    /// The context; unless given, the current one
    name: Option<String>,
}

#[derive(Args, Debug)]
struct Named {
    /// The context
    name: String,
}

impl Context {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::Add(add) => add.run(output),
            Verb::List => list(output),
            Verb::Use(chosen) => chosen.run(output),
            Verb::Show(which) => show(&which, output),
            Verb::Delete(Named { name }) => {
                Contexts::change(|contexts| {
                    contexts.by_name.remove(&name).ok_or_else(|| context::unknown(&name))?;
                    contexts.current.take_if(|current| *current == name);
                    Ok(())
                })?;
                output.note(&format!("context '{name}' is forgotten"));
                Ok(())
            }
        }
    }
}

impl Add {
    fn run(self, output: Output) -> Result<(), Failure> {
        endpoint(&self.server, self.danger_plain_http)?;
        let secret = self.client_secret_file.as_deref().map(secret_file).transpose()?;
        if let Some(name) = &self.client_secret_env {
            environment::variable("--client-secret-env", name)?;
        }
        let ca_file = self.ca_file.map(std::path::absolute).transpose().map_err(Failure::new)?;
        let context = context::Context {
            server: self.server.trim_end_matches('/').to_owned(),
            realm: self.client_realm,
            client_id: self.client_id,
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            client_secret_env: self.client_secret_env,
            client_secret_file: None,
            default_realm: self.realm,
            ca_file,
            in_body: self.in_body,
            danger_plain_http: self.danger_plain_http,
            data: None,
        };
        let ((), path) = Contexts::change(|contexts| {
            contexts.may_take(&self.name, &context.server, &context.realm, Some(&context.client_id))?;
            contexts.by_name.insert(self.name.clone(), context);
            contexts.current = Some(self.name.clone());
            Ok(())
        })?;
        output.note(&format!("context '{}' is saved in {} and current", self.name, path.display()));
        Ok(())
    }
}

impl Use {
    fn run(self, output: Output) -> Result<(), Failure> {
        let (realm, _) = Contexts::change(|contexts| {
            let context = contexts.by_name.get_mut(&self.name).ok_or_else(|| context::unknown(&self.name))?;
            if self.realm.is_some() {
                context.default_realm = self.realm;
            }
            contexts.current = Some(self.name.clone());
            Ok(context.default_realm.clone())
        })?;
        let realm = realm.map(|realm| format!(", realm '{realm}'")).unwrap_or_default();
        output.note(&format!("commands use the context '{}'{realm}", self.name));
        Ok(())
    }
}

fn list(output: Output) -> Result<(), Failure> {
    let contexts = Contexts::load()?;
    if output.is_json() {
        let names: Vec<&String> = contexts.by_name.keys().collect();
        output.text(&json!({ "items": names, "current": contexts.current }).to_string());
        return Ok(());
    }
    let mut table = Table::new(["", "NAME", "SERVER", "CLIENT", "OF REALM", "REALM"]);
    for (name, context) in &contexts.by_name {
        let mark = if contexts.current.as_ref() == Some(name) { "*" } else { " " };
        let realm = context.default_realm.as_deref().unwrap_or_default();
        table.row([mark, name, &context.server, &context.client_id, &context.realm, realm]);
    }
    output.table(&table);
    Ok(())
}

fn show(which: &Which, output: Output) -> Result<(), Failure> {
    let (name, context) = Contexts::load()?.choose(which.name.as_deref())?;
    let secret = match (&context.client_secret, &context.client_secret_env, &context.client_secret_file) {
        (Some(_), ..) => "saved".to_owned(),
        (_, Some(variable), _) => format!("in the variable {variable}"),
        (.., Some(path)) => format!("in the file {}", path.display()),
        _ => "none".to_owned(),
    };
    if output.is_json() {
        let shown = json!({
            "name": name, "server": context.server, "client_realm": context.realm, "client_id": context.client_id,
            "client_secret": secret, "realm": context.default_realm, "ca_file": context.ca_file,
        });
        output.text(&shown.to_string());
        return Ok(());
    }
    let mut table = Table::of_one();
    table.row(["name", &name]);
    table.row(["server", &context.server]);
    table.row(["client", &context.client_id]);
    table.row(["of realm", &context.realm]);
    table.row(["secret", &secret]);
    table.row(["realm", context.default_realm.as_deref().unwrap_or_default()]);
    table.row(["trusts", &context.ca_file.map(|path| path.display().to_string()).unwrap_or_default()]);
    output.table(&table);
    Ok(())
}

const EXAMPLES: &str = "\
Examples:
  countersign context list
  countersign context use local --realm myorg
  countersign context add prod --server https://auth.example.com --client-id ops \\
      --client-secret-file ops.secret";
