//! `docs/errors.md` is what the code says: written from the types, compared here. `scripts/generate` writes it anew.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails in a test must be seen")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use countersign_issuer::refusal::{AuthnFailure, Refusal};
use countersign_proto::error::ErrorCode;
use countersign_proto::scope::ScopeParam;

/// T-6749-20, T-6749-21: the page of errors is current, and every description is made of allowed bytes.
#[test]
fn the_page_of_errors_is_current() {
    let page = page();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if env::var_os("WRITE_PAGES").is_some() {
        fs::write(&path, &page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), page, "run scripts/generate");
}

fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    let codes = include_str!("../../proto/src/error.rs");
    for code in ErrorCode::ALL {
        let meaning = doc_of(codes, &format!("{code:?}"));
        writeln!(page, "| `{}` | {} | {meaning} |", code.as_str(), code.status()).unwrap();
    }

    page.push_str(REFUSALS);
    for refusal in refusals() {
        let (reason, code, said) = (refusal.reason(), refusal.code(), refusal.description());
        assert!(said.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{reason}");
        writeln!(page, "| `{reason}` | `{}` | {} | {said} |", code.as_str(), code.status()).unwrap();
    }

    page.push_str(AUTHENTICATION);
    let failures = include_str!("../src/refusal.rs");
    for failure in FAILURES {
        let meaning = doc_of(failures, &format!("{failure:?}"));
        writeln!(page, "| `{}` | {meaning} |", failure.as_str()).unwrap();
    }
    page.push_str(FAULTS);
    page
}

/// One of each kind; a new kind does not compile until it is here.
fn refusals() -> Vec<Refusal> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = vec![
        Refusal::Unauthenticated(AuthnFailure::WrongSecret),
        Refusal::NoGrantType,
        Refusal::UnsupportedGrantType,
        Refusal::Repeated,
        Refusal::Malformed("The body is not UTF-8 after percent-decoding.".into()),
        Refusal::ScopeSyntax(ScopeParam::parse("a  b").err().unwrap()),
        Refusal::ScopeNotGranted {
            refused: names(&["orders:delete"]),
            allowed: names(&["orders:read", "orders:write"]),
            asked: "orders:delete".to_owned(),
        },
        Refusal::TargetSyntax { allowed: names(&["https://orders.example"]) },
        Refusal::ManyTargets { allowed: names(&["https://orders.example"]) },
        Refusal::UnknownTarget {
            asked: "https://nowhere.example".to_owned(),
            allowed: names(&["https://orders.example"]),
        },
        Refusal::NoGrant {
            api: "https://billing.example".to_owned(),
            client_id: "svc".to_owned(),
            allowed: names(&["https://orders.example"]),
        },
    ];
    for refusal in &all {
        match refusal {
            Refusal::Unauthenticated(_)
            | Refusal::NoGrantType
            | Refusal::UnsupportedGrantType
            | Refusal::Repeated
            | Refusal::Malformed(_)
            | Refusal::ScopeSyntax(_)
            | Refusal::ScopeNotGranted { .. }
            | Refusal::TargetSyntax { .. }
            | Refusal::ManyTargets { .. }
            | Refusal::UnknownTarget { .. }
            | Refusal::NoGrant { .. } => {}
        }
    }
    all
}

/// The doc comment of a variant, from the source: one text for those who read the code and those who read the page.
fn doc_of(source: &str, variant: &str) -> String {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let ends = [format!("{variant},"), format!("{variant}(")];
    let at = lines.iter().position(|line| ends.iter().any(|end| line.starts_with(end.as_str()))).unwrap();
    let mut doc: Vec<&str> = lines[..at].iter().rev().map_while(|line| line.strip_prefix("/// ")).collect();
    doc.reverse();
    assert!(!doc.is_empty(), "{variant} has no doc comment");
    doc.join(" ")
}

const FAILURES: [AuthnFailure; 11] = [
    AuthnFailure::NoCredentials,
    AuthnFailure::NoSecret,
    AuthnFailure::Unreadable,
    AuthnFailure::UnknownClient,
    AuthnFailure::WrongSecret,
    AuthnFailure::ExpiredSecret,
    AuthnFailure::ClientDisabled,
    AuthnFailure::ClientExpired,
    AuthnFailure::RealmDisabled,
    AuthnFailure::OtherMethod,
    AuthnFailure::SourceNotAllowed,
];

const INTRODUCTION: &str = "\
# Errors

<!-- Written by `scripts/generate`; a test checks that it is current. -->

Native OAuth endpoints answer errors as JSON with `error` and `error_description` (RFC 6749 §5.2), never cached. The admin
API answers problems (RFC 9457) that name the field; each dialect answers as its original does, see
[dialects](dialects.md). Every answer carries `X-Request-Id`, and the log line under that id names the true reason.

## Codes

| error | status | meaning |
|---|---|---|
";

const REFUSALS: &str = "
## Refusals

The request is wrong. The reason stands in the log and in the metric `refusals`; the description is what the caller
reads, here with example names.

| reason | error | status | description |
|---|---|---|---|
";

const AUTHENTICATION: &str = "
## Why a client was not authenticated

The caller reads one and the same answer for all of these, whether or not the client exists; the log has the reason.

| reason | meaning |
|---|---|
";

const FAULTS: &str = "
## Faults

We are broken, and the request may have been right. What will pass (the store does not answer, too many requests) is 503
`temporarily_unavailable` with `Retry-After`; anything else is 500 `server_error`. The cause is logged once, under the
request's id, and never sent. A fault is never told as a refusal: no client drops a good secret because a database is away.
";
