//! `countersign token`: take one token.

use std::path::PathBuf;

use clap::Args;
use countersign_client::token::{Ask, Secret, TokenError, Transport};
use countersign_client::{Endpoint, HttpClient, Settings, discovery, token};
use countersign_issuer::realm::SYSTEM;

use crate::context::{Choice, Context, Contexts, endpoint, secret_file};
use crate::environment::{self, CLIENT_SECRET};
use crate::failure::Failure;
use crate::output::{Output, shell};

/// Take a token with client credentials and print it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Token {
    /// A realm of the context's server
    #[arg(long, short, value_name = "NAME", conflicts_with = "issuer", requires = "client_id")]
    realm: Option<String>,
    /// An issuer anywhere; its metadata says where tokens are taken
    #[arg(long, value_name = "URL", requires = "client_id")]
    issuer: Option<String>,
    /// The client; unless given, the context's
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Take the secret from this variable [default: COUNTERSIGN_CLIENT_SECRET]
    #[arg(long, value_name = "VARIABLE", conflicts_with = "client_secret_file", requires = "client_id")]
    client_secret_env: Option<String>,
    /// Take the secret from this file, `-` for standard input
    #[arg(long, value_name = "FILE", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// A scope to ask for; repeatable; unless given, the client's default ones
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The API that the token is for
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// The same, by the name that Auth0 gives it
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// Send the secret in the body rather than in the Authorization header
    #[arg(long)]
    in_body: bool,
    /// A PEM file of authorities to trust besides the platform's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Allow plain HTTP to a server that is not on loopback: the secret travels in the clear
    #[arg(long)]
    danger_plain_http: bool,
    #[command(flatten)]
    choice: Choice,
}

/// Whom to ask, and as whom.
struct Caller {
    http: HttpClient,
    in_body: bool,
    endpoint: Endpoint,
    client_id: String,
    secret: Secret,
    /// The realm of the client and the server's URL, where they are known.
    place: Option<(String, String)>,
}

impl Token {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let caller = self.caller().await?;
        let ask = Ask {
            client_id: &caller.client_id,
            client_secret: &caller.secret,
            transport: if caller.in_body { Transport::Body } else { Transport::Basic },
            scope: Some(self.scopes.join(" ").into()).filter(|_| !self.scopes.is_empty()),
            resource: self.resource.as_deref(),
            audience: self.audience.as_deref(),
        };
        let answer = caller.http.send(&caller.endpoint, token::compose(&ask)).await?;
        let token = token::read(&answer).map_err(|error| refused(&error, &caller))?;
        if output.is_json() {
            output.body(&answer.body)
        } else {
            output.text(&token.access_token)
        }
        Ok(())
    }

    async fn caller(&self) -> Result<Caller, Failure> {
        let Some(client_id) = self.client_id.clone() else {
            let (_, context) = self.choice.load()?;
            let endpoint = context.token_endpoint()?;
            return Ok(Caller {
                http: self.http(context.ca_file.clone()),
                endpoint,
                in_body: self.in_body || context.in_body,
                secret: context.secret()?,
                client_id: context.client_id,
                place: Some((context.realm, context.server)),
            });
        };
        let secret = self.secret()?;
        if let Some(issuer) = &self.issuer {
            let http = self.http(None);
            let endpoint = self.discover(&http, issuer).await?;
            return Ok(Caller { http, in_body: self.in_body, endpoint, client_id, secret, place: None });
        }
        let (_, context) = self.choice.load()?;
        let realm = self.realm.as_deref().or(context.default_realm.as_deref()).unwrap_or(&context.realm);
        let endpoint = context.endpoint(&["realms", realm, "oauth2", "token"])?;
        let http = self.http(context.ca_file.clone());
        let place = Some((realm.to_owned(), context.server.clone()));
        Ok(Caller { http, in_body: self.in_body, endpoint, client_id, secret, place })
    }

    async fn discover(&self, http: &HttpClient, issuer: &str) -> Result<Endpoint, Failure> {
        let judge: discovery::Judge =
            if self.danger_plain_http { Endpoint::danger_parse_any_http } else { Endpoint::parse };
        let metadata = discovery::metadata(http, issuer, judge).await.map_err(|error| {
            Failure::new(error).next("an issuer is the `iss` of its tokens, character by character")
        })?;
        endpoint(&metadata.token_endpoint, self.danger_plain_http)
    }

    fn secret(&self) -> Result<Secret, Failure> {
        if let Some(path) = &self.client_secret_file {
            return secret_file(path);
        }
        let name = self.client_secret_env.as_deref().unwrap_or(CLIENT_SECRET);
        environment::text(name).map(Secret::new).ok_or_else(|| {
            Failure::new(format!("there is no secret: the variable {name} is not set"))
                .next("set it, or name another with --client-secret-env, or a file with --client-secret-file")
        })
    }

    fn http(&self, ca_file: Option<PathBuf>) -> HttpClient {
        HttpClient::new(Settings { ca_file: self.ca_file.clone().or(ca_file), ..Settings::default() })
    }
}

fn refused(error: &TokenError, caller: &Caller) -> Failure {
    let failure = Failure::new(error);
    let id = &caller.client_id;
    match error {
        TokenError::Refused { error, .. } => match error.as_str() {
            "invalid_client" => failure.next(format!(
                "check id, secret and realm of '{id}'; an administrator sees the true reason in the server's log"
            )),
            "invalid_scope" | "invalid_target" => {
                failure.next(format!("an administrator sees what '{id}' may have{}", how_to_see(caller)))
            }
            _ => failure,
        },
        TokenError::NotOAuth(_) => failure.next(format!("check the URL {}", caller.endpoint)),
        _ => failure,
    }
}

/// The command that shows the client, with the context of an administrator of all realms, where one is saved.
fn how_to_see(caller: &Caller) -> String {
    let Some((realm, server)) = &caller.place else { return String::new() };
    let contexts = Contexts::load().unwrap_or_default();
    let of_system = |known: &Context| known.server == *server && known.realm == SYSTEM;
    let administrator = contexts.by_name.iter().find(|(_, known)| of_system(known));
    let with = administrator.map(|(name, _)| format!(" --context {}", shell(name))).unwrap_or_default();
    format!(" with `countersign client show {} --realm {}{with}`", shell(&caller.client_id), shell(realm))
}

const LONG: &str = "\
Take a token with client credentials and print it.

Without a client it is the context's; with --client-id it is that client of the realm named, at the context's server; with \
--issuer it is a client of any issuer. Secrets come from a variable or a file, never from the command line, which others \
can see.";

const EXAMPLES: &str = "\
Examples:
  countersign token
  countersign token --context svc --scope orders:read --scope orders:write
  countersign token --realm myorg --client-id svc --client-secret-file svc.secret \\
      --resource https://orders.example
  countersign token --issuer https://auth.example.com/realms/myorg --client-id svc \\
      --client-secret-env SVC_SECRET
  countersign token --context svc --output json";
