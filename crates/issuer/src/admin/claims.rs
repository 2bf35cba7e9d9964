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

/// Applies a merge patch to the claims of a client: a member that is null goes, an object is merged, anything else is set
/// (RFC 7396 section 2).
pub(super) fn merge(claims: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                claims.remove(&name);
            }
            Value::Object(members) => {
                let target = claims.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if !target.is_object() {
                    *target = Value::Object(Map::new());
                }
                if let Value::Object(target) = target {
                    merge(target, members);
                }
            }
            other => {
                claims.insert(name, other);
            }
        }
    }
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
/// our profiles write. What tells who somebody is
/// is among them, for no user stands behind a client. `realm_access` and `resource_access` are not: people who come from
/// Keycloak need them; nor `roles`, `groups` and `entitlements`, which RFC 9068 section 2.2.3.1 means for just this.
const REFUSED: [&str; 54] = [
    "_claim_names",
    "_claim_sources",
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
    "family_name",
    "given_name",
    "gty",
    "iat",
    "iss",
    "jti",
    "may_act",
    "middle_name",
    "name",
    "nbf",
    "nickname",
    "nonce",
    "org_id",
    "permissions",
    "phone_number",
    "phone_number_verified",
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
            json!({"realm_access": {"roles": ["a"]}, "resource_access": {"app": {"roles": ["b"]}}, "groups": ["c"]})
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

    /// RFC 7396, appendix A: the examples whose target and patch are objects.
    #[test]
    fn a_patch_of_claims_is_a_merge_patch() {
        for (before, patch, after) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let (Value::Object(mut claims), Value::Object(patch)) = (before, patch) else {
                panic!("no object")
            };
            merge(&mut claims, patch);
            assert_eq!(Value::Object(claims), after);
        }
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
