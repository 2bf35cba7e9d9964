//! Whose tokens are taken, for whom, and on which terms: from flags and from the file of `--config`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign_client::{Endpoint, EndpointError};
use countersign_guard::{BoundBy, BuildError, JwksSettings, TrustedIssuer, Verifier, VerifierBuilder};

use super::file::{AcceptTyp, File, IssuerTable, RequireBound};
use super::issuers::trusted;
use crate::failure::Failure;

/// The flags that say whose tokens are taken.
#[derive(Args, Debug)]
#[command(next_help_heading = "Tokens")]
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
    #[arg(long, value_name = "TYP", requires = "issuer")]
    accept_typ: Option<AcceptTyp>,
    /// A claim that holds scopes besides `scope` and `scp`, such as `roles` or `permissions`; repeatable
    #[arg(long = "scope-claim", value_name = "NAME", requires = "issuer")]
    scope_claims: Vec<String>,
    /// Where the issuer's keys are, instead of where its metadata says
    #[arg(long, value_name = "URL", requires = "issuer", conflicts_with = "jwks_file")]
    jwks_uri: Option<String>,
    /// A file with the issuer's keys: nothing is fetched
    #[arg(long, value_name = "FILE", requires = "issuer")]
    jwks_file: Option<PathBuf>,
    /// A PEM file of authorities to trust besides the platform's, when the issuer is asked
    #[arg(long, value_name = "FILE", requires = "issuer")]
    ca_file: Option<PathBuf>,
    /// Take only tokens that are bound so
    #[arg(long, value_name = "HOW")]
    require_bound: Option<RequireBound>,
    /// Allow plain HTTP beyond loopback, to the issuer, to the upstream, and for what listens: whoever is in between may
    /// give us keys of theirs, and read tokens
    #[arg(long)]
    danger_plain_http: bool,
    /// Read settings from this TOML file; flags stand over it. Paths in it begin at the folder that the command is run in
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
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

    /// Refuses a URL of plain HTTP to elsewhere than this machine, unless that is allowed.
    pub(super) fn judge_plain_http(&self, file: &File, what: &str, url: &str) -> Result<(), Failure> {
        match Endpoint::parse(url) {
            Err(why @ EndpointError::PlainHttp) if !self.allows_plain_http(file) => {
                Err(Failure::new(format!("{what} {url}: {why}")).next(PLAIN_HTTP))
            }
            _ => Ok(()), // what else is wrong with it says who uses it
        }
    }

    /// The issuers, those of the file and the one of the flags.
    pub(super) fn tables(&self, file: &File) -> Vec<IssuerTable> {
        let given = self.issuer.clone().map(|url| IssuerTable {
            url,
            audiences: self.audiences.clone(),
            algs: self.algs.clone(),
            accept_typ: self.accept_typ,
            scope_claims: self.scope_claims.clone(),
            jwks_uri: self.jwks_uri.clone(),
            jwks_file: self.jwks_file.clone(),
            ca_file: self.ca_file.clone(),
            leeway_seconds: None,
            introspection: None,
        });
        given.into_iter().chain(file.issuers.iter().cloned()).collect()
    }

    /// A verifier in the making, with every issuer that is trusted.
    pub(super) fn verifier(&self, file: &File) -> Result<VerifierBuilder, Failure> {
        let mut issuers = self.issuers(file)?.into_iter();
        let Some(first) = issuers.next() else {
            return Err(Failure::new("no issuer is trusted, so that nobody could be let in")
                .next("give --issuer URL with --audience ID, or [[issuer]] tables in the file of --config"));
        };
        Ok(issuers.fold(Verifier::builder(first), VerifierBuilder::issuer).jwks(jwks(file)))
    }

    /// What tokens must be bound to.
    pub(super) fn bound_by(&self, file: &File) -> Option<BoundBy> {
        self.require_bound.or(file.require_bound).map(|how| match how {
            RequireBound::Dpop => BoundBy::Dpop,
            RequireBound::Mtls => BoundBy::Mtls,
            RequireBound::Any => BoundBy::Any,
        })
    }

    fn issuers(&self, file: &File) -> Result<Vec<TrustedIssuer>, Failure> {
        let plain = self.allows_plain_http(file);
        self.tables(file).iter().map(|table| trusted(table, plain)).collect()
    }
}

fn jwks(file: &File) -> JwksSettings {
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    let usual = JwksSettings::default();
    JwksSettings {
        refresh: file.jwks_refresh_seconds.map_or(usual.refresh, |said| seconds(said.get())),
        stale: file.jwks_stale_seconds.map_or(usual.stale, seconds),
        cool_down: file.jwks_cool_down_seconds.map_or(usual.cool_down, |said| seconds(said.get())),
        ..usual
    }
}

/// Builds a verifier, or says what to do.
pub(super) fn build(builder: VerifierBuilder) -> Result<Verifier, Failure> {
    builder.build().map_err(|error| match &error {
        BuildError::Url { why: EndpointError::PlainHttp, .. } => Failure::new(&error).next(PLAIN_HTTP),
        BuildError::Url { url, .. } if !url.contains("://") => Failure::new(&error).next(with_scheme(url)),
        BuildError::Twice(_) => Failure::new(&error).next(
            "an issuer of --issuer is added to those of the file: leave the flag out, or the [[issuer]] of this url",
        ),
        BuildError::Url { why: EndpointError::Syntax, .. } => {
            Failure::new(&error).next("write a whole URL, such as https://id.example")
        }
        BuildError::Leeway(_) => Failure::new(&error).next("set leeway_seconds to 60 or less"),
        _ => Failure::new(&error),
    })
}

/// What was probably meant by a URL without its scheme; an example where it could be no host.
pub(super) fn with_scheme(url: &str) -> String {
    let host = url.split('/').next().unwrap_or_default();
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let is_host = (name.contains('.') || name == "localhost" || name.starts_with('['))
        && !host.contains('@')
        && port.bytes().all(|byte| byte.is_ascii_digit() || name.starts_with('['));
    if !is_host {
        return "write a whole URL, such as https://id.example or http://127.0.0.1:3000".to_owned();
    }
    let is_here = ["127.", "localhost", "[::1]"].iter().any(|here| url.starts_with(here));
    format!("write {}://{url}", if is_here { "http" } else { "https" })
}

const PLAIN_HTTP: &str =
    "use https, or --danger-plain-http where nobody can be in between, as inside one machine's containers";

#[cfg(test)]
mod tests {
    use super::*;

    /// Each time of the file is that of its name, and what it does not say stays as it is.
    #[test]
    fn the_times_of_keys_are_settings() {
        let read = |text: &str| jwks(&toml::from_str(text).unwrap());
        assert_eq!(read(""), JwksSettings::default());
        let seconds = Duration::from_secs;
        let text = "jwks_refresh_seconds = 60\njwks_stale_seconds = 0\njwks_cool_down_seconds = 4294967295";
        let expected = JwksSettings {
            refresh: seconds(60),
            stale: seconds(0),
            cool_down: seconds(4_294_967_295),
            ..JwksSettings::default()
        };
        assert_eq!(read(text), expected);
    }
}
