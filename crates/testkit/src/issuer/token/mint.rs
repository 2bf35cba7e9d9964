//! The token, and the answer that it comes in (RFC 6749 §5.1, RFC 9449 §5).

use serde_json::{Map, Value, json};

use crate::Draft;
use crate::draft::members::Members;
use crate::issuer::state::State;
use crate::issuer::{Profile, Reply};

/// What a token is to say.
pub(in crate::issuer) struct Granted {
    pub(in crate::issuer) client_id: String,
    pub(in crate::issuer) scope: String,
    pub(in crate::issuer) audiences: Vec<String>,
    /// The key that it is bound to (RFC 9449 §6.1).
    pub(in crate::issuer) jkt: Option<String>,
    /// The certificate that it is bound to (RFC 8705 §3.1).
    pub(in crate::issuer) x5t: Option<String>,
}

pub(super) fn reply(state: &State, granted: &Granted) -> Reply {
    let says = state.says.lock().expect("no test panicked here").clone();
    let lifetime = says.lifetime.unwrap_or(says.profile.lifetime());
    let token = draft(state, says.profile, granted, lifetime).token();
    let token_type = if granted.jkt.is_some() { "DPoP" } else { "Bearer" };

    let mut answer = Members::default();
    let mut set = |name, value: Value| answer.set(name, &value.to_string());
    set("access_token", token.into());
    set("token_type", token_type.into());
    set("expires_in", lifetime.into());
    match says.profile {
        // Entra answers without a scope.
        Profile::Entra => set("ext_expires_in", lifetime.into()),
        Profile::Keycloak => {
            set("refresh_expires_in", 0.into());
            set("not-before-policy", 0.into());
            set("scope", granted.scope.clone().into());
        }
        _ => set("scope", granted.scope.clone().into()),
    }
    for (name, json) in &says.members {
        match json {
            Some(json) => answer.set(name, json),
            None => answer.remove(name),
        }
    }
    let reply = Reply::status(200).body("application/json", answer.to_json());
    match state.nonces.hand_out() {
        Some(nonce) => reply.header("dpop-nonce", &nonce),
        None => reply,
    }
}

fn draft(state: &State, profile: Profile, granted: &Granted, lifetime: i64) -> Draft {
    let id = &*granted.client_id;
    let draft = match profile {
        Profile::Rfc9068 => state.mint().claim("sub", id).claim("client_id", id),
        Profile::Keycloak => {
            let name = format!("service-account-{id}");
            let draft = state.keycloak().claim("jti", state.new_jti());
            draft.claim("azp", id).claim("client_id", id).claim("preferred_username", name)
        }
        Profile::Auth0 => state.auth0().claim("sub", format!("{id}@clients")).claim("azp", id),
        Profile::Entra => state.entra().claim("azp", id).claim("uti", state.new_jti()),
        Profile::Okta => state.okta().claim("cid", id).claim("sub", id).claim("jti", state.new_jti()),
    };
    let draft = match profile {
        Profile::Entra => draft.claim("roles", scopes(granted)),
        Profile::Okta => draft.claim("scp", scopes(granted)),
        _ => draft.claim("scope", &*granted.scope),
    };
    let audience = match &*granted.audiences {
        [one] => json!(one),
        several => json!(several),
    };
    let draft = draft.claim("aud", audience).claim("exp", state.now().plus(lifetime).0);
    let mut cnf = Map::new();
    for (name, thumbprint) in [("jkt", &granted.jkt), ("x5t#S256", &granted.x5t)] {
        if let Some(thumbprint) = thumbprint {
            cnf.insert(name.to_owned(), json!(thumbprint));
        }
    }
    if cnf.is_empty() { draft } else { draft.claim("cnf", cnf) }
}

fn scopes(granted: &Granted) -> Value {
    json!(granted.scope.split(' ').collect::<Vec<_>>())
}
