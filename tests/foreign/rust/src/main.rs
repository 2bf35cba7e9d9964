//! The `oauth2` crate: `take` and `refused` print what each way to send a secret brings, `call` calls an API; the case is
//! a JSON document on standard input.

use std::error::Error;
use std::io;

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{
    AuthType, ClientId, ClientSecret, HttpRequest, HttpResponse, RequestTokenError, Scope,
    TokenResponse as _, TokenUrl,
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    client_id: String,
    client_secret: String,
    token_endpoint: String,
    scope: String,
    resource: String,
    api: Option<String>,
    #[serde(default)]
    calls: usize,
}

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let case: Case = serde_json::from_reader(io::stdin())?;
    let answer = match std::env::args().nth(1).as_deref() {
        Some("call") => call(&case)?,
        Some("take" | "refused") => {
            json!([take(&case, AuthType::BasicAuth)?, take(&case, AuthType::RequestBody)?])
        }
        _ => return Err("usage: take|refused|call, a JSON document on standard input".into()),
    };
    println!("{answer}");
    Ok(())
}

/// A token, or the error as the crate tells it.
fn take(case: &Case, how: AuthType) -> Result<Value, Failure> {
    Ok(match token(case, how)? {
        Ok(token) => json!({
            "access_token": token.access_token().secret(),
            "token_type": token.token_type().as_ref(),
            "scope": token.scopes().map(|scopes| scopes.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(" ")),
        }),
        Err(code) => json!({ "error": code.as_ref() }),
    })
}

/// The crate keeps no token: the caller does.
fn call(case: &Case) -> Result<Value, Failure> {
    let api = case.api.as_deref().ok_or("a call needs an API")?;
    let token = token(case, AuthType::BasicAuth)?.map_err(|code| code.as_ref().to_owned())?;
    let bearer = format!("Bearer {}", token.access_token().secret());
    let one = || Ok(agent().get(api).header("Authorization", &bearer).call()?.status().as_u16());
    let statuses = (0..case.calls).map(|_| one()).collect::<Result<Vec<u16>, Failure>>()?;
    Ok(json!({ "statuses": statuses }))
}

fn token(case: &Case, how: AuthType) -> Result<Result<BasicTokenResponse, BasicErrorResponseType>, Failure> {
    let client = BasicClient::new(ClientId::new(case.client_id.clone()))
        .set_client_secret(ClientSecret::new(case.client_secret.clone()))
        .set_token_uri(TokenUrl::new(case.token_endpoint.clone())?)
        .set_auth_type(how);
    let asked = client
        .exchange_client_credentials()
        .add_scope(Scope::new(case.scope.clone()))
        .add_extra_param("resource", case.resource.clone())
        .request(&send);
    match asked {
        Ok(token) => Ok(Ok(token)),
        Err(RequestTokenError::ServerResponse(refusal)) => Ok(Err(refusal.error().clone())),
        Err(other) => Err(other.into()),
    }
}

fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut answer = agent().run(request)?;
    let body = answer.body_mut().read_to_vec()?;
    let (parts, _) = answer.into_parts();
    Ok(HttpResponse::from_parts(parts, body))
}

/// An answer is an answer, whatever its status.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}
