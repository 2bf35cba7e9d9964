//! `countersign guard forward-auth`: answers proxies that ask whether they may pass a request on.

use clap::Args;
use countersign_guard::Rules;
use countersign_guard::forward_auth::ForwardAuth as Service;
use countersign_guard::forwarded::Family;

use super::file::TrustForwarded;
use super::given::Given;
use super::serving::{Door, Serving};
use crate::failure::Failure;
use crate::output::Output;

/// Answer nginx, Caddy or Traefik, at /auth, whether a request may pass
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct ForwardAuth {
    /// Which headers of a trusted proxy tell the original request; without it the token alone is judged
    #[arg(long, value_name = "FAMILY")]
    trust_forwarded: Option<TrustForwarded>,
    #[command(flatten)]
    given: Given,
}

impl ForwardAuth {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let given = &self.given;
        let mut file = given.trust.file()?;
        file.client_certs = None; // that of a file which is shared with a proxy; the flag is a slip
        let family = self.trust_forwarded.or(file.trust_forwarded).map(|family| match family {
            TrustForwarded::Original => Family::Original,
            TrustForwarded::Forwarded => Family::Forwarded,
        });
        let rules = given.rules(&file)?;
        let allows_preflight = given.allows_preflight(&file);
        if family.is_none() && (rules.is_some() || allows_preflight) {
            let what = if rules.is_some() { "rules need" } else { "to tell a preflight needs" };
            return Err(Failure::new(format!(
                "{what} the original request, and it is not known which headers tell it"
            ))
            .next("give --trust-forwarded original for nginx, forwarded for Caddy and Traefik"));
        }
        if family.is_none() && given.names_proxies() && !given.knows_certificates(&file) {
            return Err(Failure::new("--trusted-proxy says whose headers are read, and none are").next(
                "give --trust-forwarded original for nginx, forwarded for Caddy and Traefik, or leave it out",
            ));
        }
        if family.is_some() && given.trusts_no_proxy(&file) {
            return Err(Failure::new(
                "a trusted proxy tells the original request, and trusted_proxies is empty: everything would be refused",
            )
            .next("name the proxy, such as trusted_proxies = [\"127.0.0.1\"], or leave the line out for loopback"));
        }
        let (certificates, trusted_proxies) = (given.certificates(&file)?, given.trusted_proxies(&file)?);
        let serving = Serving::begin(given, &file, Door::ForwardAuth { knows_request: family.is_some() })?;
        let verifier = serving.verifier().clone();
        let service = match family {
            None => Service::of_tokens(verifier, certificates),
            Some(family) => {
                let rules = rules.unwrap_or_else(Rules::everything_needs_a_token);
                super::judge_rules(&rules, &verifier)?;
                Service::of_requests(verifier, certificates, (family, trusted_proxies), rules)
            }
        };
        let service = if allows_preflight { service.allow_preflight() } else { service };
        serving.run(service, None, output).await
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
