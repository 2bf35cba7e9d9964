//! What becomes of the answer: shown as it comes, and judged by its status.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use countersign_client::Endpoint;
use countersign_proto::challenge::{self, Challenge, Code};
use http::header::{LOCATION, WWW_AUTHENTICATE};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::target::Target;
use crate::failure::{Failure, with_causes};
use crate::output::{Output, clean, shell};

/// How the answer is shown.
pub(super) struct Shown<'a> {
    /// A file, or standard output.
    pub(super) to: Option<&'a Path>,
    pub(super) include: bool,
    pub(super) fail: bool,
    pub(super) output: Output,
}

impl Shown<'_> {
    /// Shows it, and says what the command ends with.
    pub(super) async fn show(
        &self,
        from: &Endpoint,
        answer: Response<Incoming>,
    ) -> Result<ExitCode, Failure> {
        let (head, mut body) = answer.into_parts();
        if head.status.is_redirection() {
            self.told_to_go_elsewhere(from, &head.headers);
        }
        if self.fail && !head.status.is_success() {
            self.output.note(&refused(&head).to_string());
            if self.include {
                let mut to = Target::open(self.to).map_err(|error| self.cannot_write(&error))?;
                let written = to.write(self.output, &as_text(&head)).and_then(|_| to.keep());
                written.map_err(|error| self.cannot_write(&error))?;
            }
            return Ok(ExitCode::from(CURL_HTTP_ERROR));
        }
        let mut to = Target::open(self.to).map_err(|error| self.cannot_write(&error))?;
        let mut goes_on = true;
        if self.include {
            goes_on = to.write(self.output, &as_text(&head)).map_err(|error| self.cannot_write(&error))?;
        }
        while goes_on && let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                let why = with_causes(&error);
                Failure::new(format!(
                    "the answer from {} broke off: {why}",
                    from.url().origin().ascii_serialization()
                ))
                .next(to.what_is_left())
            })?;
            if let Some(bytes) = frame.data_ref() {
                goes_on = to.write(self.output, bytes).map_err(|error| self.cannot_write(&error))?;
            }
        }
        to.keep().map_err(|error| self.cannot_write(&error))?;
        Ok(ExitCode::SUCCESS)
    }

    fn told_to_go_elsewhere(&self, from: &Endpoint, headers: &HeaderMap) {
        let Some(place) = headers.get(LOCATION) else { return };
        let place = clean(&String::from_utf8_lossy(place.as_bytes()));
        let own = from.url().origin().ascii_serialization();
        self.output.note(&format!(
            "note: the answer is a redirect to {place}, which is not followed: the token is for {own} alone"
        ));
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        let place = self.to.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
        Failure::new(format!("the answer cannot be written to {place}: {error}"))
    }
}

/// The head as it stands in HTTP/1.1.
fn as_text(head: &Parts) -> Vec<u8> {
    let mut text = format!("{:?} {}", head.version, head.status.as_str());
    if let Some(reason) = head.status.canonical_reason() {
        let _ = write!(text, " {reason}");
    }
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in &head.headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            bytes.extend_from_slice(part);
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// What the API said, with what it said of the token.
fn refused(head: &Parts) -> Failure {
    let mut what = format!("the API answered with status {}", head.status);
    let challenges = challenges(&head.headers);
    let Some(about) = challenges.iter().find(|challenge| challenge.error().is_some()) else {
        return Failure::new(what);
    };
    let _ = write!(what, " ({}", clean(about.error().unwrap_or_default()));
    if let Some(description) = about.error_description() {
        let _ = write!(what, ": {}", clean(description));
    }
    what.push(')');
    let failure = Failure::new(what);
    match about.code() {
        Some(Code::InsufficientScope) if about.scopes().next().is_some() => {
            let flags: Vec<String> =
                about.scopes().map(|scope| format!("--scope {}", shell(&clean(scope)))).collect();
            failure.next(format!("ask for what it takes with {}", flags.join(" ")))
        }
        Some(Code::InvalidToken) => failure.next(
            "`countersign token … | countersign inspect -` shows whom the token is of and for: is --resource right?",
        ),
        _ => failure,
    }
}

fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
    challenge::parse(values).unwrap_or_default()
}

/// What curl ends with for `--fail`.
const CURL_HTTP_ERROR: u8 = 22;
