//! Takes a token and gives it back (RFC 7009), and asks the server about it before and after
//! (RFC 7662): the client proves itself by a secret.
//!
//! ```sh
//! export COUNTERSIGN_ISSUER=https://id.example/realms/shop COUNTERSIGN_CLIENT_ID=billing
//! export COUNTERSIGN_CLIENT_SECRET=…
//! cargo run --example revoke
//! ```

#![expect(clippy::print_stdout, reason = "a program that says what came of it")]

use std::env;
use std::sync::Arc;

use countersign_client::{
    ClientAuth, Endpoint, HttpClient, IntrospectionSettings, Introspector, SecretSource, Settings,
    TokenSource,
};
use countersign_proto::introspection::IntrospectionResponse;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = env::var("COUNTERSIGN_ISSUER")?;
    let client_id = env::var("COUNTERSIGN_CLIENT_ID")?;
    let secret = SecretSource::env("COUNTERSIGN_CLIENT_SECRET");
    let client = ClientAuth::client_secret_basic(client_id, secret);
    let settings =
        Settings { ca_file: env::var_os("COUNTERSIGN_CA_FILE").map(Into::into), ..Settings::default() };

    let tokens = TokenSource::discover(&issuer).http(settings.clone()).auth(client.clone()).build().await?;
    let token = tokens.token().await?;

    let http = Arc::new(HttpClient::new(settings));
    let found = IntrospectionSettings::default();
    let server = Introspector::discover(http, &issuer, Endpoint::parse, found, client)?;
    println!("{}", state(&server.introspect(token.expose()).await?));
    tokens.revoke(&token).await?;
    println!("{}", state(&server.introspect(token.expose()).await?));
    Ok(())
}

fn state(said: &IntrospectionResponse) -> &'static str {
    match said {
        IntrospectionResponse::Active(_) => "active",
        IntrospectionResponse::Inactive => "inactive",
    }
}
