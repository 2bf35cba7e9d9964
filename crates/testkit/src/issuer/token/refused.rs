//! Why there is no token, in the words of RFC 6749 §5.2.

use serde_json::json;

use crate::Received;
use crate::issuer::Reply;

/// A refusal: one of OAuth's codes, and a sentence for who reads a failed test.
#[derive(Debug)]
pub(in crate::issuer) struct Refused {
    error: &'static str,
    description: String,
    nonce: Option<String>,
}

impl Refused {
    pub(in crate::issuer) fn new(error: &'static str, description: &str) -> Self {
        let description = countersign_proto::error::printable(description);
        Self { error, description, nonce: None }
    }

    pub(in crate::issuer) fn request(description: &str) -> Self {
        Self::new("invalid_request", description)
    }

    /// T-7523-12: one description for all, whatever was wrong.
    pub(in crate::issuer) fn client() -> Self {
        Self::new("invalid_client", "client authentication failed")
    }

    /// RFC 9449 §8: the proof is to be made again, with this nonce.
    pub(in crate::issuer) fn nonce(nonce: Option<String>) -> Self {
        Self { nonce, ..Self::new("use_dpop_nonce", "the proof has not the nonce of this server") }
    }

    pub(in crate::issuer) fn reply(self, received: &Received) -> Reply {
        let body = json!({ "error": self.error, "error_description": self.description });
        let status = if self.error == "invalid_client" { 401 } else { 400 };
        let mut reply = Reply::status(status).body("application/json", body.to_string());
        if status == 401 && received.headers.contains_key("authorization") {
            reply = reply.header("www-authenticate", "Basic realm=\"token\"");
        }
        match self.nonce {
            Some(nonce) => reply.header("dpop-nonce", &nonce),
            None => reply,
        }
    }
}
