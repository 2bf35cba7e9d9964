//! `countersign guard forward-auth`: answers proxies that ask whether they may pass a request on.

use clap::Args;
use countersign_guard::forward_auth::ForwardAuth as Service;
use countersign_guard::forwarded::Family;

use super::given::Given;
use super::serving::Serving;
use crate::failure::Failure;
use crate::output::Output;

/// Answer nginx, Caddy or Traefik, at /auth, whether a request may pass
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct ForwardAuth {
    /// Which headers tell the original request: X-Original-… (nginx) or X-Forwarded-… (Caddy, Traefik); without it the
    /// token alone is judged
    #[arg(long, value_name = "FAMILY", value_parser = ["original", "forwarded"])]
    trust_forwarded: Option<String>,
    #[command(flatten)]
    given: Given,
}

impl ForwardAuth {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let given = &self.given;
        let file = given.trust.file()?;
        let family = self.trust_forwarded.as_ref().or(file.trust_forwarded.as_ref());
        let family: Option<Family> = family.map(|name| name.parse()).transpose().map_err(Failure::new)?;
        let rules = given.rules(&file)?;
        let preflight = given.allows_preflight(&file);
        if family.is_none() && (rules.is_some() || preflight) {
            return Err(Failure::new(
                "rules need the original request, and it is not known which headers tell it",
            )
            .next("give --trust-forwarded original for nginx, forwarded for Caddy and Traefik"));
        }
        let builder = given.trust.verifier(&file)?;
        let serving = Serving::begin(given, &file)?;
        let verifier = serving.verifier(builder, given, &file)?;
        let certificates = given.certificates(&file)?;
        let service = match family {
            None => Service::of_tokens(verifier.clone(), certificates),
            Some(family) => {
                let rules = rules.unwrap_or_else(countersign_guard::Rules::everything_needs_a_token);
                super::judge_rules(&rules, &verifier)?;
                let told = (family, given.trusted_proxies(&file)?);
                Service::of_requests(verifier.clone(), certificates, told, rules)
            }
        };
        let service = if preflight { service.allow_preflight() } else { service };
        serving.run(service, verifier, output).await
    }
}

const LONG: &str = "\
Answer a proxy that asks before it passes a request on: nginx's auth_request, Caddy's forward_auth, Traefik's \
ForwardAuth. /auth answers 200 with who calls in X-Auth-… headers, 401 or 403, and 503 while the issuer's keys are not \
there. docs/guard.md has what to put into the proxy's configuration.";

const EXAMPLES: &str = "\
Examples:
  countersign guard forward-auth --issuer http://localhost:8080/realms/myorg \\
      --audience https://orders.example
  countersign guard forward-auth --issuer https://id.example/realms/myorg \\
      --audience https://orders.example --trust-forwarded original --rules rules.toml";
