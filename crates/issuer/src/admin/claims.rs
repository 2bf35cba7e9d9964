//! Claims that a client's tokens carry besides ours: which names may be used, and how much.

use serde_json::{Map, Value};

use super::AdminError;

/// Checks the static claims of a client.
pub(super) fn check(claims: &Map<String, Value>) -> Result<(), AdminError> {
    for name in claims.keys() {
        if REFUSED.contains(&name.as_str()) {
            let rule =
                format!("the claim {name} has a meaning of its own in tokens and is set by the server alone");
            return Err(AdminError::invalid("claims", rule));
        }
        if name.is_empty() || name.len() > 255 || name.chars().any(char::is_control) {
            let rule = "the name of a claim has 1 to 255 bytes and no control characters";
            return Err(AdminError::invalid("claims", rule));
        }
    }
    if claims.values().map(depth).max().unwrap_or(0) + 1 > MAX_DEPTH {
        return Err(AdminError::invalid("claims", "claims are nested at most 8 deep"));
    }
    let size = serde_json::to_vec(claims).map_or(usize::MAX, |text| text.len());
    if size > MAX_SIZE {
        return Err(AdminError::invalid(
            "claims",
            "claims take at most 4096 bytes as JSON: they ride in every request",
        ));
    }
    Ok(())
}

/// How many objects and arrays lie in one another; bounded by what the JSON reader admits.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Names that RFC 7519, 7662, 7800, 8693, 9068, 9449 and OpenID Connect register and verifiers act upon, and those that
/// our profiles write. `realm_access` and `resource_access` are not here: people who come from Keycloak need them.
const REFUSED: [&str; 45] = [
    "acr",
    "act",
    "active",
    "allowed-origins",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client-id",
    "clientAddress",
    "clientHost",
    "clientId",
    "client_id",
    "cnf",
    "email",
    "email_verified",
    "events",
    "exp",
    "gty",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "org_id",
    "permissions",
    "preferred_username",
    "s_hash",
    "scope",
    "scopes",
    "scp",
    "session_state",
    "sid",
    "status",
    "sub",
    "sub_jwk",
    "toe",
    "token_type",
    "txn",
    "typ",
    "username",
];
const MAX_SIZE: usize = 4096;
const MAX_DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(claims: Value) -> bool {
        let Value::Object(claims) = claims else { panic!("no object") };
        check(&claims).is_ok()
    }

    /// Issue 3, item 2: `tenant`, `realm_access` and `resource_access` are allowed, registered names are not.
    #[test]
    fn registered_names_are_refused() {
        assert!(taken(json!({})));
        assert!(taken(json!({"tenant": "acme", "https://acme.example/plan": ["a", 1, null]})));
        assert!(taken(
            json!({"realm_access": {"roles": ["a"]}, "resource_access": {"app": {"roles": ["b"]}}})
        ));
        for name in REFUSED {
            let mut claims = Map::new();
            claims.insert(name.to_owned(), json!("x"));
            assert!(!taken(Value::Object(claims)), "{name}");
        }
        assert!(!taken(json!({"": 1})));
        assert!(!taken(json!({"a\u{0}": 1})));
        assert!(REFUSED.is_sorted());
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let nested = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!([inner]));
        assert!(taken(json!({"a": nested(8)})));
        assert!(!taken(json!({"a": nested(9)})));
        assert!(taken(json!({"a": "x".repeat(4088)})));
        assert!(!taken(json!({"a": "x".repeat(4089)})));
    }
}
