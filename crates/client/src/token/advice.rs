//! What to do next when a server says no.

use super::Refused;

impl Refused {
    /// What to do next, for the person who runs this client; `None` where the code says nothing that is known here.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let advice = match self.error.as_str() {
            "invalid_client" => {
                "check the client's id and what it proves itself with: whether both are of this server, were not \
                 replaced there, and are given in the way that the client is registered for"
            }
            "invalid_grant" => {
                "where an assertion is sent, check whether the server trusts its issuer, subject and audience; where \
                 none is, whether the server wants this client's tokens bound to a key (DPoP) or to a certificate"
            }
            "unauthorized_client" => {
                "have the client credentials grant allowed for this client at the server"
            }
            "unsupported_grant_type" => {
                "this server gives no tokens by client credentials: check that it is the right one"
            }
            "invalid_scope" => {
                "ask for scopes that the client was granted at this API, or have the missing ones granted to it"
            }
            "invalid_target" => {
                "check the resource or audience, character by character, against the API's identifier at the \
                 server, and that the client was granted something there"
            }
            "invalid_request" => {
                "check what is asked for: some servers want an audience or a resource, and some take one alone"
            }
            "access_denied" => "have an operator allow this client at the API",
            "invalid_dpop_proof" => {
                "check this machine's clock, and that the server takes the proof's algorithm"
            }
            "use_dpop_nonce" => "the server wants a nonce and gives none that can be used: tell its operator",
            _ => return self.found.clone(),
        };
        Some(self.found.as_ref().map_or_else(|| advice.to_owned(), |found| format!("{found}; {advice}")))
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::error::ErrorCode;
    use http::StatusCode;

    use super::*;

    fn refused(error: &str) -> Refused {
        Refused::new(StatusCode::BAD_REQUEST, error.to_owned(), None)
    }

    #[test]
    fn each_code_of_a_token_endpoint_has_advice() {
        // those of an API, and those that say that nobody is to blame
        let others = ["invalid_token", "insufficient_scope", "server_error", "temporarily_unavailable"];
        for code in ErrorCode::ALL.iter().map(|code| code.as_str()).filter(|code| !others.contains(code)) {
            assert!(refused(code).advice().is_some(), "{code}");
        }
        assert_eq!(refused("made_up").advice(), None);
        let found = refused("invalid_client").because(Some("it takes X alone".to_owned()));
        assert!(found.advice().unwrap().starts_with("it takes X alone; check"));
    }
}
