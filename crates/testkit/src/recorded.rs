//! Exchanges recorded from the products whose dialects we speak, to be replayed against us.
//!
//! They lie in the folder named by `COUNTERSIGN_RECORDED`, by default `../shared/recorded` beside this workspace. Where
//! they are missing, tests say so and pass, unless `COUNTERSIGN_VECTORS_REQUIRED=1`.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

/// One recorded exchange.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What it is called, within its file.
    pub name: String,
    /// `GET`, `POST`.
    pub method: String,
    /// The path of the request.
    pub path: String,
    /// The request's headers.
    pub request_headers: Vec<(String, String)>,
    /// The request's body.
    pub request_body: String,
    /// The status of the answer.
    pub status: u16,
    /// The answer's headers.
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    pub body: String,
}

/// The exchanges of one file, `keycloak-26.7.3/token_basic.json` for one; `None` when there are no recordings here.
///
/// # Panics
/// When recordings are required and missing, or the file is not one of them.
#[must_use]
pub fn exchanges(file: &str) -> Option<Vec<Exchange>> {
    let folder = std::env::var_os("COUNTERSIGN_RECORDED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        let required = std::env::var("COUNTERSIGN_VECTORS_REQUIRED").is_ok_and(|value| value == "1");
        assert!(
            !required,
            "no recordings at {}: name their folder in COUNTERSIGN_RECORDED",
            folder.display()
        );
        // past the test harness, which shows only what failing tests print
        let _ =
            writeln!(std::io::stderr(), "\n*** NOT REPLAYED: no recordings at {} ***\n", folder.display());
        return None;
    }
    let text = std::fs::read_to_string(folder.join(file)).expect("a recording");
    let value: Value = serde_json::from_str(&text).expect("a recording in JSON");
    Some(match value {
        Value::Array(several) => several.iter().map(exchange).collect(),
        one => vec![exchange(&one)],
    })
}

fn exchange(value: &Value) -> Exchange {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let headers = |value: &Value| {
        let lines = value.as_array().expect("headers").iter();
        lines.map(|line| (text(&line[0]), text(&line[1]))).collect::<Vec<_>>()
    };
    let line = text(&value["request"]["line"]);
    let mut words = line.split(' ').map(str::to_owned);
    let status = text(&value["response"]["status_line"]);
    Exchange {
        name: text(&value["name"]),
        method: words.next().expect("a method"),
        path: words.next().expect("a path"),
        request_headers: headers(&value["request"]["headers"]),
        request_body: text(&value["request"]["body"]),
        status: status.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status"),
        headers: headers(&value["response"]["headers"]),
        body: text(&value["response"]["body"]),
    }
}
