//! Issue 3, item 14: no secret ever reaches an output or a log, whatever its level.

use base64::Engine as _;

use crate::harness::{User, http, token};

/// Every secret that passes through the server in every way, at the level `trace`, in both formats; none of them, and
/// no token, is in what it said.
#[test]
fn no_secret_is_ever_said() {
    for format in ["pretty", "json"] {
        let user = User::new();
        let server = user.serve(&["--log-level", "trace", "--log-format", format]);
        let mut canaries = vec![server.root_secret()];
        canaries.push(
            std::fs::read_to_string(user.data().join("keys"))
                .unwrap()
                .split_whitespace()
                .last()
                .unwrap()
                .to_owned(),
        );
        user.ok(&["realm", "create", "myorg"]);
        user.ok(&["api", "create", "https://a.example", "--realm", "myorg", "--scope", "s"]);
        let made = user.json(&[
            "client",
            "create",
            "svc",
            "--realm",
            "myorg",
            "--api",
            "https://a.example",
            "--scope",
            "s",
        ]);
        let secret = made["secret"].as_str().unwrap().to_owned();
        let file = user.write("given", "canary-given-0123456789").display().to_string();
        user.ok(&["secret", "create", "svc", "--realm", "myorg", "--secret-file", &file]);
        canaries.push("canary-given-0123456789".to_owned());

        let (status, answer) = token(&server, "myorg", "svc", &secret);
        assert_eq!(status, 200);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        canaries.push(answer["access_token"].as_str().unwrap().to_owned());
        canaries.push(secret);
        for wrong in ["canary-wrong-secret", "canary%2Bencoded"] {
            assert_eq!(token(&server, "myorg", "svc", wrong).0, 401);
        }
        canaries.extend(["canary-wrong-secret", "canary%2Bencoded", "canary+encoded"].map(str::to_owned));
        let basic = base64::engine::general_purpose::STANDARD.encode("svc:canary-in-basic");
        let head = format!(
            "POST /realms/myorg/oauth2/token?client_secret=canary-in-query HTTP/1.1\r\nauthorization: Basic {basic}\r\n\
             x-api-key: canary-in-header\r\ncookie: canary-in-cookie\r\n\
             content-type: application/x-www-form-urlencoded"
        );
        http(&server.address(), &head, "grant_type=client_credentials&other=canary-in-body");
        http(&server.address(), "GET /admin/v1/realms HTTP/1.1\r\nauthorization: Bearer canary-bearer", "");
        canaries.extend(
            [
                "canary-in-basic",
                &basic,
                "canary-in-query",
                "canary-in-header",
                "canary-in-cookie",
                "canary-in-body",
                "canary-bearer",
            ]
            .map(str::to_owned),
        );

        let (_, said) = server.end();
        assert!(said.contains("POST"), "the log is at work: {said}");
        for canary in canaries {
            assert!(!said.contains(&canary), "{format}: {canary}");
        }
        if format == "json" {
            let lines = said.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_err());
            assert_eq!(lines.collect::<Vec<_>>(), [""; 0], "every line is JSON");
        }
    }
}
