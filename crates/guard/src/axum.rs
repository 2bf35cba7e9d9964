//! [`Access`] as an extractor: a handler that takes one runs only for requests with the right token.
//!
//! ```no_run
//! use std::sync::LazyLock;
//!
//! use axum::{Router, routing::get};
//! use countersign_guard::axum::{Allowed, Rule};
//! use countersign_guard::{Access, Require, TrustedIssuer, Verifier};
//!
//! struct ReadOrders;
//!
//! impl Rule for ReadOrders {
//!     fn require() -> &'static Require {
//!         static NEEDED: LazyLock<Require> =
//!             LazyLock::new(|| Require::scope("orders:read").expect("a scope"));
//!         &NEEDED
//!     }
//! }
//!
//! async fn whoami(access: Access) -> String {
//!     access.subject().to_owned()
//! }
//!
//! async fn greet(access: Option<Access>) -> String {
//!     access.map_or("hello".to_owned(), |access| format!("hello {}", access.subject()))
//! }
//!
//! async fn orders(access: Allowed<ReadOrders>) -> String {
//!     format!("orders for {}", access.subject())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let issuer = TrustedIssuer::discover("http://localhost:8080/realms/myorg", "https://orders.example");
//!     let app = Router::new()
//!         .route("/whoami", get(whoami))
//!         .route("/greet", get(greet))
//!         .route("/orders", get(orders))
//!         .with_state(Verifier::builder(issuer).build()?);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//! ```

use std::marker::PhantomData;
use std::ops::Deref;

use ::axum::body::Body;
use ::axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use ::axum::response::{IntoResponse, Response};
use http::request::Parts;

use crate::presented::Presented;
use crate::refusal::Refusal;
use crate::require::Require;
use crate::{Access, Verifier};

/// Which scopes a handler needs, as a type.
pub trait Rule: 'static {
    /// The scopes, made once: `require` is called for each request.
    ///
    /// With the rule of a whole program at hand a [`LazyLock`](std::sync::LazyLock) holds it, as above; a rule that cannot
    /// be made panics at the first request, so let a test call it.
    fn require() -> &'static Require;
}

/// [`Access`] that satisfies a [`Rule`].
///
/// Does not check: handlers that do not take one; anything of the token but what [`Verifier::verify`] and the rule do.
pub struct Allowed<R>(Access, PhantomData<fn() -> R>);

/// The answer to a request that is refused: status, challenges and body as RFC 6750 §3 wants them.
#[derive(Debug)]
pub struct Rejection(Box<http::Response<bytes::Bytes>>);

impl<R> Allowed<R> {
    /// The access, for where the rule no longer matters.
    #[must_use]
    pub fn into_access(self) -> Access {
        self.0
    }
}

impl<R> Deref for Allowed<R> {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.0
    }
}

impl<S> FromRequestParts<S> for Access
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        extract(parts, &Verifier::from_ref(state), &Require::token()).await
    }
}

/// `None` is a request without credentials; one whose token is refused is refused here too.
impl<S> OptionalFromRequestParts<S> for Access
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        if matches!(Presented::by(parts).token(), Err(Refusal::NoCredentials)) {
            return Ok(None);
        }
        extract(parts, &Verifier::from_ref(state), &Require::token()).await.map(Some)
    }
}

impl<S, R> FromRequestParts<S> for Allowed<R>
where
    Verifier: FromRef<S>,
    S: Send + Sync,
    R: Rule,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let access = extract(parts, &Verifier::from_ref(state), R::require()).await?;
        Ok(Self(access, PhantomData))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.0.map(Body::from)
    }
}

/// Verifies a request, once however many extractors and layers of one verifier ask.
async fn extract(parts: &mut Parts, verifier: &Verifier, require: &Require) -> Result<Access, Rejection> {
    match verifier.enter(&Presented::by(parts), &parts.extensions, require).await {
        Ok(access) => {
            parts.extensions.insert(access.clone());
            Ok(access)
        }
        Err(refusal) => Err(Rejection(Box::new(verifier.respond(&Presented::by(parts), &refusal)))),
    }
}
