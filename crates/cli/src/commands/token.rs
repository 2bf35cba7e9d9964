//! `countersign token`: take one token.

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::moment::now;
use crate::output::Output;
use crate::source::SourceFlags;

/// Take a token with client credentials and print it
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Token {
    #[command(flatten)]
    source: SourceFlags,
}

impl Token {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let chosen = self.source.choose_to_hand_on()?;
        let blame = chosen.blame();
        let tokens = chosen.build()?;
        let token = tokens.token().await.map_err(|error| blame.of(&error))?;
        if output.is_json() {
            let expires_at = token.expires_at();
            let answer = json!({
                "access_token": token.expose(),
                "token_type": token.token_type().scheme(),
                "expires_in": expires_at.map(|at| at.since(now()).max(0)),
                "expires_at": expires_at.map(|at| at.0),
                "scope": token.scope(),
            });
            output.body(answer.to_string().as_bytes());
        } else {
            output.text(token.expose());
        }
        Ok(())
    }
}

const LONG: &str = "\
Take a token with client credentials and print it, and nothing else. It is kept in a private folder, so that a script \
that takes one in a loop asks the server once for each life of a token.

The client is the context's; with --client-id it is that client of a realm at the context's server (--realm), or of any \
issuer (--issuer). Variables stand in for flags that are not given, unless --context is. A secret comes from a file or a \
variable, never from the command line, which others can see.";

const EXAMPLES: &str = "\
Examples:
  countersign token
  countersign token --context svc --scope orders:read --scope orders:write
  countersign token --realm myorg --client-id svc --client-secret-file svc.secret \\
      --resource https://orders.example
  countersign token --issuer https://auth.example.com/realms/myorg --client-id svc \\
      --client-secret-env SVC_SECRET
  countersign token --context svc --output json";
