//! No token and no secret ever reaches a log of the guard's, whatever its level.

use base64::Engine as _;

use super::issued::Issuer;
use super::upstream::Upstream;
use crate::harness::{User, http};

/// Tokens good, bad and malformed, proofs, cookies, bodies and queries, at the level `trace`, in both formats, through
/// both doors and over both versions of HTTP: none of them, nor any part of a token, is in what was said.
#[test]
fn no_token_is_ever_said() {
    for format in ["pretty", "json"] {
        let user = User::new();
        let (issuer, upstream) = (Issuer::new(&user, "a"), Upstream::start());
        let url = upstream.url();
        let logs = ["--log-level", "trace", "--log-format", format];
        let words = [&issuer.flags()[..], &logs].concat();
        let guards = [
            user.guard("proxy", &[&words[..], &["--upstream", &url, "--pass-authorization"]].concat()),
            user.guard("forward-auth", &words),
        ];
        let good = issuer.token(|_| {});
        let expired = issuer.token(|claims| {
            claims["exp"] = 1.into();
            claims["jti"] = "canary-claim".into();
        });
        let basic = base64::engine::general_purpose::STANDARD.encode("svc:canary-in-basic");
        let headers = [
            format!("authorization: Bearer {good}"),
            format!("authorization: Bearer {expired}"),
            "authorization: Bearer canary-opaque".to_owned(),
            "authorization: Bearer canary malformed".to_owned(),
            format!("authorization: DPoP {good}\r\ndpop: canary-proof"),
            format!("authorization: Bearer {good}\r\nauthorization: Bearer canary-second"),
            format!("authorization: Basic {basic}\r\ncookie: canary-cookie\r\nx-api-key: canary-header"),
        ];
        for guard in &guards {
            for header in &headers {
                let head = format!("POST /auth?access_token=canary-query HTTP/1.1\r\n{header}");
                http(&guard.address(), &head, "canary-body");
                http(&guard.address(), &format!("GET /auth HTTP/1.1\r\n{header}"), "");
            }
        }
        let seen = upstream.seen();
        assert!(seen > 0, "the good token is passed on");
        let mut http2 = user.command("curl");
        http2.args([
            "--silent",
            "--http2-prior-knowledge",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--header",
            &headers[0],
        ]);
        assert!(http2.arg(format!("http://{}/auth", guards[0].address())).status().unwrap().success());
        assert_eq!(upstream.seen(), seen + 1, "over HTTP/2 too");
        let mut canaries: Vec<&str> = good.split('.').chain(expired.split('.')).collect();
        canaries.extend(["canary", &basic]);
        for guard in guards {
            let (status, said) = guard.end();
            assert!(status.success() && said.contains("request refused"), "the log is at work: {said}");
            for canary in &canaries {
                assert!(!said.contains(canary), "{format}: {canary}: {said}");
            }
            if format == "json" {
                let lines =
                    said.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_err());
                assert_eq!(lines.collect::<Vec<_>>(), [""; 0], "every line is JSON");
            }
        }
    }
}
