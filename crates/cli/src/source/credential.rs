//! How the client proves itself: one credential, which a flag names and never holds.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_client::{Builder, ClientAuth, ClientCertificate, PrivateKey, SecretSource};
use countersign_proto::jose::Algorithm;

use crate::context::secret_file;
use crate::environment::{self, CLIENT_ID, CLIENT_SECRET};
use crate::failure::Failure;
use crate::private_file::warn_if_open;

/// Where the credential is.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Client")]
pub(super) struct CredentialFlags {
    /// Take the secret from this file, `-` for standard input
    #[arg(long, value_name = "FILE", group = "credential")]
    client_secret_file: Option<PathBuf>,
    /// Take the secret from this variable, without a newline at its end [default: COUNTERSIGN_CLIENT_SECRET]
    #[arg(long, value_name = "VAR", group = "credential")]
    client_secret_env: Option<String>,
    /// Send the secret in the body rather than in the Authorization header
    #[arg(long, conflicts_with_all = ["private_key", "client_cert", "assertion_file"])]
    in_body: bool,
    /// Sign assertions with the key in this file, PKCS#8 in PEM (private_key_jwt)
    #[arg(long, value_name = "FILE", group = "credential")]
    private_key: Option<PathBuf>,
    /// The key's name, as the server knows it
    #[arg(long, value_name = "KID", requires = "private_key")]
    key_id: Option<String>,
    /// The algorithm of assertions [default: the key's; of an RSA key PS256, or RS256 where the server takes no other]
    #[arg(long, value_name = "ALG", requires = "private_key", value_parser = algorithm)]
    signing_alg: Option<Algorithm>,
    /// Show this certificate chain, in PEM, to the server and to APIs (mutual TLS)
    #[arg(long, value_name = "FILE", group = "credential", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// Present the assertion that somebody else keeps fresh in this file, such as a token of Kubernetes
    #[arg(long, value_name = "FILE", group = "credential")]
    assertion_file: Option<PathBuf>,
}

impl CredentialFlags {
    /// Whether a flag says something of it.
    pub(super) const fn is_given(&self) -> bool {
        self.client_secret_file.is_some()
            || self.client_secret_env.is_some()
            || self.in_body
            || self.private_key.is_some()
            || self.client_cert.is_some()
            || self.assertion_file.is_some()
    }

    /// Whether it signs assertions.
    pub(super) const fn signs(&self) -> bool {
        self.private_key.is_some()
    }

    /// Tells the builder who the client is and how it proves itself.
    pub(super) fn prove(&self, tokens: Builder, client_id: Option<&str>) -> Result<Builder, Failure> {
        if let Some(path) = &self.assertion_file {
            return Ok(tokens.assertion_file(client_id.map(str::to_owned), path));
        }
        let client_id = client_id.ok_or_else(no_client)?;
        if let Some(path) = &self.private_key {
            warn_if_open(path);
            let key = PrivateKey::from_file(path, self.signing_alg, self.key_id.clone());
            return Ok(tokens.private_key(client_id, key));
        }
        if let Some(ClientCertificate { certificate, key }) = self.certificate() {
            warn_if_open(&key);
            return Ok(tokens.client_certificate(client_id, certificate, key));
        }
        let secret = self.secret()?;
        Ok(tokens.auth(if self.in_body {
            ClientAuth::client_secret_post(client_id, secret)
        } else {
            ClientAuth::client_secret_basic(client_id, secret)
        }))
    }

    /// What is shown to those who ask for a certificate.
    pub(super) fn certificate(&self) -> Option<ClientCertificate> {
        let (certificate, key) = self.client_cert.clone().zip(self.client_key.clone())?;
        Some(ClientCertificate { certificate, key })
    }

    /// The variables that may hold a secret.
    pub(super) fn variables(&self) -> impl Iterator<Item = String> + '_ {
        [CLIENT_SECRET.to_owned()].into_iter().chain(self.client_secret_env.clone())
    }

    fn secret(&self) -> Result<SecretSource, Failure> {
        if let Some(path) = &self.client_secret_file {
            return from_file(path);
        }
        let name = self.client_secret_env.as_deref().unwrap_or(CLIENT_SECRET);
        environment::variable("--client-secret-env", name)?;
        if environment::text(name).is_some() {
            return Ok(SecretSource::env(name));
        }
        let failure = Failure::new(format!("there is no secret: {} is not set", environment::shown(name)));
        Err(failure
            .next("set it, or name a credential by --client-secret-file, --private-key or another flag"))
    }
}

/// A secret that is read anew when it is needed, where that can be done: standard input and pipes are read once.
fn from_file(path: &Path) -> Result<SecretSource, Failure> {
    let secret = secret_file(path)?;
    Ok(if path.is_file() { SecretSource::file(path) } else { secret.into() })
}

fn no_client() -> Failure {
    Failure::new("no client is named").next(format!("add --client-id ID, or set {CLIENT_ID}"))
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    let known = || format!("it is none of {}", Algorithm::ALL.map(Algorithm::as_str).join(", "));
    Algorithm::parse(name).ok_or_else(known)
}
