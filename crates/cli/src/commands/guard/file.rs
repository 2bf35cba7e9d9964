//! The file of `--config`: what flags can say, and what they cannot, several issuers each on its own terms.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;
use crate::private_file;
use crate::slip::Slip;

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
    pub(super) client_certs: Option<ClientCerts>,
    pub(super) client_certs_from_header: Option<String>,
    /// With none at all, nobody's headers are read.
    pub(super) trusted_proxies: Option<Vec<String>>,
    pub(super) require_bound: Option<RequireBound>,
    #[serde(deserialize_with = "some_algorithms")]
    pub(super) proof_algs: Vec<String>,
    pub(super) dpop_nonce: bool,
    pub(super) allow_preflight: bool,
    pub(super) danger_plain_http: bool,
    pub(super) upstream: Option<String>,
    pub(super) upstream_ca_file: Option<PathBuf>,
    pub(super) upstream_timeout: Option<NonZeroU64>,
    pub(super) upstream_connections: Option<NonZeroUsize>,
    pub(super) pass_authorization: bool,
    pub(super) trust_forwarded: Option<TrustForwarded>,
    pub(super) cached_tokens: Option<usize>,
    pub(super) jwks_refresh_seconds: Option<NonZeroU32>,
    pub(super) jwks_stale_seconds: Option<u32>,
    pub(super) jwks_cool_down_seconds: Option<NonZeroU32>,
    pub(super) log_format: Option<String>,
    pub(super) log_level: Option<String>,
    #[serde(rename = "issuer")]
    pub(super) issuers: Vec<IssuerTable>,
}

/// One `[[issuer]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerTable {
    pub(super) url: String,
    pub(super) audiences: Vec<String>,
    #[serde(default, deserialize_with = "some_algorithms")]
    pub(super) algs: Vec<String>,
    pub(super) accept_typ: Option<AcceptTyp>,
    #[serde(default)]
    pub(super) scope_claims: Vec<String>,
    pub(super) jwks_uri: Option<String>,
    pub(super) jwks_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) leeway_seconds: Option<u32>,
    pub(super) introspection: Option<Introspection>,
}

/// `introspection` of an issuer: it is asked about each token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Introspection {
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) endpoints_at: Vec<String>,
    pub(super) client_id: String,
    pub(super) client_secret_file: Option<PathBuf>,
    pub(super) client_secret_env: Option<String>,
    pub(super) active_seconds: Option<u32>,
    pub(super) inactive_seconds: Option<u32>,
}

/// Tokens of which type are taken besides `at+jwt`.
#[derive(Clone, Copy, Debug, Deserialize, clap::ValueEnum)]
pub(super) enum AcceptTyp {
    #[value(name = "JWT")]
    #[serde(rename = "JWT")]
    Jwt,
}

/// Whether callers are asked for a certificate.
#[derive(Clone, Copy, Debug, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum ClientCerts {
    /// They may show one, of any chain, and need not
    Ask,
}

/// What tokens must be bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum RequireBound {
    /// A key, shown by DPoP proofs (RFC 9449)
    Dpop,
    /// A client certificate, shown by mutual TLS (RFC 8705)
    Mtls,
    /// One of these
    Any,
}

/// Which headers tell the original request.
#[derive(Clone, Copy, Debug, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum TrustForwarded {
    /// X-Original-Method and X-Original-URI, as nginx is told to set them
    Original,
    /// X-Forwarded-Method, -Uri and -Host, of Caddy and Traefik
    Forwarded,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = private_file::read(path, MAX_FILE).map_err(|error| {
            Failure::new(format!("cannot read {}: {error}", path.display()))
                .next("name a TOML file of settings, as docs/guard.md has one")
        })?;
        Self::parse(&text).map_err(|wrong| Failure::new(format!("{}:{wrong}", path.display())))
    }

    /// What is wrong is told with its line, and without the line's text, which might hold what is nobody's business.
    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let slip = Slip::of(&error, text);
            format!("{}: {}", slip.line, reworded(&slip))
        })
    }
}

/// Algorithms, one at least: a list of none could not mean what leaving it out means.
fn some_algorithms<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::deserialize(reader)?;
    if names.is_empty() { Err(D::Error::custom(NO_ALGORITHM)) } else { Ok(names) }
}

/// The reader's words in ours: for a name that is missing, and for one issuer where there is a list of them.
fn reworded(slip: &Slip<'_>) -> String {
    if slip.message == NO_ALGORITHM {
        return slip.message.to_owned();
    }
    let is_of_value = ["invalid type", "invalid value", "unknown variant", "wanted string or table"]
        .iter()
        .any(|said| slip.message.starts_with(said));
    if let Some((key, takes)) = slip.key().filter(|_| is_of_value).and_then(takes) {
        return format!("`{key}` is {takes}");
    }
    if slip.text.trim_end() == "[issuer]" && slip.message.starts_with("invalid type: map") {
        return "write [[issuer]] with two brackets: there may be several".to_owned();
    }
    match slip.message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        Some("audiences") => "`audiences` is missing: say for whom this issuer's tokens must be, such as \
                              audiences = [\"https://orders.example\"]"
            .to_owned(),
        Some("url") => "`url` is missing: the issuer's identifier, as its tokens say it in `iss`".to_owned(),
        Some(name) => format!("`{name}` is missing in this table"),
        None => slip.told(),
    }
}

/// What the value of a key is.
fn takes(key: &str) -> Option<(&str, &'static str)> {
    let takes = match key {
        "listen" | "ops" => "an address as text, such as \"127.0.0.1:8081\"",
        "public_url" | "upstream" | "url" | "jwks_uri" => "a URL as text, such as \"https://orders.example\"",
        "rules" | "tls_cert" | "tls_key" | "upstream_ca_file" | "jwks_file" | "ca_file"
        | "client_secret_file" => "the path of a file as text, such as \"rules.toml\"",
        "client_certs" => "\"ask\", or absent",
        "client_certs_from_header" => "the name of a header as text, such as \"Client-Cert\"",
        "require_bound" => "\"dpop\", \"mtls\" or \"any\", or absent",
        "accept_typ" => "\"JWT\", or absent",
        "trust_forwarded" => "\"original\" (nginx) or \"forwarded\" (Caddy, Traefik), or absent",
        "trusted_proxies" => "a list of texts, such as [\"10.0.0.0/8\"]",
        "proof_algs" | "algs" => "a list of texts, such as [\"ES256\"]",
        "audiences" | "endpoints_at" => "a list of texts, such as [\"https://orders.example\"]",
        "scope_claims" => "a list of texts, such as [\"roles\"]",
        "dpop_nonce" | "allow_preflight" | "danger_plain_http" | "pass_authorization" => "true or false",
        "upstream_timeout" | "jwks_refresh_seconds" | "jwks_cool_down_seconds" => {
            "a whole number of seconds, 1 or more"
        }
        "jwks_stale_seconds" | "leeway_seconds" | "active_seconds" | "inactive_seconds" => {
            "a whole number of seconds, 0 or more"
        }
        "upstream_connections" => "a whole number, 1 or more",
        "cached_tokens" => "a whole number, 0 or more",
        "log_format" | "log_level" | "client_id" | "client_secret_env" => "a text in quotes",
        "introspection" => "a table with client_id and client_secret_file or client_secret_env",
        "issuer" => "a table of its own for each issuer, under [[issuer]] with two brackets",
        _ => return None,
    };
    Some((key, takes))
}

const NO_ALGORITHM: &str = "an empty list would allow no algorithm at all: name at least one, such as [\"ES256\"], or \
                            leave the line out";
const MAX_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Design 5.14: what is not known is an error, with its line and the nearest name.
    #[test]
    fn slips_are_told_with_their_line() {
        for (text, said) in [
            ("\nlissten = 'x'", "2: there is no setting `lissten`; did you mean `listen`?"),
            ("[[issuers]]\nurl = 'x'", "1: there is no setting `issuers`; did you mean `issuer`?"),
            ("[[rule]]\npath = '/'", "1: there is no setting `rule`; did you mean `rules`?"),
            (
                "[[issuer]]\nurl = 'x'\naudience = 'x'",
                "3: there is no setting `audience`; did you mean `audiences`?",
            ),
            ("\n[[issuer]]\nurl = 'x'", "2: `audiences` is missing: say for whom"),
            ("[[issuer]]\naudiences = ['x']", "1: `url` is missing: the issuer's identifier"),
            ("\n[issuer]\nurl = 'x'\naudiences = ['x']", "2: write [[issuer]] with two brackets"),
            (
                "trust_forwarded = 'nginx'",
                "1: `trust_forwarded` is \"original\" (nginx) or \"forwarded\" (Caddy, Traefik)",
            ),
            ("[[issuer]]\naccept_typ = 'jwt'", "2: `accept_typ` is \"JWT\""),
            ("trusted_proxies = 'hunter2'", "1: `trusted_proxies` is a list of texts"),
            ("[[issuer]]\naudiences = ['x=', 5]", "2: "),
            ("[[issuer]]\nurl = 'x'\naudiences = [5]", "3: `audiences` is a list of texts"),
            ("client_certs = 5", "1: `client_certs` is \"ask\""),
            ("issuer = 'hunter2'", "1: `issuer` is a table of its own"),
            (
                "[[issuer]]\nintrospection = { client_id = 'x', active_seconds = -1 }",
                "2: `active_seconds` is a whole number of seconds, 0 or more",
            ),
            (
                "[[issuer]]\nurl = 'x'\naudiences = []\n[issuer.introspection]\nclient_id = 'x'\nclient_secret = 'hunter2'",
                "6: there is no setting `client_secret`; did you mean `client_secret_env`?",
            ),
            (
                "[[issuer]]\nurl = 'x'\naudiences = []\nintrospection = { password = 'hunter2' }",
                "4: there is no setting `password`; there are url, endpoints_at, client_id, client_secret_file, client_secret_env, active_seconds, inactive_seconds",
            ),
            ("\nupstream_timeout = 0", "2: `upstream_timeout` is a whole number of seconds, 1 or more"),
            ("\njwks_refresh_seconds = 0", "2: "),
            ("jwks_cool_down_seconds = 0", "1: "),
            ("jwks_stale_seconds = -1", "1: "),
            ("listen = ", "1: "),
            ("\nproof_algs = []", "2: an empty list would allow no algorithm at all: name at least one"),
            (
                "[[issuer]]\nurl = 'x'\naudiences = ['x']\nalgs = []",
                "4: an empty list would allow no algorithm at all: name at least one",
            ),
        ] {
            let error = File::parse(text).unwrap_err();
            assert!(error.starts_with(said), "{text}\n{error}");
            assert!(!error.contains("hunter2"));
        }
        assert!(File::parse("").unwrap().issuers.is_empty());
    }
}
