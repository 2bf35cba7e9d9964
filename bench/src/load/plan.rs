//! What to send, to whom, how often: read from the command line.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A bounded load on one address of this machine.
pub struct Plan {
    pub(super) to: SocketAddr,
    pub(super) connections: usize,
    pub(super) time: Duration,
    pub(super) requests: u64,
    /// Requests per second over all connections, evenly spread; latencies count from when they may go. None = as fast as
    /// answers come.
    pub(super) rate: Option<f64>,
    pub(super) from: u64,
    modulo: u64,
    method: String,
    path: String,
    headers: Vec<String>,
    body: String,
}

impl Plan {
    /// Reads `--name value` pairs.
    ///
    /// # Errors
    /// An unknown name, a value of the wrong kind, or an address beyond loopback.
    pub fn read(arguments: &[String]) -> Result<Self, String> {
        let mut plan = Self {
            to: SocketAddr::from(([127, 0, 0, 1], 8080)),
            connections: 16,
            time: Duration::from_secs(5),
            requests: u64::MAX,
            rate: None,
            from: 0,
            modulo: u64::MAX,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: Vec::new(),
            body: String::new(),
        };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { return Err(format!("{} needs a value", pair[0])) };
            let wrong = |_| format!("{name}: {value:?} is no such number");
            match name.as_str() {
                "--to" => plan.to = value.parse().map_err(|_| format!("{value:?} is no ADDRESS:PORT"))?,
                "--connections" => plan.connections = number(value).map_err(wrong)?.clamp(1, 10_000) as usize,
                "--seconds" => plan.time = Duration::from_secs(number(value).map_err(wrong)?.min(3600)),
                "--requests" => plan.requests = number(value).map_err(wrong)?,
                "--rate" => plan.rate = Some(number(value).map_err(wrong)?.max(1) as f64),
                "--from" => plan.from = number(value).map_err(wrong)?,
                "--modulo" => plan.modulo = number(value).map_err(wrong)?.max(1),
                "--method" => plan.method.clone_from(value),
                "--path" => plan.path.clone_from(value),
                "--header" => plan.headers.push(value.clone()),
                "--body" => plan.body.clone_from(value),
                _ => return Err(format!("there is no option {name}")),
            }
        }
        if plan.to.ip().is_loopback() { Ok(plan) } else { Err("only this machine is loaded".to_owned()) }
    }

    /// The bytes of request `number`: `{n}` stands for it in path, headers and body, and `{n64}`, in headers, for nine
    /// digits of it in base64url, so that a token can name another key each time.
    pub(super) fn request(&self, number: u64) -> String {
        let number = number % self.modulo;
        let encoded = URL_SAFE_NO_PAD.encode(format!("{number:09}"));
        let number = number.to_string();
        let path = self.path.replace("{n}", &number);
        let body = self.body.replace("{n}", &number);
        let mut request =
            format!("{} {path} HTTP/1.1\r\nHost: localhost:{}\r\n", self.method, self.to.port());
        let typed =
            self.headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type:"));
        if !body.is_empty() && !typed {
            request.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        }
        for header in &self.headers {
            request.push_str(&header.replace("{n64}", &encoded).replace("{n}", &number));
            request.push_str("\r\n");
        }
        if !body.is_empty() || self.method != "GET" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(&body);
        request
    }
}

fn number(text: &str) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}
