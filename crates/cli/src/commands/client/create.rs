//! `countersign client create`: registers, grants, and prints what to paste.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use countersign_proto::admin::{ClientCreated, GrantPut, NewClient};
use serde_json::{Value, json};

use crate::admin::{Admin, InRealm};
use crate::context::{Context, Contexts, secret_file};
use crate::failure::Failure;
use crate::first_start::SHOWN_ONCE;
use crate::moment::{from_now, span};
use crate::output::{Output, Table, shell};
use crate::snippet::{self, Snippet};

/// Register a client, grant it scopes, and print what to paste for curl, Python, Node and Go
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Create {
    /// Its client id; unless given, one is made
    client_id: Option<String>,
    /// The API to grant: its identifier, its id or `default`
    #[arg(long, value_name = "API")]
    api: Option<String>,
    /// A scope that it gets by default; repeatable
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A scope that it may ask for besides; repeatable
    #[arg(long = "optional", value_name = "SCOPE")]
    optional: Vec<String>,
    /// A name for people
    #[arg(long)]
    name: Option<String>,
    /// What it is, for people
    #[arg(long)]
    description: Option<String>,
    /// A file with the secret, `-` for standard input; unless given, one is made
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// It gets no tokens any more after this span, such as 90d
    #[arg(long, value_name = "SPAN", value_parser = span)]
    expires_in: Option<Duration>,
    /// The only method that it may use: `client_secret_basic` or `client_secret_post`
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// A network that it may call from; repeatable; unless given, any
    #[arg(long = "allow", value_name = "CIDR")]
    allowed_cidrs: Vec<String>,
    /// How long its tokens live, in seconds; unless given, the API's
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
    /// A claim that stands in all its tokens; repeatable
    #[arg(long = "claim", value_name = "NAME=JSON", value_parser = claim)]
    claims: Vec<(String, Value)>,
    /// Save it as a context of this name, so that `token --context NAME` works
    #[arg(long, value_name = "NAME")]
    save_context: Option<String>,
    #[command(flatten)]
    place: InRealm,
}

impl Create {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let grant = self.grant();
        let (admin, realm) = self.place.connect().await?;
        if let Some(name) = &self.save_context {
            // before anything is made: what it would replace may be the only copy of a secret
            Contexts::load()?.may_take(name, &admin.context().server, &realm, self.client_id.as_deref())?;
        }
        let path = ["realms", &realm, "clients"];
        let reply = admin.post(&path, &self.registration()?).await?;
        let mut created: ClientCreated = reply.read()?;
        let mut body = reply.body;
        if let Some((api, grant)) = grant {
            created.client.grants =
                vec![give(&admin, &realm, &created.client.client_id, &api, &grant).await?];
            let mut whole: Value = serde_json::from_slice(&body).map_err(Failure::new)?;
            if let Some(members) = whole.as_object_mut() {
                members.insert("grants".to_owned(), json!(created.client.grants));
            }
            body = whole.to_string().into();
        }
        let given = self.secret_file.clone();
        let saved = self.save_context.map(|name| save(name, &admin, &realm, &created)).transpose();
        if output.is_json() {
            output.body(&body);
        } else {
            // whatever becomes of this, the secret must be shown
            let endpoint = admin.token_endpoint(&realm).await;
            let usual = || format!("{}/realms/{realm}/oauth2/token", admin.context().server);
            tell(output, &admin, &endpoint.unwrap_or_else(|_| usual()), &created, given.as_deref());
        }
        if created.client.grants.is_empty() {
            output.note(&format!(
                "note: it has no grant, so it gets no token yet (in the profile keycloak: tokens without scopes); give it \
                 one with `countersign grant set {} default --realm {}`",
                shell(&created.client.client_id),
                shell(&realm)
            ));
        }
        if let Some(warning) = &created.warning {
            output.note(&format!("warning: {warning}"));
        }
        // the secret is shown whatever became of the context: there is no second chance for it
        if let Some(name) = saved? {
            output.note(&format!("saved as the context '{name}'"));
        }
        Ok(())
    }

    fn registration(&self) -> Result<NewClient, Failure> {
        let secret = self.secret_file.as_deref().map(secret_file).transpose()?;
        let some = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
        Ok(NewClient {
            client_id: self.client_id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            secret: secret.map(|secret| secret.expose().to_owned()),
            enabled: None,
            expires_at: self.expires_in.map(from_now),
            token_endpoint_auth_method: self.auth_method.clone(),
            allowed_cidrs: some(&self.allowed_cidrs),
            token_lifetime: self.token_lifetime,
            claims: Some(self.claims.iter().cloned().collect())
                .filter(|claims: &serde_json::Map<_, _>| !claims.is_empty()),
        })
    }

    /// The grant that was asked for; scopes without an API are the default one's.
    fn grant(&self) -> Option<(String, GrantPut)> {
        let wants_scopes = !self.scopes.is_empty() || !self.optional.is_empty();
        let api = self.api.clone().or_else(|| wants_scopes.then(|| "default".to_owned()))?;
        Some((api, GrantPut { default: self.scopes.clone(), optional: self.optional.clone() }))
    }
}

/// Grants; where that fails, the client is taken away again, so that the command can be repeated as it is.
async fn give(
    admin: &Admin,
    realm: &str,
    client_id: &str,
    api: &str,
    grant: &GrantPut,
) -> Result<countersign_proto::admin::GrantBody, Failure> {
    let path = ["realms", realm, "clients", client_id, "grants", api];
    match admin.put(&path, grant).await {
        Ok(reply) => reply.read(),
        Err(failure) => match admin.delete(&["realms", realm, "clients", client_id]).await {
            Ok(()) => Err(failure.prefix("the client is not registered, because it could not be granted")),
            Err(_) => {
                Err(failure.prefix(&format!("the client '{client_id}' is registered, but not granted")))
            }
        },
    }
}

/// `given`: the file that the secret came from; what its owner knows already is not spread on a terminal.
fn tell(output: Output, admin: &Admin, token_endpoint: &str, created: &ClientCreated, given: Option<&Path>) {
    let client = &created.client;
    let mut table = Table::of_one();
    table.row(["client id", &client.client_id]);
    match given {
        Some(_) => table.row(["secret", "as given"]),
        None => table.row(["secret", &format!("{}   {SHOWN_ONCE}", created.secret)]),
    }
    for grant in &client.grants {
        table.row(["API", &grant.api]);
        table.row(["scopes", &grant.default.join(" ")]);
        table.row(["optional", &grant.optional.join(" ")]);
    }
    output.table(&table);
    let context = admin.context();
    output.text(&snippet::all(&Snippet {
        token_endpoint,
        in_body: is_held_to_the_body(created),
        client_id: &client.client_id,
        secret: &match given {
            Some(path) if path == Path::new("-") => "'the secret that you gave'".to_owned(),
            Some(path) => format!("\"$(cat {})\"", shell(&path.display().to_string())),
            None => shell(&created.secret),
        },
        scopes: client.grants.first().map(|grant| grant.default.as_slice()).unwrap_or_default(),
        ca_file: context.ca_file.as_deref(),
    }));
}

fn save(name: String, admin: &Admin, realm: &str, created: &ClientCreated) -> Result<String, Failure> {
    let here = admin.context();
    let context = Context {
        server: here.server.clone(),
        realm: realm.to_owned(),
        client_id: created.client.client_id.clone(),
        client_secret: Some(created.secret.clone()),
        client_secret_env: None,
        client_secret_file: None,
        default_realm: Some(realm.to_owned()),
        ca_file: here.ca_file.clone(),
        in_body: is_held_to_the_body(created),
        danger_plain_http: here.danger_plain_http,
        data: None,
    };
    Contexts::change(|contexts| {
        contexts.by_name.insert(name.clone(), context);
        Ok(())
    })?;
    Ok(name)
}

fn is_held_to_the_body(created: &ClientCreated) -> bool {
    created.client.token_endpoint_auth_method.as_deref() == Some("client_secret_post")
}

/// Reads `NAME=JSON`; what is no JSON is a text.
pub(super) fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("a claim is NAME=JSON, such as tenant=acme or level=3")?;
    if name.is_empty() {
        return Err("a claim needs a name".to_owned());
    }
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), value))
}

const EXAMPLES: &str = "\
Examples:
  countersign client create svc --realm myorg --api https://orders.example --scope orders:read
  countersign client create svc --realm myorg --api https://orders.example \\
      --scope orders:read --optional orders:write
  countersign client create svc --realm myorg --secret-file svc.secret --expires-in 90d
  countersign client create svc --realm myorg --allow 10.0.0.0/8 --claim tenant=acme
  countersign client create svc --realm myorg --scope reports --save-context svc";
