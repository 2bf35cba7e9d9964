//! What the API answers: who it was and what they sent, or 401 with a challenge.

use std::sync::Arc;

use countersign_proto::jose::{Algorithm, dpop};
use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::json;

use super::State;
use super::check::Refused;
use crate::Received;
use crate::door::{Chain, Service};
use crate::issuer::Reply;
use crate::reply::ReplyBody;

pub(super) fn service(state: &Arc<State>) -> Service {
    let state = Arc::clone(state);
    Arc::new(move |request, chain| Box::pin(answer(Arc::clone(&state), request, chain)))
}

async fn answer(state: Arc<State>, request: Request<Incoming>, chain: Chain) -> Response<ReplyBody> {
    let received = Received::read(request, chain).await;
    if received.path() == METADATA && !state.issuers.is_empty() {
        return Reply::json(&state.metadata()).response().await;
    }
    state.received.lock().expect("no test panicked here").push(received.clone());
    state.count.send_modify(|count| *count += 1);
    let next = state.next.lock().expect("no test panicked here").pop_front();
    next.unwrap_or_else(|| state.truly(&received)).response().await
}

impl State {
    fn truly(&self, received: &Received) -> Reply {
        if let Err(refused) = self.judge(received) {
            return self.refused(refused);
        }
        self.let_in.send_modify(|count| *count += 1);
        let (method, target, bytes) = (received.method.as_str(), &received.target, received.body.len());
        let reply = Reply::json(&json!({ "method": method, "target": target, "bytes": bytes }));
        self.with_nonce(reply)
    }

    /// 401 with this error; without one where there was no token (RFC 6750 §3.1).
    pub(super) fn refused(&self, error: Refused) -> Reply {
        let said = |error: Refused| error.map(|error| format!(", error=\"{error}\"")).unwrap_or_default();
        let named = match &*self.issuers {
            [] => String::new(),
            _ => format!(", resource_metadata=\"{}{METADATA}\"", self.origin),
        };
        let dpop = format!("DPoP realm=\"api\"{}{named}, algs=\"{}\"", said(error), algorithms());
        // What is wrong with a proof is nothing that a bearer could mend.
        let bearer =
            format!("Bearer realm=\"api\"{}{named}", said(error.filter(|it| *it == "invalid_token")));
        let reply = Reply::status(401).header("www-authenticate", &format!("{dpop}, {bearer}"));
        if error == USE_NONCE { self.with_nonce(reply) } else { reply }
    }

    fn with_nonce(&self, reply: Reply) -> Reply {
        match self.nonces.hand_out() {
            Some(nonce) => reply.header("dpop-nonce", &nonce),
            None => reply,
        }
    }

    /// RFC 9728 §2.
    fn metadata(&self) -> serde_json::Value {
        json!({ "resource": self.origin, "authorization_servers": self.issuers })
    }
}

fn algorithms() -> String {
    dpop::DEFAULT_ALGORITHMS.map(Algorithm::as_str).join(" ")
}

pub(super) const USE_NONCE: Refused = Some("use_dpop_nonce");
const METADATA: &str = "/.well-known/oauth-protected-resource";
