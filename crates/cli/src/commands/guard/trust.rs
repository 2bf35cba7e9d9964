//! Whose tokens are taken, for whom, and on which terms: from flags and from the file of `--config`.

use std::path::PathBuf;

use clap::Args;
use countersign_client::ClientAuth;
use countersign_client::token::{Secret, Transport};
use countersign_guard::{BoundBy, TrustedIssuer, Verifier, VerifierBuilder};
use countersign_proto::jose::{Algorithm, JwkSet};

use super::file::{File, Introspection, IssuerTable};
use crate::failure::Failure;
use crate::private_file;

/// The flags that say whose tokens are taken.
#[derive(Args, Debug)]
pub(super) struct Trust {
    /// The issuer whose tokens are taken, exactly as they name it in `iss`
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The API that its tokens must be for, exactly as they name it in `aud`; repeatable
    #[arg(long = "audience", value_name = "ID", requires = "issuer")]
    audiences: Vec<String>,
    /// An algorithm that its tokens may be signed with; repeatable [default: RS256, PS256, ES256, ES384, EdDSA]
    #[arg(long = "alg", value_name = "ALG", requires = "issuer")]
    algs: Vec<String>,
    /// Take tokens of type JWT too, as Keycloak, Auth0, Entra and Okta write them
    #[arg(long, value_name = "TYP", value_parser = ["JWT"], requires = "issuer")]
    accept_typ: Option<String>,
    /// A claim that holds scopes besides `scope` and `scp`, such as `roles` or `permissions`; repeatable
    #[arg(long = "scope-claim", value_name = "NAME", requires = "issuer")]
    scope_claims: Vec<String>,
    /// Where the issuer's keys are, instead of where its metadata says
    #[arg(long, value_name = "URL", requires = "issuer", conflicts_with = "jwks_file")]
    jwks_uri: Option<String>,
    /// A file with the issuer's keys: nothing is fetched
    #[arg(long, value_name = "FILE", requires = "issuer")]
    jwks_file: Option<PathBuf>,
    /// A PEM file of authorities to trust besides the platform's
    #[arg(long, value_name = "FILE", requires = "issuer")]
    ca_file: Option<PathBuf>,
    /// Take only tokens that are bound to a DPoP key, to a client certificate, or to one of these
    #[arg(long, value_name = "HOW", value_parser = ["dpop", "mtls", "any"])]
    require_bound: Option<String>,
    /// An algorithm that DPoP proofs may be signed with; repeatable [default: ES256, ES384, PS256, EdDSA]
    #[arg(long = "proof-alg", value_name = "ALG")]
    proof_algs: Vec<String>,
    /// Demand a nonce of ours in each DPoP proof
    #[arg(long)]
    dpop_nonce: bool,
    /// Allow plain HTTP beyond loopback, to the issuer and for what listens: whoever is in between may give us keys of
    /// theirs, and read tokens
    #[arg(long)]
    pub(super) danger_plain_http: bool,
    /// Read settings from this TOML file; flags stand over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Trust {
    /// The file of `--config`, empty where none is given.
    pub(super) fn file(&self) -> Result<File, Failure> {
        self.config.as_deref().map_or_else(|| Ok(File::default()), File::read)
    }

    /// Whether plain HTTP is allowed beyond loopback.
    pub(super) fn allows_plain_http(&self, file: &File) -> bool {
        self.danger_plain_http || file.danger_plain_http
    }

    /// A verifier in the making, with every issuer that is trusted.
    pub(super) fn verifier(&self, file: &File) -> Result<VerifierBuilder, Failure> {
        let mut issuers = self.issuers(file)?.into_iter();
        let Some(first) = issuers.next() else {
            return Err(Failure::new("no issuer is trusted, so that nobody could be let in")
                .next("give --issuer URL with --audience ID, or [[issuer]] tables in the file of --config"));
        };
        let mut builder = issuers.fold(Verifier::builder(first), VerifierBuilder::issuer);
        if let Some(how) = self.require_bound.as_ref().or(file.require_bound.as_ref()) {
            builder = builder.require_bound(bound_by(how)?);
        }
        let proof_algs = if self.proof_algs.is_empty() { &file.proof_algs } else { &self.proof_algs };
        if !proof_algs.is_empty() {
            builder = builder.proof_algorithms(&algorithms(proof_algs)?);
        }
        if self.dpop_nonce || file.dpop_nonce {
            builder = builder.demand_nonce();
        }
        Ok(builder)
    }

    fn issuers(&self, file: &File) -> Result<Vec<TrustedIssuer>, Failure> {
        let given = self.issuer.clone().map(|url| IssuerTable {
            url,
            audiences: self.audiences.clone(),
            algs: self.algs.clone(),
            accept_typ: self.accept_typ.clone(),
            scope_claims: self.scope_claims.clone(),
            jwks_uri: self.jwks_uri.clone(),
            jwks_file: self.jwks_file.clone(),
            ca_file: self.ca_file.clone(),
            introspection: None,
        });
        let plain = self.allows_plain_http(file);
        given.iter().chain(&file.issuers).map(|table| trusted(table, plain)).collect()
    }
}

fn trusted(table: &IssuerTable, plain_http: bool) -> Result<TrustedIssuer, Failure> {
    let (first, more) = table.audiences.split_first().ok_or_else(|| {
        Failure::new(format!("the issuer {} has no audience: any token of its would be taken", table.url))
            .next("name the API as its tokens do in aud: --audience ID, or audiences = [\"ID\"]")
    })?;
    let mut issuer = TrustedIssuer::discover(&table.url, first);
    for audience in more {
        issuer = issuer.or_audience(audience);
    }
    if !table.algs.is_empty() {
        issuer = issuer.algorithms(&algorithms(&table.algs)?);
    }
    match table.accept_typ.as_deref() {
        None => {}
        Some("JWT") => issuer = issuer.accept_typ_jwt(),
        Some(other) => {
            return Err(Failure::new(format!("accept_typ is JWT or nothing, not {other}"))
                .next("tokens of type at+jwt are always taken"));
        }
    }
    for claim in &table.scope_claims {
        issuer = issuer.scope_claim(claim);
    }
    if let Some(file) = &table.ca_file {
        issuer = issuer.ca_file(file);
    }
    if plain_http {
        issuer = issuer.danger_plain_http();
    }
    match (&table.jwks_uri, &table.jwks_file, &table.introspection) {
        (None, None, None) => Ok(issuer),
        (Some(url), None, None) => Ok(issuer.jwks_uri(url)),
        (None, Some(path), None) => {
            let text = private_file::read(path, MAX_KEYS)
                .map_err(|error| Failure::new(format!("the keys in {}: {error}", path.display())))?;
            let keys = JwkSet::parse(text.as_bytes())
                .map_err(|error| Failure::new(format!("the keys in {}: {error}", path.display())))?;
            Ok(issuer.jwks(keys))
        }
        (None, None, Some(introspection)) => {
            Ok(issuer.introspect(introspection.url.clone(), client_auth(introspection)?))
        }
        _ => Err(Failure::new(format!(
            "the issuer {} has more than one of jwks_uri, jwks_file and introspection",
            table.url
        ))
        .next("keep the one that is to vouch for its tokens")),
    }
}

fn client_auth(introspection: &Introspection) -> Result<ClientAuth, Failure> {
    let secret = match (&introspection.client_secret_file, &introspection.client_secret_env) {
        (Some(path), None) => private_file::read(path, MAX_SECRET)
            .map_err(|error| Failure::new(format!("the secret in {}: {error}", path.display())))?,
        (None, Some(name)) => crate::environment::text(name)
            .ok_or_else(|| Failure::new(format!("the environment variable {name} is not set")))?,
        _ => {
            return Err(Failure::new("introspection needs the client's secret")
                .next("give one of client_secret_file and client_secret_env"));
        }
    };
    let secret = Secret::new(secret.trim_end_matches(['\r', '\n']).to_owned());
    Ok(ClientAuth {
        client_id: introspection.client_id.clone(),
        client_secret: secret,
        transport: Transport::Basic,
    })
}

fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, Failure> {
    let read = |name: &String| {
        Algorithm::parse(name).ok_or_else(|| {
            let known: Vec<_> = Algorithm::ALL.iter().map(|known| known.as_str()).collect();
            Failure::new(format!("{name} is no algorithm that is taken here"))
                .next(format!("choose of {}", known.join(", ")))
        })
    };
    names.iter().map(read).collect()
}

fn bound_by(how: &str) -> Result<BoundBy, Failure> {
    match how {
        "dpop" => Ok(BoundBy::Dpop),
        "mtls" => Ok(BoundBy::Mtls),
        "any" => Ok(BoundBy::Any),
        other => Err(Failure::new(format!("require_bound is dpop, mtls or any, not {other}"))),
    }
}

const MAX_KEYS: u64 = 256 * 1024;
const MAX_SECRET: u64 = 4096;
