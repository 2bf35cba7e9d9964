//! Assertions of workload platforms, as they lie in a file for a client to show (RFC 7523 §2.2).

use countersign_proto::jose::Algorithm;
use serde_json::json;

use super::TestIssuer;
use crate::Draft;

impl TestIssuer {
    /// As Kubernetes projects it for a service account: RS256, untyped, an hour long, and about
    /// `system:serviceaccount:{namespace}:{account}`.
    #[must_use]
    pub fn kubernetes(&self, namespace: &str, account: &str, audience: &str) -> Draft {
        let now = self.now();
        Draft::new(&self.key(Algorithm::RS256), "JWT")
            .without_header("typ")
            .claim("aud", json!([audience]))
            .claim("exp", now.plus(3607).0)
            .claim("iat", now.0)
            .claim("iss", self.issuer())
            .claim("jti", self.state.new_jti())
            .claim(
                "kubernetes.io",
                json!({
                    "namespace": namespace,
                    "node": { "name": "node-1", "uid": "a9ab4ea1-0c2a-4b3c-bb6a-8f2f5d6cb1c8" },
                    "pod": { "name": format!("{account}-7d4b9"), "uid": "3f0bd2ee-94b2-4f0f-9f1f-7e8d1c0f6a55" },
                    "serviceaccount": { "name": account, "uid": "f1f4c6c2-6e5c-4a1e-8d3b-2b7b1a0c9d77" },
                }),
            )
            .claim("nbf", now.0)
            .claim("sub", format!("system:serviceaccount:{namespace}:{account}"))
    }

    /// As SPIFFE writes a JWT-SVID: ES256, five minutes long, without a `jti`, about a SPIFFE ID.
    #[must_use]
    pub fn spiffe(&self, id: &str, audience: &str) -> Draft {
        let now = self.now();
        Draft::new(&self.key(Algorithm::ES256), "JWT")
            .claim("aud", json!([audience]))
            .claim("exp", now.plus(300).0)
            .claim("iat", now.0)
            .claim("iss", self.issuer())
            .claim("sub", id)
    }
}
