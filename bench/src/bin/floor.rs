//! The least that a token endpoint can do: read the form, sign the claims, answer. No client is known, no secret is
//! checked, nothing is logged: what a real server costs beyond this is its own.
//!
//! `floor HOST:PORT ES256|EdDSA|RS256`; the issuer in its tokens has the length of the real one.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, address, algorithm] = arguments.as_slice() else {
        return Err("usage: floor HOST:PORT ES256|EdDSA|RS256".into());
    };
    let floor = Arc::new(Floor::new(algorithm)?);
    let app = Router::new().route("/token", post(token)).with_state(floor);
    let listener = tokio::net::TcpListener::bind(address).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, app).await?;
    Ok(())
}

struct Floor {
    key: Key,
    random: SystemRandom,
    /// The encoded header with its dot.
    header: String,
}

enum Key {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    exp: u64,
    aud: &'a str,
    sub: &'a str,
    client_id: &'a str,
    iat: u64,
    jti: &'a str,
    scope: &'a str,
}

#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    token_type: &'a str,
    expires_in: u64,
    scope: &'a str,
}

impl Floor {
    fn new(algorithm: &str) -> Result<Self, Box<dyn Error>> {
        let key = match algorithm {
            "ES256" => Key::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            "EdDSA" => Key::Ed25519(Ed25519KeyPair::generate()?),
            "RS256" => Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048)?),
            _ => return Err("the algorithm is one of ES256, EdDSA, RS256".into()),
        };
        let header = format!(r#"{{"alg":"{algorithm}","typ":"at+jwt","kid":"{}"}}"#, "k".repeat(43));
        Ok(Self { key, random: SystemRandom::new(), header: format!("{}.", URL_SAFE_NO_PAD.encode(header)) })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        Ok(match &self.key {
            Key::Ecdsa(key) => key.sign(&self.random, message)?.as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)?;
                signature
            }
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the floor does what any server must, and no more")]
    fn issue(&self, client_id: &str, scope: &str) -> Option<Vec<u8>> {
        let mut jti = [0; 16];
        rand::fill(&mut jti).ok()?;
        let iat = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let claims = Claims {
            iss: ISSUER,
            exp: iat + LIFETIME,
            aud: AUDIENCE,
            sub: client_id,
            client_id,
            iat,
            jti: &URL_SAFE_NO_PAD.encode(jti),
            scope,
        };
        let mut token = self.header.clone();
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims).ok()?, &mut token);
        let signature = self.sign(token.as_bytes()).ok()?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        let answer = Answer { access_token: &token, token_type: "Bearer", expires_in: LIFETIME, scope };
        serde_json::to_vec(&answer).ok()
    }
}

async fn token(State(floor): State<Arc<Floor>>, body: Bytes) -> Response {
    let (mut client_id, mut scope) = (None, None);
    for (name, value) in form_urlencoded::parse(&body) {
        match &*name {
            "client_id" => client_id = Some(value),
            "scope" => scope = Some(value),
            _ => {}
        }
    }
    let (Some(client_id), Some(scope)) = (client_id, scope) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];
    match floor.issue(&client_id, &scope) {
        Some(answer) => (headers, answer).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const ISSUER: &str = "http://localhost:18080/realms/bench";
const AUDIENCE: &str = "https://bench.example";
const LIFETIME: u64 = 3600;
