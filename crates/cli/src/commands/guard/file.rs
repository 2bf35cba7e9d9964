//! The file of `--config`: what flags can say, and what they cannot, several issuers each on its own terms.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::Failure;
use crate::private_file;

/// What the file says; flags stand over it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Option<String>,
    pub(super) ops: Option<String>,
    pub(super) public_url: Option<String>,
    pub(super) rules: Option<PathBuf>,
    pub(super) tls_cert: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) client_certs: Option<String>,
    pub(super) client_certs_from_header: Option<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) require_bound: Option<String>,
    pub(super) proof_algs: Vec<String>,
    pub(super) dpop_nonce: bool,
    pub(super) allow_preflight: bool,
    pub(super) danger_plain_http: bool,
    pub(super) upstream: Option<String>,
    pub(super) upstream_ca_file: Option<PathBuf>,
    pub(super) upstream_timeout: Option<u64>,
    pub(super) pass_authorization: bool,
    pub(super) trust_forwarded: Option<String>,
    #[serde(rename = "issuer")]
    pub(super) issuers: Vec<IssuerTable>,
}

/// One `[[issuer]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    pub(super) url: String,
    pub(super) audiences: Vec<String>,
    #[serde(default)]
    pub(super) algs: Vec<String>,
    pub(super) accept_typ: Option<String>,
    #[serde(default)]
    pub(super) scope_claims: Vec<String>,
    pub(super) jwks_uri: Option<String>,
    pub(super) jwks_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) introspection: Option<Introspection>,
}

/// `introspection` of an issuer: it is asked about each token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Introspection {
    pub(super) url: Option<String>,
    pub(super) client_id: String,
    pub(super) client_secret_file: Option<PathBuf>,
    pub(super) client_secret_env: Option<String>,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = private_file::read(path, MAX_FILE)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        toml::from_str(&text).map_err(|error| {
            // the library's words name the line, and for an unknown key those that there are
            Failure::new(format!("{}: {}", path.display(), error.to_string().trim_end()))
                .next("docs/guard.md#configuration-file lists what a file may hold")
        })
    }
}

const MAX_FILE: u64 = 1 << 20;
