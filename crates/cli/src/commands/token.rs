//! `countersign token`: take one token.

use std::path::PathBuf;

use clap::Args;
use countersign_client::token::Secret;
use countersign_client::{Builder, ClientAuth, TokenError, TokenSource};
use countersign_issuer::realm::SYSTEM;

use serde_json::json;

use crate::context::{Choice, Context, Contexts, secret_file};
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

/// The realm of the client and the server's URL, where they are known.
type Place = Option<(String, String)>;

impl Token {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let (mut tokens, client_id, place) = self.caller()?;
        for scope in &self.scopes {
            tokens = tokens.scope(scope);
        }
        if let Some(resource) = &self.resource {
            tokens = tokens.resource(resource);
        }
        if let Some(audience) = &self.audience {
            tokens = tokens.audience(audience);
        }
        let tokens = tokens.build_unasked().map_err(Failure::new)?;
        let token = tokens.token().await.map_err(|error| refused(&error, &client_id, place.as_ref()))?;
        if output.is_json() {
            let answer = json!({
                "access_token": token.expose(),
                "token_type": token.token_type().scheme(),
                "expires_at": token.expires_at().map(|at| at.0),
                "scope": token.scope(),
            });
            output.body(answer.to_string().as_bytes());
        } else {
            output.text(token.expose());
        }
        Ok(())
    }

    fn caller(&self) -> Result<(Builder, String, Place), Failure> {
        let Some(client_id) = self.client_id.clone() else {
            let (_, context) = self.choice.load()?;
            let tokens = context.tokens()?;
            return Ok((self.with_flags(tokens), context.client_id, Some((context.realm, context.server))));
        };
        let secret = self.secret()?;
        let auth = if self.in_body {
            ClientAuth::client_secret_post(&client_id, secret)
        } else {
            ClientAuth::client_secret_basic(&client_id, secret)
        };
        if let Some(issuer) = &self.issuer {
            return Ok((self.with_flags(TokenSource::discover(issuer).auth(auth)), client_id, None));
        }
        let (_, context) = self.choice.load()?;
        let realm = self.realm.as_deref().or(context.default_realm.as_deref()).unwrap_or(&context.realm);
        let endpoint = context.endpoint(&["realms", realm, "oauth2", "token"])?;
        let mut tokens = TokenSource::at(endpoint.to_string()).auth(auth);
        if let Some(path) = &context.ca_file {
            tokens = tokens.ca_file(path);
        }
        let place = Some((realm.to_owned(), context.server.clone()));
        Ok((self.with_flags(tokens), client_id, place))
    }

    fn with_flags(&self, mut tokens: Builder) -> Builder {
        if let Some(path) = &self.ca_file {
            tokens = tokens.ca_file(path);
        }
        if self.danger_plain_http { tokens.danger_plain_http() } else { tokens }
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
}

fn refused(error: &TokenError, id: &str, place: Option<&(String, String)>) -> Failure {
    let failure = Failure::new(error);
    match error {
        TokenError::Refused(refused) => match refused.error.as_str() {
            "invalid_client" => failure.next(format!(
                "check id, secret and realm of '{id}'; an administrator sees the true reason in the server's log"
            )),
            "invalid_scope" | "invalid_target" => {
                failure.next(format!("an administrator sees what '{id}' may have{}", how_to_see(id, place)))
            }
            _ => failure,
        },
        TokenError::Unreachable(error) => error.http().map_or(failure, Failure::from),
        TokenError::Misconfigured(_) => {
            failure.next("an issuer is the `iss` of its tokens, character by character: check the URL")
        }
        _ => failure,
    }
}

/// The command that shows the client, with the context of an administrator of all realms, where one is saved.
fn how_to_see(id: &str, place: Option<&(String, String)>) -> String {
    let Some((realm, server)) = place else { return String::new() };
    let contexts = Contexts::load().unwrap_or_default();
    let of_system = |known: &Context| known.server == *server && known.realm == SYSTEM;
    let administrator = contexts.by_name.iter().find(|(_, known)| of_system(known));
    let with = administrator.map(|(name, _)| format!(" --context {}", shell(name))).unwrap_or_default();
    format!(" with `countersign client show {} --realm {}{with}`", shell(id), shell(realm))
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
