//! Writes the hostile and the lenient tokens as one JSON document, with what a verifier needs to judge them.
//!
//! ```text
//! cargo run --example hostile -- [--now SECONDS]     default: now
//! ```

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_proto::jose::{Algorithm, rules::DEFAULT_LEEWAY};
use countersign_proto::time::UnixTime;
use countersign_testkit::hostile::{Accepts, Expect};
use countersign_testkit::{TestClock, TestIssuer, hostile, lenient};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let now = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Some(present()),
        ["--now", seconds] => seconds.parse().ok(),
        _ => None,
    };
    let Some(now) = now else {
        let _ = writeln!(io::stderr(), "usage: hostile [--now SECONDS]");
        return ExitCode::from(2);
    };
    let clock = Arc::new(TestClock::at(UnixTime(now)));
    let issuer = TestIssuer::with().clock(clock.clone()).start().await;
    let other = TestIssuer::with().clock(clock).path("/realms/other").start().await;
    match writeln!(io::stdout(), "{}", document(&issuer, &other)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn document(issuer: &TestIssuer, other: &TestIssuer) -> Value {
    let audience = TestIssuer::AUDIENCE;
    let bad = hostile(issuer, other, audience).into_iter().map(|token| {
        let ours = match token.expect {
            Expect::Refused(_) => "refused",
            Expect::Guard(_) => "refused by the guard",
        };
        entry(token.name, token.id, &token.token, token.accepts, ours)
    });
    let good = lenient(issuer, audience)
        .into_iter()
        .map(|token| entry(token.name, token.id, &token.token, token.accepts, "accepted"));
    json!({
        "issuer": issuer.issuer(),
        "audience": audience,
        "now": issuer.now(),
        "leeway": DEFAULT_LEEWAY,
        "algorithms": Algorithm::ALL,
        "jwks": issuer.key_set(),
        "tokens": bad.chain(good).collect::<Vec<_>>(),
    })
}

/// `ours` is what the tests of this workspace hold us to.
fn entry(name: &str, id: &str, token: &str, accepts: Accepts, ours: &str) -> Value {
    let (typ, required): (_, &[&str]) = match accepts {
        Accepts::AtJwt => (Some("at+jwt"), &["iss", "sub", "client_id", "aud", "exp", "iat", "jti"]),
        Accepts::Jwt => (Some("JWT"), &["iss", "sub", "aud", "exp"]),
        Accepts::MissingType => (None, &["iss", "sub", "aud", "exp"]),
    };
    json!({ "name": name, "id": id, "token": token, "typ": typ, "required": required, "ours": ours })
}

#[expect(clippy::disallowed_methods, reason = "foreign verifiers have no other clock")]
fn present() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
