//! The keys of a realm with their members in the order in which a product's own readers have always seen them.

use countersign_issuer::registry::RealmView;
use serde_json::Value;

/// A JWKS whose keys have these members, in this order, where they have them at all.
pub(super) fn jwks(realm: &RealmView, order: &[&str]) -> Vec<u8> {
    let keys: Vec<String> = realm
        .keys()
        .into_iter()
        .filter_map(|key| serde_json::to_value(&key.jwk).ok())
        .map(|jwk| ordered(&jwk, order))
        .collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
}

fn ordered(jwk: &Value, order: &[&str]) -> String {
    let members: Vec<String> =
        order.iter().filter_map(|name| Some(format!(r#""{name}":{}"#, jwk.get(name)?))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_the_order_asked_for() {
        let jwk = serde_json::json!({"n": "1", "alg": "RS256", "kid": "k", "d": "secret"});
        assert_eq!(ordered(&jwk, &["kid", "alg", "x5c", "n"]), r#"{"kid":"k","alg":"RS256","n":"1"}"#);
    }
}
