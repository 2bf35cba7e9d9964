//! How the client proves itself: one credential, named by a flag, never given in one.

use std::path::PathBuf;

use clap::Args;
use countersign_client::token::Secret;
use countersign_client::{Builder, ClientAuth};

use crate::context::secret_file;
use crate::environment::{self, CLIENT_ID, CLIENT_SECRET};
use crate::failure::Failure;

/// Where the credential is.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Client")]
pub(super) struct CredentialFlags {
    /// Take the secret from this file, `-` for standard input
    #[arg(long, value_name = "FILE", group = "credential")]
    client_secret_file: Option<PathBuf>,
    /// Take the secret from this variable [default: COUNTERSIGN_CLIENT_SECRET]
    #[arg(long, value_name = "VARIABLE", group = "credential")]
    client_secret_env: Option<String>,
    /// Send the secret in the body rather than in the Authorization header
    #[arg(long)]
    in_body: bool,
}

impl CredentialFlags {
    /// Whether a flag names one.
    pub(super) fn is_given(&self) -> bool {
        self.client_secret_file.is_some() || self.client_secret_env.is_some()
    }

    /// Tells the builder who the client is and how it proves itself.
    pub(super) fn prove(&self, tokens: Builder, client_id: Option<&str>) -> Result<Builder, Failure> {
        let client_id = client_id.ok_or_else(no_client)?;
        let secret = self.secret()?;
        Ok(tokens.auth(if self.in_body {
            ClientAuth::client_secret_post(client_id, secret)
        } else {
            ClientAuth::client_secret_basic(client_id, secret)
        }))
    }

    /// The variables that may hold a secret.
    pub(super) fn variables(&self) -> impl Iterator<Item = String> + '_ {
        [CLIENT_SECRET.to_owned()].into_iter().chain(self.client_secret_env.clone())
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

fn no_client() -> Failure {
    Failure::new("no client is named").next(format!("add --client-id ID, or set {CLIENT_ID}"))
}
