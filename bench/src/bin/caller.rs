//! Calls an API with tokens from `countersign-client`; the same command line as other people's callers in `callers/`.
//!
//! `caller ISSUER CLIENT_ID SECRET_VARIABLE RESOURCE API CALLS WORKERS PACE_MS` prints what came of it as JSON.

use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{Method, Request, StatusCode};
use countersign_client::token::Secret;
use countersign_client::{Endpoint, HttpClient, Settings, TokenSource};
use serde::Serialize;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [issuer, client_id, variable, resource, api, calls, workers, pace] = arguments.as_slice() else {
        return Err(
            "usage: caller ISSUER CLIENT_ID SECRET_VARIABLE RESOURCE API CALLS WORKERS PACE_MS".into()
        );
    };
    let begun = Instant::now();
    let api = Endpoint::parse(api)?;
    let tokens = TokenSource::discover(issuer)
        .client_secret(client_id, Secret::new(env::var(variable)?))
        .resource(resource)
        .only_to(api.url().origin().ascii_serialization())
        .build_unasked()?;
    let (calls, workers): (usize, usize) = (calls.parse()?, workers.parse()?);
    let caller = Arc::new(Caller {
        tokens,
        http: HttpClient::new(Settings::default()),
        api,
        pace: Duration::from_millis(pace.parse()?),
        begun,
        told: Mutex::default(),
    });
    let running: Vec<_> =
        (0..workers).map(|_| tokio::spawn(Arc::clone(&caller).work(calls / workers))).collect();
    for worker in running {
        worker.await?;
    }
    let mut told = caller.told.lock().unwrap_or_else(PoisonError::into_inner);
    told.seconds = begun.elapsed().as_secs_f64();
    println!("{}", serde_json::to_string(&*told)?);
    Ok(())
}

struct Caller {
    tokens: TokenSource,
    http: HttpClient,
    api: Endpoint,
    pace: Duration,
    begun: Instant,
    told: Mutex<Told>,
}

#[derive(Default, Serialize)]
struct Told {
    good: usize,
    refused: usize,
    failed: usize,
    /// The first failure, and after how many seconds.
    error: Option<String>,
    error_after: Option<f64>,
    seconds: f64,
}

impl Caller {
    async fn work(self: Arc<Self>, calls: usize) {
        for _ in 0..calls {
            let outcome = self.call().await;
            self.tell(outcome);
            if !self.pace.is_zero() {
                tokio::time::sleep(self.pace).await;
            }
        }
    }

    fn tell(&self, outcome: Result<StatusCode, Box<dyn Error + Send + Sync>>) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(status) if status.is_success() => told.good += 1,
            Ok(_) => told.refused += 1,
            Err(error) => {
                told.failed += 1;
                told.error.get_or_insert(error.to_string());
                told.error_after.get_or_insert(self.begun.elapsed().as_secs_f64());
            }
        }
    }

    async fn call(&self) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        let mut call = self.tokens.call();
        loop {
            let mut request = Request::get("/").body(Bytes::new())?;
            call.authorize(&Method::GET, self.api.url(), request.headers_mut()).await?;
            let answer = self.http.send(&self.api, request).await?;
            if !call.again(self.api.url(), answer.status, &answer.headers).await {
                return Ok(answer.status);
            }
        }
    }
}
