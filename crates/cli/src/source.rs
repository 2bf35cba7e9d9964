//! Where a token comes from: the flags and variables that `token`, `call` and `exec` have in common, and the source of
//! tokens that they make.

mod ask;
mod blame;
mod cache;
mod credential;
mod whose;

use std::path::PathBuf;

use clap::Args;
use countersign_client::{Builder, ClientCertificate, TokenSource};

use crate::environment;
use crate::failure::Failure;
use ask::AskFlags;
pub(crate) use blame::Blame;
use cache::CacheFlags;
use credential::CredentialFlags;
use whose::{Whose, WhoseFlags};

/// The flags; variables stand in for them, and a context for both.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SourceFlags {
    #[command(flatten)]
    whose: WhoseFlags,
    #[command(flatten)]
    credential: CredentialFlags,
    #[command(flatten)]
    ask: AskFlags,
    #[command(flatten)]
    cache: CacheFlags,
    /// A PEM file of authorities to trust besides the platform's
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    ca_file: Option<PathBuf>,
    /// An origin besides the issuer's own at which its metadata may name endpoints; repeatable
    #[arg(long = "endpoints-at", value_name = "ORIGIN", help_heading = "Network")]
    endpoints_at: Vec<String>,
    /// Allow plain HTTP to hosts that are not on loopback: secrets and tokens travel in the clear
    #[arg(long, help_heading = "Network")]
    danger_plain_http: bool,
}

/// What the flags come to.
pub(crate) struct Chosen {
    /// What makes the source.
    pub(crate) tokens: Builder,
    /// The client, where it is named.
    pub(crate) client_id: Option<String>,
    /// Its realm and its server's URL, where they are known.
    pub(crate) place: Option<(String, String)>,
    /// Authorities to trust besides the platform's.
    pub(crate) ca_file: Option<PathBuf>,
    /// What is shown to those who ask for a certificate.
    pub(crate) certificate: Option<ClientCertificate>,
    /// Variables that hold a secret, which no other program shall inherit.
    pub(crate) secret_variables: Vec<String>,
}

impl SourceFlags {
    /// Decides where the token comes from, and has it kept on disk unless that is not wanted.
    ///
    /// Asks nobody.
    pub(crate) fn choose(&self) -> Result<Chosen, Failure> {
        let whose = self.whose.decide(&environment::text, self.credential.is_given())?;
        if !self.endpoints_at.is_empty() && !matches!(whose, Whose::Issuer { .. }) {
            return Err(Failure::new(
                "--endpoints-at is for the metadata of an issuer, and none is read here",
            )
            .next("leave it out, or name the issuer with --issuer URL"));
        }
        let mut chosen = match whose {
            Whose::Issuer { issuer, client_id } => {
                let tokens = self.credential.prove(TokenSource::discover(issuer), client_id.as_deref())?;
                Chosen {
                    tokens,
                    client_id,
                    place: None,
                    ca_file: None,
                    certificate: None,
                    secret_variables: Vec::new(),
                }
            }
            Whose::Realm { realm, .. } if self.credential.signs() => {
                let realm = realm.as_deref().unwrap_or("NAME");
                return Err(Failure::new(
                    "--private-key signs assertions for one issuer, and a realm of a context does not name it",
                )
                .next(format!("use --issuer URL instead, such as --issuer https://id.example/realms/{realm}")));
            }
            Whose::Realm { context, realm, client_id } => {
                let (_, context) = whose::load(context.as_deref())?;
                let realm = realm.or(context.default_realm.clone()).unwrap_or(context.realm.clone());
                let endpoint = context.endpoint(&["realms", &realm, "oauth2", "token"])?;
                let tokens =
                    self.credential.prove(TokenSource::at(endpoint.to_string()), Some(&client_id))?;
                Chosen {
                    tokens: if context.danger_plain_http { tokens.danger_plain_http() } else { tokens },
                    client_id: Some(client_id),
                    place: Some((realm, context.server)),
                    ca_file: context.ca_file,
                    certificate: None,
                    secret_variables: Vec::new(),
                }
            }
            Whose::Context(name) => {
                let (_, context) = whose::load(name.as_deref())?;
                Chosen {
                    tokens: context.tokens()?,
                    client_id: Some(context.client_id),
                    place: Some((context.realm, context.server)),
                    ca_file: context.ca_file,
                    certificate: None,
                    secret_variables: context.client_secret_env.into_iter().collect(),
                }
            }
        };
        chosen.secret_variables.extend(self.credential.variables());
        if let Some(path) = &self.ca_file {
            chosen.ca_file = Some(path.clone());
        }
        if let Some(path) = &chosen.ca_file {
            chosen.tokens = chosen.tokens.ca_file(path);
        }
        chosen.certificate = self.credential.certificate();
        for origin in &self.endpoints_at {
            chosen.tokens = chosen.tokens.endpoints_at(origin);
        }
        if self.danger_plain_http {
            chosen.tokens = chosen.tokens.danger_plain_http();
        }
        // the variables belong to the client that is not named: a context that is named knows its own
        let variables = !self.whose.names_a_context();
        chosen.tokens = self.ask.apply(chosen.tokens, &|name| environment::text(name).filter(|_| variables));
        chosen.tokens = self.cache.apply(chosen.tokens);
        Ok(chosen)
    }

    /// As [`Self::choose`], for a token that is handed on: one that is bound to a key is of use while the key is kept.
    pub(crate) fn choose_to_hand_on(&self) -> Result<Chosen, Failure> {
        if self.ask.binds() && !self.cache.is_wanted() {
            return Err(Failure::new(
                "a token that is bound to a key is of no use without it, and --no-cache keeps none",
            )
            .next("leave out --no-cache, or spend the token at once with `countersign call`"));
        }
        let chosen = self.choose()?;
        if self.ask.binds() && chosen.client_id.is_none() {
            return Err(Failure::new(
                "a token that is bound to a key is of no use without it, and none is kept for a client without an id",
            )
            .next("add --client-id ID, or spend the token at once with `countersign call`"));
        }
        Ok(chosen)
    }

    /// Whether plain HTTP beyond loopback is allowed.
    pub(crate) const fn allows_plain_http(&self) -> bool {
        self.danger_plain_http
    }
}

impl Chosen {
    /// Makes the source. Asks nobody.
    pub(crate) fn build(self) -> Result<TokenSource, Failure> {
        self.tokens.build_unasked().map_err(|error| blame::misconfigured(&error))
    }
}
