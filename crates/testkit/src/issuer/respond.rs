//! Which desk a request goes to, and what is answered there.

use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::body::Incoming;

use super::state::State;
use super::{Document, Reply, introspection, revocation, token};
use crate::Received;
use crate::door::{Chain, Service};
use crate::reply::ReplyBody;

/// The door where all documents are.
pub(super) fn ordinary(state: &Arc<State>) -> Service {
    let state = Arc::clone(state);
    Arc::new(move |request, chain| Box::pin(answer(Arc::clone(&state), request, chain)))
}

/// The door that asks for certificates: it has the token endpoint under another path, and nothing else.
pub(super) fn mtls(state: &Arc<State>) -> Service {
    let state = Arc::clone(state);
    Arc::new(move |request, chain| Box::pin(answer_mtls(Arc::clone(&state), request, chain)))
}

async fn answer(state: Arc<State>, request: Request<Incoming>, chain: Chain) -> Response<ReplyBody> {
    let path = request.uri().path();
    let found = Document::ALL.into_iter().find(|document| state.path_of(*document) == path);
    at(&state, found, request, chain).await
}

async fn answer_mtls(state: Arc<State>, request: Request<Incoming>, chain: Chain) -> Response<ReplyBody> {
    let found = (request.uri().path() == state.mtls_path()).then_some(Document::Token);
    at(&state, found, request, chain).await
}

async fn at(
    state: &State,
    document: Option<Document>,
    request: Request<Incoming>,
    chain: Chain,
) -> Response<ReplyBody> {
    let Some(document) = document else { return Reply::status(404).response().await };
    let received = Received::read(request, chain).await;
    let reply = match state.desk(document).arrive(received.clone()).await {
        Some(reply) => reply,
        None => truly(state, document, &received),
    };
    reply.response().await
}

fn truly(state: &State, document: Document, received: &Received) -> Reply {
    match (document, &received.method) {
        (Document::Token, &Method::POST) => token::answer(state, received),
        (Document::Introspection, &Method::POST) => introspection::answer(state, received),
        (Document::Revocation, &Method::POST) => revocation::answer(state, received),
        (Document::Token | Document::Introspection | Document::Revocation, _) => {
            Reply::status(405).header("allow", "POST")
        }
        (document, &Method::GET) => Reply::json(&state.document(document)),
        _ => Reply::status(405).header("allow", "GET"),
    }
}
