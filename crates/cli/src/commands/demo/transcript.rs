//! Exchanges, sent and shown.

use bytes::Bytes;
use countersign_client::{Answer, HttpClient};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::{Value, json};

use crate::context::endpoint;
use crate::failure::Failure;
use crate::output::Output;

/// Sends requests and shows each with its answer.
pub(super) struct Transcript {
    http: HttpClient,
    output: Output,
    chapter: usize,
}

/// Who authenticates a request, in words instead of base64.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl Transcript {
    pub(super) fn new(output: Output) -> Self {
        Self { http: HttpClient::default(), output, chapter: 0 }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        if !self.output.is_json() {
            self.output.text(&format!("\n── {}. {title}", self.chapter));
        }
    }

    /// Says something between exchanges.
    pub(super) fn say(&self, text: &str) {
        if !self.output.is_json() {
            self.output.text(&format!("   {}", text.replace('\n', "\n   ")));
        }
    }

    /// Sends a request and shows the exchange.
    pub(super) async fn exchange(
        &self,
        url: &str,
        request: Request<Bytes>,
        authorization: Shown<'_>,
    ) -> Result<Answer, Failure> {
        let endpoint = endpoint(url, false)?;
        let (head, body) = (request.method().clone(), request.body().clone());
        let headers = request.headers().clone();
        let answer = self.http.send(&endpoint, request).await?;
        if self.output.is_json() {
            let line = json!({
                "chapter": self.chapter,
                "request": { "method": head.as_str(), "url": url, "headers": named(&headers), "body": value(&body) },
                "response": {
                    "status": answer.status.as_u16(), "headers": named(&answer.headers), "body": value(&answer.body),
                },
            });
            self.output.text(&line.to_string());
            return Ok(answer);
        }
        let mut text = format!("\n   > {head} {}\n", endpoint.url().path());
        if headers.contains_key(AUTHORIZATION) {
            text.push_str(&format!("   > Authorization: {}\n", authorization.0));
        }
        text.push_str(&shown(&headers, '>'));
        text.push_str(&lines(&body, '>'));
        text.push_str(&format!("\n   < {}\n", answer.status));
        text.push_str(&shown(&answer.headers, '<'));
        text.push_str(&lines(&answer.body, '<'));
        self.output.text(&text);
        Ok(answer)
    }
}

/// The headers that tell something.
static TELLING: [HeaderName; 3] = [CONTENT_TYPE, CACHE_CONTROL, WWW_AUTHENTICATE];

fn named(headers: &HeaderMap) -> Value {
    let one = |name: &HeaderName| {
        let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        (!lines.is_empty()).then(|| (name.as_str().to_owned(), Value::from(lines.join(", "))))
    };
    Value::Object(TELLING.iter().filter_map(one).collect())
}

fn shown(headers: &HeaderMap, mark: char) -> String {
    let each = |name: &'static HeaderName| headers.get_all(name).iter().map(move |value| (name, value));
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        value.to_str().ok().map(|value| format!("   {mark} {name}: {value}\n"))
    };
    TELLING.iter().flat_map(each).filter_map(line).collect()
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()))
}

/// A body line by line, JSON in readable form, tokens shortened: what they hold is shown when one is decoded.
fn lines(body: &[u8], mark: char) -> String {
    if body.is_empty() {
        return String::new();
    }
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(mut value) => {
            if let Some(Value::String(token)) = value.get_mut("access_token") {
                *token = short(token);
            }
            serde_json::to_string_pretty(&value).unwrap_or_default()
        }
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let body: String = text.lines().map(|line| format!("   {mark} {line}\n")).collect();
    format!("   {mark}\n{body}")
}

/// The two ends of something long.
pub(super) fn short(text: &str) -> String {
    match (text.get(..24), text.get(text.len().saturating_sub(8)..)) {
        (Some(head), Some(tail)) if text.len() > 48 => format!("{head}…{tail}"),
        _ => text.to_owned(),
    }
}
