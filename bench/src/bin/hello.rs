//! A service that says hello: what a guard stands before.
//!
//! `hello HOST:PORT` serves as it is; `hello HOST:PORT ISSUER AUDIENCE` the same behind the guard's layer.

use std::env;
use std::error::Error;

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use countersign_guard::{GuardLayer, TrustedIssuer, Verifier};

// tokio's usual runtime, on one core: a process with a single thread has a cheaper malloc, which no service is like
#[tokio::main(worker_threads = 1)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let app = Router::new().route("/hello", get(async || "hello"));
    let (address, app) = match arguments.as_slice() {
        [address] => (address, app),
        [address, issuer, audience] => {
            let verifier = Verifier::builder(TrustedIssuer::discover(issuer, audience)).build()?;
            (address, app.layer(GuardLayer::new(verifier)))
        }
        _ => return Err("usage: hello HOST:PORT [ISSUER AUDIENCE]".into()),
    };
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app).await?;
    Ok(())
}
