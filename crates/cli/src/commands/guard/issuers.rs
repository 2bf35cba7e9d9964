//! An issuer as it stands in a file or in flags, made ready to be trusted.

use countersign_guard::{Algorithm, ClientAuth, JwkSet, Secret, TrustedIssuer};

use super::file::{Introspection, IssuerTable};
use crate::failure::Failure;
use crate::private_file;

/// The issuer of a table, each on its own terms.
pub(super) fn trusted(table: &IssuerTable, plain_http: bool) -> Result<TrustedIssuer, Failure> {
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
    if table.accept_typ.is_some() {
        issuer = issuer.accept_typ_jwt();
    }
    for claim in &table.scope_claims {
        issuer = issuer.scope_claim(claim);
    }
    if let Some(file) = &table.ca_file {
        issuer = issuer.ca_file(file);
    }
    if let Some(seconds) = table.leeway_seconds {
        issuer = issuer.leeway(seconds);
    }
    if plain_http {
        issuer = issuer.danger_plain_http();
    }
    if table.jwks_file.is_some() && table.ca_file.is_some() {
        return Err(Failure::new(format!(
            "nothing is fetched from the issuer {}, whose keys are in a file, so that its authorities say nothing",
            table.url
        ))
        .next("leave one out: --ca-file or --jwks-file (ca_file or jwks_file in its [[issuer]])"));
    }
    match (&table.jwks_uri, &table.jwks_file, &table.introspection) {
        (None, None, None) => Ok(issuer),
        (Some(url), None, None) => Ok(issuer.jwks_uri(url)),
        (None, Some(path), None) => {
            let wrong = |error: &dyn std::fmt::Display| {
                Failure::new(format!("the keys in {}: {error}", path.display()))
                    .next("the file holds what the issuer serves at its jwks_uri: {\"keys\": [...]}")
            };
            let text = private_file::read(path, MAX_KEYS).map_err(|error| wrong(&error))?;
            Ok(issuer.jwks(JwkSet::parse(text.as_bytes()).map_err(|error| wrong(&error))?))
        }
        (None, None, Some(introspection)) => {
            issuer = issuer.introspect(introspection.url.clone(), client_auth(introspection)?);
            for origin in &introspection.endpoints_at {
                issuer = issuer.endpoints_at(origin);
            }
            if let Some(seconds) = introspection.active_seconds {
                issuer = issuer.active_for(seconds);
            }
            if let Some(seconds) = introspection.inactive_seconds {
                issuer = issuer.inactive_for(seconds);
            }
            Ok(issuer)
        }
        _ => Err(Failure::new(format!(
            "the issuer {} has more than one of jwks_uri, jwks_file and introspection",
            table.url
        ))
        .next("keep the one that is to vouch for its tokens")),
    }
}

/// Algorithms by their names.
pub(super) fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, Failure> {
    let read = |name: &String| {
        Algorithm::parse(name).ok_or_else(|| {
            let known: Vec<_> = Algorithm::ALL.iter().map(|known| known.as_str()).collect();
            Failure::new(format!("{name} is no algorithm that is taken here"))
                .next(format!("choose of {}", known.join(", ")))
        })
    };
    names.iter().map(read).collect()
}

fn client_auth(introspection: &Introspection) -> Result<ClientAuth, Failure> {
    let secret = match (&introspection.client_secret_file, &introspection.client_secret_env) {
        (Some(path), None) => private_file::read(path, MAX_SECRET).map_err(|error| {
            Failure::new(format!("cannot read the secret in {}: {error}", path.display()))
                .next("write the client's secret into that file, or name another by client_secret_file")
        })?,
        (None, Some(name)) => crate::environment::text(name).ok_or_else(|| {
            let wrong =
                Failure::new(format!("client_secret_env: {} is not set", crate::environment::shown(name)));
            wrong.next("set it to the client's secret, or name a file by client_secret_file")
        })?,
        _ => {
            return Err(Failure::new("introspection needs the client's secret")
                .next("give one of client_secret_file and client_secret_env"));
        }
    };
    let secret = Secret::new(secret.trim_end_matches(['\r', '\n']).to_owned());
    Ok(ClientAuth::client_secret_basic(introspection.client_id.clone(), secret))
}

const MAX_KEYS: u64 = 256 * 1024;
const MAX_SECRET: u64 = 4096;
