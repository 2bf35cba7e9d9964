//! `countersign inspect`: what a token says, and step by step whether it may be believed.

mod steps;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_client::{Endpoint, HttpClient, Settings, discovery};
use countersign_proto::jose::{Claims, jws};
use serde_json::json;

use super::pasted::Pasted;
use super::steps::{Steps, advice_on_form};
use crate::context::Choice;
use crate::failure::Failure;
use crate::moment::now;
use crate::output::{Output, clean};

/// Decode a token, verify it against its issuer, and explain what is wrong: exit with 0 when it is good, with 1 when not
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pasted: Pasted,
    /// The issuer that it must be from; unless given, the one that it names
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// An API that it must be for
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// A scope that it must have; repeatable
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// A PEM file of authorities to trust besides the platform's; unless given, the context's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Allow plain HTTP to an issuer that is not on loopback: whoever is in between may give us keys of theirs
    #[arg(long)]
    danger_plain_http: bool,
    #[command(flatten)]
    choice: Choice,
}

impl Inspect {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let token = self.pasted.token()?;
        let mut steps = Steps::default();
        let decoded = self.examine(&token, &mut steps).await;
        if output.is_json() {
            let (header, claims) = decoded.unwrap_or_default();
            let whole = json!({ "valid": steps.good(), "header": header, "claims": claims, "checks": steps.as_json() });
            output.text(&whole.to_string());
        } else {
            if let Some((header, claims)) = decoded {
                output.text(&format!("header  {}\nclaims  {}\n", pretty(&header), pretty(&claims)));
            }
            let verdict = if steps.good() { "the token is good" } else { "the token is NOT good" };
            output.text(&format!("{steps}\n{verdict}\n"));
        }
        Ok(if steps.good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Takes every step that can be taken, and returns header and claims as they stand in the token.
    async fn examine(
        &self,
        token: &str,
        steps: &mut Steps,
    ) -> Option<(serde_json::Value, serde_json::Value)> {
        let decoded = decoded(token);
        let unverified = match jws::parse(token) {
            Ok(unverified) => unverified,
            Err(error) => {
                steps.fail("form", error.to_string(), advice_on_form(token));
                return decoded;
            }
        };
        steps.pass("form", format!("a compact JWS signed with {}", unverified.header().alg()));
        let claims = match Claims::parse(unverified.payload()) {
            Ok(claims) => claims,
            Err(error) => {
                steps.fail("claims", error.to_string(), "the issuer writes claims of the wrong type");
                return decoded;
            }
        };
        steps.typ(unverified.header().typ());
        steps.times(&claims, now().0);
        steps.audience(&claims, self.audience.as_deref());
        steps.scopes(&claims, &self.scopes);
        if let Some(issuer) = steps.issuer(&claims, self.issuer.as_deref()) {
            self.signature(unverified, &issuer, steps).await;
        }
        decoded
    }

    async fn signature(&self, unverified: jws::Unverified<'_>, issuer: &str, steps: &mut Steps) {
        let judge: discovery::Judge =
            if self.danger_plain_http { Endpoint::danger_parse_any_http } else { Endpoint::parse };
        // the context's authorities are for the context's server; to trust them here harms nobody else
        let ca_file = self.ca_file.clone().or_else(|| self.choice.load().ok().and_then(|(_, c)| c.ca_file));
        let http = HttpClient::new(Settings { ca_file, ..Settings::default() });
        let metadata = match discovery::metadata(&http, issuer, judge).await {
            Ok(metadata) => metadata,
            Err(error) => {
                steps.fail(
                    "metadata",
                    error.to_string(),
                    "without its issuer's keys nobody can verify a token",
                );
                return;
            }
        };
        steps.pass("metadata", format!("keys at {}", metadata.jwks_uri));
        match discovery::keys(&http, &metadata, judge).await {
            Ok(keys) => steps.signature(unverified, issuer, &keys),
            Err(error) => {
                steps.fail("keys", error.to_string(), "without its issuer's keys nobody can verify a token")
            }
        }
    }
}

/// Header and claims as JSON, without any judgement.
fn decoded(token: &str) -> Option<(serde_json::Value, serde_json::Value)> {
    let mut parts = token.split('.').map(|part| {
        let bytes = countersign_proto::jose::base64url::decode(part).ok()?;
        serde_json::from_slice(&bytes).ok()
    });
    Some((parts.next()??, parts.next()??))
}

fn pretty(value: &serde_json::Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    // newlines are the printer's own, whatever else controls a terminal is the token's
    text.lines().map(clean).collect::<Vec<_>>().join("\n        ")
}

const LONG: &str = "\
Decode a token, verify it against its issuer's metadata and keys, and explain step by step what is wrong.

Unless --issuer says whom to believe, the token's own word is taken for where its keys are: a token that verifies so is \
genuinely from that issuer, and whether you trust that issuer is yours to know.";

const EXAMPLES: &str = "\
Examples:
  countersign token --context svc | countersign inspect -
  countersign inspect - --issuer https://auth.example.com/realms/myorg \\
      --audience https://orders.example
  countersign inspect - --scope orders:write --output json";
