//! What a handler tells the layers around it: for the log and the counts, never for the caller.

use std::sync::Arc;

use axum::response::Response;
use countersign_issuer::registry::RealmView;

/// Rides in a response's extensions.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// Whose URLs were called.
    pub door: &'static str,
    /// The realm that the request was about.
    pub realm: Option<Arc<RealmView>>,
    /// The client, once authenticated.
    pub client_id: Option<Arc<str>>,
    /// Whether a token was issued.
    pub issued: bool,
    /// Why the request was refused; one of a fixed set of words.
    pub reason: Option<&'static str>,
    /// What broke on our side; logged once, never sent.
    pub cause: Option<Arc<str>>,
}

impl Told {
    /// Puts this into a response.
    pub(crate) fn within(self, mut response: Response) -> Response {
        response.extensions_mut().insert(self);
        response
    }
}
