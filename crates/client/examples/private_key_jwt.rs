//! Calls an API with a token: the client proves itself by a private key (`private_key_jwt`, RFC 7523).
//!
//! ```sh
//! export COUNTERSIGN_ISSUER=https://id.example/realms/shop COUNTERSIGN_CLIENT_ID=billing
//! export COUNTERSIGN_PRIVATE_KEY=key.pem COUNTERSIGN_RESOURCE=https://orders.example
//! cargo run --example private_key_jwt https://orders.example/1
//! ```

#![expect(clippy::print_stdout, reason = "a program that says what came of it")]

use std::env;

use bytes::Bytes;
use countersign_client::{Endpoint, HttpClient, PrivateKey, Settings, TokenSource};
use http::{Method, Request};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let api = Endpoint::parse(&env::args().nth(1).ok_or("which URL?")?)?;
    let client_id = env::var("COUNTERSIGN_CLIENT_ID")?;
    let settings =
        Settings { ca_file: env::var_os("COUNTERSIGN_CA_FILE").map(Into::into), ..Settings::default() };

    let tokens = TokenSource::discover(env::var("COUNTERSIGN_ISSUER")?)
        .http(settings.clone())
        .private_key(client_id, PrivateKey::from_file(env::var("COUNTERSIGN_PRIVATE_KEY")?))
        .resource(env::var("COUNTERSIGN_RESOURCE")?)
        .only_to(api.url().origin().ascii_serialization())
        .build()
        .await?;

    let http = HttpClient::new(settings);
    let mut call = tokens.call();
    let answer = loop {
        let mut request = Request::new(Bytes::new());
        call.authorize(&Method::GET, api.url(), request.headers_mut()).await?;
        let answer = http.send(&api, request).await?;
        // once more, where the API wants a fresh token
        if !call.again(api.url(), answer.status, &answer.headers).await {
            break answer;
        }
    };
    println!("{}", answer.status);
    Ok(())
}
