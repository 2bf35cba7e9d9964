//! `countersign guard check`: why a token would pass a guard, or not, step by step. The guard's own verifier judges.

mod explain;

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use countersign_guard::identity::{IdentityHeaders, NotPrintable};
use countersign_guard::refusal::Unbound;
use countersign_guard::{Access, Refusal, Require, Verifier};
use serde_json::{Value, json};
use tokio::time::timeout;

use self::explain::{Says, explain};
use super::super::pasted::Pasted;
use super::file::File;
use super::trust::{self, Trust};
use crate::failure::Failure;
use crate::moment::rfc3339;
use crate::output::{Output, clean};

/// Explain why a token would pass a guard with these flags, or not: exit with 0 when it would, with 1 when not
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Check {
    #[command(flatten)]
    pasted: Pasted,
    /// A scope that the request needs; repeatable, all are needed
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    #[command(flatten)]
    trust: Trust,
}

impl Check {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let require = match self.scopes.as_slice() {
            [] => Require::token(),
            scopes => Require::all(scopes).map_err(|error| Failure::new(format!("--scope: {error}")))?,
        };
        let file = self.trust.file()?;
        let verifier = trust::build(self.trust.verifier(&file)?)?;
        let token = self.pasted.token()?;
        let (genuine, judged) = match self.genuine(&verifier, &token).await {
            Ok(access) => (Some(access.clone()), self.suffices(&file, &require, access)),
            Err(refusal) => (None, Err(refusal)),
        };

        let says = Says::read(&token);
        let is_asked = self.is_asked_about(&file, says.issuer());
        let awaited =
            verifier.waiting_for().find(|(issuer, _)| says.issuer().is_none_or(|says| says == *issuer));
        let why_unknown = awaited.and_then(|(_, why)| why);
        let steps = explain(&says, is_asked, (genuine.as_ref(), &judged), why_unknown.as_deref());
        if output.is_json() {
            let whole = json!({
                "passes": judged.is_ok(),
                "reason": judged.as_ref().err().map(|refusal| refusal.reason().as_str()),
                "access": judged.as_ref().ok().map(access_json),
                "checks": steps.as_json(),
            });
            output.text(&whole.to_string());
        } else {
            let verdict = judged.as_ref().map_or_else(|_| "a guard would refuse it".to_owned(), verdict);
            output.text(&format!("{steps}\n{verdict}\n"));
        }
        Ok(if judged.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// As a guard does, except that nobody presents the token: what it is bound to remains to be shown.
    async fn genuine(&self, verifier: &Verifier, token: &str) -> Result<Access, Refusal> {
        let judged = timeout(PATIENCE, verifier.danger_verify_unpresented(token)).await;
        judged.unwrap_or(Err(Refusal::Unavailable))
    }

    /// Whether what a genuine token says is enough.
    fn suffices(&self, file: &File, require: &Require, access: Access) -> Result<Access, Refusal> {
        if self.trust.bound_by(file).is_some_and(|by| !by.is_met_by(&access)) {
            return Err(Refusal::Binding(Unbound::Required));
        }
        require.check(&access)?;
        identity(&access).map_err(|_| Refusal::NotPrintable)?;
        Ok(access)
    }

    /// Whether it is the issuer that judges the token, as one that it can read alone, or is to be asked about.
    fn is_asked_about(&self, file: &File, issuer: Option<&str>) -> bool {
        let asked = |url: &str| issuer.is_none_or(|issuer| issuer == url);
        self.trust.tables(file).iter().any(|table| table.introspection.is_some() && asked(&table.url))
    }
}

/// How `guard proxy` and `guard forward-auth` tell a service who calls.
fn identity(access: &Access) -> Result<IdentityHeaders, NotPrintable> {
    IdentityHeaders::of(access.client_id(), access.subject(), access.issuer(), access.scope())
}

fn verdict(access: &Access) -> String {
    format!(
        "it would pass: {} of {}, until {}",
        clean(access.client_id().unwrap_or(access.subject())),
        clean(access.issuer()),
        rfc3339(countersign_proto::time::UnixTime(access.expires_at())),
    )
}

fn access_json(access: &Access) -> Value {
    json!({
        "issuer": access.issuer(),
        "subject": access.subject(),
        "client_id": access.client_id(),
        "audience": access.audience(),
        "scope": access.scope(),
        "expires_at": access.expires_at(),
        "bound": access.confirmation().is_some(),
    })
}

/// What one fetch may take, and a little.
const PATIENCE: Duration = Duration::from_secs(12);

const LONG: &str = "\
Explain step by step why a token would pass a guard with these flags, or not: exit with 0 when it would, with 1 when \
not. The guard's own verifier judges. What a token is bound to, a key or a certificate, a request must show besides.";

const EXAMPLES: &str = "\
Examples:
  countersign token --context svc | countersign guard check - \\
      --issuer http://localhost:8080/realms/myorg --audience https://orders.example
  countersign guard check - --config guard.toml --scope orders:write
  countersign guard check - --issuer https://id.example/realms/myorg \\
      --audience https://orders.example --scope orders:write --output json";
