//! `countersign guard check`: by its exit code for scripts, by its steps for people, as JSON for programs.

use super::issued::{API, Issuer};
use crate::harness::User;

/// Each fault is found at its step, with what to do, and ends with 1.
#[test]
fn each_fault_is_found_at_its_step() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let good = issuer.token(|_| {});
    let (head, _) = good.rsplit_once('.').unwrap();
    let scope = ["--scope", "orders:write"];
    for (step, advice, token, words) in [
        ("form", "opaque", "abc".to_owned(), &[][..]),
        ("form", "cut", head.to_owned(), &[]),
        ("form", "was more copied?", format!("{good} {good}"), &[]),
        ("form", "16 KiB", format!("{good}{}", "A".repeat(16 * 1024)), &[]),
        ("issuer", "character by character", issuer.token(|c| c["iss"] = "https://a.example/".into()), &[]),
        ("type", "--accept-typ JWT", issuer.typed("JWT", |_| {}), &[]),
        ("algorithm", "--alg", good.clone(), &["--alg", "RS256"]),
        ("audience", "--audience", issuer.token(|c| c["aud"] = "https://b.example".into()), &[]),
        ("times", "take a new one", issuer.token(|c| c["exp"] = 1.into()), &[]),
        ("times", "the clock", issuer.token(|c| c["nbf"] = 9_999_999_999_i64.into()), &[]),
        (
            "claims",
            "another kind",
            issuer.token(|c| drop(c.as_object_mut().unwrap().remove("client_id"))),
            &[],
        ),
        ("signature", "changed", format!("{head}.{}", "A".repeat(86)), &[]),
        ("binding", "--require-bound", good.clone(), &["--require-bound", "any"]),
        ("binding", "--require-bound", good.clone(), &["--require-bound", "dpop"]),
        ("binding", "--require-bound", good.clone(), &["--require-bound", "mtls"]),
        ("scope", "granted", good.clone(), &scope),
        ("headers", "the extractor in Rust", issuer.token(|c| c["sub"] = "a\nb".into()), &[]),
        ("headers", "printable ASCII", issuer.token(|c| c["client_id"] = "é".into()), &[]),
        ("headers", "printable ASCII", issuer.token(|c| c["sub"] = " svc ".into()), &[]),
    ] {
        let done = user.run(&[&["guard", "check", &token][..], &issuer.flags(), words].concat());
        assert_eq!(done.status.code(), Some(1), "{step}: {}{}", done.out, done.err);
        let line = done.out.lines().position(|line| line.starts_with(&format!("BAD  {step:<10}")));
        let line = line.unwrap_or_else(|| panic!("{step}: {}", done.out));
        assert!(done.out.lines().nth(line + 1).unwrap().contains(advice), "{advice}: {}", done.out);
        assert!(!done.out.contains(&token) || token.len() < 10, "{}", done.out);
    }
}

/// A good token passes, however it comes; as JSON each step can be read.
#[test]
fn a_good_token_passes() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let good = issuer.token(|claims| {
        claims["cnf"] = serde_json::json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
    });
    let done =
        user.run_with(&[&["guard", "check", "-"][..], &issuer.flags()].concat(), &format!("Bearer {good}\n"));
    assert!(done.status.success(), "{}", done.out);
    assert!(done.out.contains("each request must bring a DPoP proof"), "{}", done.out);
    let whole = format!("Authorization: Bearer {good}");
    let pasted = user.run(&[&["guard", "check", &whole][..], &issuer.flags()].concat());
    assert!(pasted.status.success(), "a whole line of a header: {}", pasted.out);
    let narrow =
        user.run(&[&["guard", "check", &good, "--scope", "orders:write"][..], &issuer.flags()].concat());
    assert!(narrow.out.contains("each request must bring a DPoP proof"), "in the same words: {}", narrow.out);
    let json =
        user.json(&[&["guard", "check", &good, "--scope", "orders:read"][..], &issuer.flags()].concat());
    assert_eq!((&json["passes"], &json["access"]["client_id"]), (&true.into(), &"shop".into()));
    let checks = json["checks"].as_array().unwrap();
    assert!(checks.len() == 12 && checks.iter().all(|check| check["outcome"] == "passed"), "{json}");
    let done = user.run(&[&["guard", "check", "abc", "--output", "json"][..], &issuer.flags()].concat());
    let json: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&json["passes"], &json["reason"]), (&false.into(), &"malformed_token".into()));
    assert_eq!(done.status.code(), Some(1));
}

/// Issue 4: the three commands share one file, also where it demands DPoP, for which a token alone brings no proof; what
/// does nothing here is no flag here.
#[test]
fn what_must_be_bound_is_checked_by_a_shared_file() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let bound = issuer.token(|claims| {
        claims["cnf"] = serde_json::json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" });
    });
    let file = format!(
        "require_bound = 'dpop'\ndpop_nonce = true\nproof_algs = ['ES256']\ncached_tokens = 0\n\
         [[issuer]]\nurl = '{}'\naudiences = ['{API}']\njwks_file = '{}'\n",
        issuer.url, issuer.file
    );
    let file = user.write("guard.toml", &file).display().to_string();
    let check = |token: &str, words: &[&str]| user.run(&[&["guard", "check", token][..], words].concat());
    for words in [&["--config", &file][..], &[&issuer.flags()[..], &["--require-bound", "dpop"]].concat()] {
        let done = check(&bound, words);
        assert!(done.status.success(), "{words:?}: {}{}", done.out, done.err);
        let done = check(&issuer.token(|_| {}), words);
        assert!(
            done.status.code() == Some(1) && done.out.contains("BAD  binding"),
            "{}{}",
            done.out,
            done.err
        );
    }
    for idle in [&["--dpop-nonce"][..], &["--proof-alg", "ES256"], &["--no-token-cache"]] {
        let done = check(&bound, &[&issuer.flags()[..], idle].concat());
        assert!(!done.status.success() && done.err.contains("unexpected argument"), "{idle:?}: {}", done.err);
    }
}

/// How far clocks may differ is a setting of each issuer.
#[test]
fn the_leeway_is_a_setting() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let token = issuer.token(|claims| claims["exp"] = (claims["iat"].as_i64().unwrap() - 10).into());
    for (leeway, is_let_in) in [("", true), ("leeway_seconds = 60", true), ("leeway_seconds = 5", false)] {
        let file = format!(
            "[[issuer]]\nurl = '{}'\naudiences = ['{API}']\njwks_file = '{}'\n{leeway}\n",
            issuer.url, issuer.file
        );
        let file = user.write("guard.toml", &file).display().to_string();
        let done = user.run(&["guard", "check", &token, "--config", &file]);
        assert_eq!(done.status.success(), is_let_in, "{leeway}: {}{}", done.out, done.err);
    }
}
