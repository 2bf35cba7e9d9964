//! `countersign call`: one request to an API, as curl makes it, with a token.

mod answer;
mod data;
mod header;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use countersign_client::{Endpoint, HttpClient, HttpError, Settings, SpendError, TokenSource};
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::context::endpoint;
use crate::failure::Failure;
use crate::output::{Asked, FileParser, Output};
use crate::source::{Blame, SourceFlags};
use answer::Shown;
use data::Newlines;

/// Call an API with a token, as curl does without
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, long_about = LONG)]
pub(crate) struct Call {
    /// GET, POST or another method
    #[arg(value_parser = method)]
    method: Method,
    /// What to call: https, or http on loopback; the token goes there and nowhere else
    url: String,
    /// A header, as in `-H 'Accept: text/csv'`, or a file of them, as in `-H @FILE`, from standard input by `-H @-`;
    /// repeatable
    #[arg(short = 'H', long = "header", value_name = "LINE")]
    headers: Vec<String>,
    /// A body, of a form unless a header says otherwise; from a file without its newlines by `@FILE`, from standard input
    /// by `@-`; several are joined by `&`
    #[arg(short = 'd', long = "data", value_name = "DATA", allow_hyphen_values = true)]
    data: Vec<String>,
    /// The same, from a file as it is, newlines and all
    #[arg(long, value_name = "DATA", allow_hyphen_values = true, conflicts_with = "data")]
    data_binary: Vec<String>,
    /// Write the answer to this file
    #[arg(id = "output", long, short, value_name = "FILE", value_parser = FileParser)]
    to: Option<Asked>,
    /// Show the head of the answer before its body
    #[arg(long, short)]
    include: bool,
    /// Exit with 22, and show no body, when the answer is not a success
    #[arg(long, short)]
    fail: bool,
    /// Give up after so long, token and answer included, and exit with 1
    #[arg(long, short, value_name = "SECONDS", value_parser = seconds)]
    max_time: Option<Duration>,
    #[command(flatten)]
    source: SourceFlags,
}

/// What is sent, as often as it takes.
struct Sending<'a> {
    endpoint: Endpoint,
    method: &'a Method,
    headers: HeaderMap,
    body: Bytes,
    http: HttpClient,
}

impl Call {
    pub(crate) async fn run(self, output: Output) -> Result<ExitCode, Failure> {
        let Some(limit) = self.max_time else { return self.exchange(output).await };
        let late = |_| {
            let seconds = limit.as_secs_f64();
            Err(Failure::new(format!("the whole answer was not there after {seconds} s"))
                .next("check whether the API is running, or give --max-time longer"))
        };
        timeout(limit, self.exchange(output)).await.unwrap_or_else(late)
    }

    async fn exchange(self, output: Output) -> Result<ExitCode, Failure> {
        self.reads_standard_input_once()?;
        let endpoint = endpoint(&self.url, self.source.allows_plain_http())?;
        let body = match data::read(&self.data, Newlines::Dropped)? {
            None => data::read(&self.data_binary, Newlines::Kept)?,
            body => body,
        };
        let headers = self.headers(body.as_ref())?;
        let mut chosen = self.source.choose()?;
        let blame = chosen.blame();
        let settings = Settings {
            ca_file: chosen.ca_file.clone(),
            client_certificate: chosen.certificate.clone(),
            timeout: PATIENCE,
            ..Settings::default()
        };
        chosen.tokens = chosen.tokens.only_to(endpoint.url().origin().ascii_serialization());
        let tokens = chosen.build()?;
        let body = body.unwrap_or_default();
        let sending =
            Sending { endpoint, method: &self.method, headers, body, http: HttpClient::new(settings) };
        let answer = sending.send(&tokens, &blame).await?;
        let to: Option<PathBuf> = self.to.and_then(Asked::file);
        let shown = Shown { to: to.as_deref(), include: self.include, fail: self.fail, output };
        shown.show(&sending.endpoint, answer).await
    }

    /// Of two who read it, one would find nothing.
    fn reads_standard_input_once(&self) -> Result<(), Failure> {
        let all = self.headers.iter().chain(&self.data).chain(&self.data_binary);
        if all.filter(|text| *text == "@-").count() > 1 {
            return Err(Failure::new("standard input is read once, and `@-` is given more often"));
        }
        Ok(())
    }

    fn headers(&self, body: Option<&Bytes>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        // here and not by the parser of the command line, which would repeat a line that is wrong: it may hold a key
        let lines: Result<Vec<_>, _> = self.headers.iter().map(|text| header::given(text)).collect();
        let lines = lines.map_err(|error| Failure::new(format!("-H: {error}")))?;
        header::put(&mut headers, lines.iter().flatten())?;
        // servers may take a request without it for one whose length is unknown (RFC 9110 §8.6)
        let wants_a_body = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        if body.map_or(wants_a_body, Bytes::is_empty) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
        }
        Ok(headers)
    }
}

impl Sending<'_> {
    /// Sends it, and once more where the answer asks for a fresh token or a nonce.
    async fn send(&self, tokens: &TokenSource, blame: &Blame) -> Result<Response<Incoming>, Failure> {
        let url = self.endpoint.url();
        let mut call = tokens.call();
        loop {
            let mut request = Request::new(Full::new(self.body.clone()));
            *request.method_mut() = self.method.clone();
            *request.headers_mut() = self.headers.clone();
            let spent = call.authorize(self.method, url, request.headers_mut()).await;
            spent.map_err(|error| not_sent(&error, blame))?;
            let response =
                self.http.open(&self.endpoint, request).await.map_err(|error| no_answer(&error))?;
            if !call.again(url, response.status(), response.headers()).await {
                return Ok(response);
            }
        }
    }
}

fn not_sent(error: &SpendError, blame: &Blame) -> Failure {
    match error {
        SpendError::Token(error) => blame.of(error),
        error => Failure::new(error),
    }
}

/// Nobody knows here how the API is started.
fn no_answer(error: &HttpError) -> Failure {
    match error {
        HttpError::Connect { .. } | HttpError::Exchange { .. } | HttpError::Timeout { .. } => {
            Failure::new(error).next("check the URL, and whether the API is running")
        }
        error => Failure::from(error),
    }
}

fn method(name: &str) -> Result<Method, String> {
    let common = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if let Some(method) = common.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(name)) {
        return Ok(method);
    }
    if name.contains("://") {
        return Err("the method comes before the URL, as in `call GET https://orders.example/1`".to_owned());
    }
    let method = Method::from_bytes(name.as_bytes()).map_err(|_| "it is no method of HTTP".to_owned())?;
    if method == Method::CONNECT {
        return Err("CONNECT opens a tunnel, and calls no API".to_owned());
    }
    Ok(method)
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|given| !given.is_zero()).ok_or_else(|| "it is no number of seconds above 0".to_owned())
}

/// For an API to begin its answer; some are slow to make it.
const PATIENCE: Duration = Duration::from_secs(300);

const LONG: &str = "\
Call an API with a token, as curl does without. The token goes to the URL's origin and nowhere else: redirects are not \
followed. It is taken and kept as by `countersign token`, renewed once where the API refuses it, and a bound one (--dpop, \
--client-cert) is sent with its proof. A body may have 256 MiB.

The body of the answer goes to standard output as it comes, and the exit code is 0 whatever the API answered; with --fail \
it is 22 for every status but 2xx. It is 1 when there is no answer, and nothing is sent without a token.";

const EXAMPLES: &str = "\
Examples:
  countersign call GET https://orders.example/1 --context svc
  countersign call POST https://orders.example/ --context svc --fail \\
      -H 'Content-Type: application/json' -d '{\"item\": \"tea\"}'
  countersign call PUT https://orders.example/1/note --context svc --data-binary @note.txt -i
  countersign call GET https://orders.example/1/invoice --context svc -o invoice.pdf
  countersign call GET https://orders.example/1 --context svc --dpop";
