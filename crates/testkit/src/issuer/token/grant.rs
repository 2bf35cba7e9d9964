//! What a client gets of what it asked for (RFC 6749 §4.4.2, RFC 8707 §2).

use countersign_proto::form::Form;

use super::mint::Granted;
use super::refused::Refused;
use crate::TestIssuer;
use crate::issuer::client::Client;

pub(super) fn decide(client: &Client, form: &Form<'_>) -> Result<Granted, Refused> {
    match form.get("grant_type").map(|grant| &**grant) {
        None => return Err(Refused::request("grant_type is missing")),
        Some("client_credentials") => {}
        Some(_) => return Err(Refused::new("unsupported_grant_type", "client_credentials is supported")),
    }
    let scope = scope(client, form.get("scope").map(|scope| &**scope))?;
    let mut audiences = Vec::new();
    for resource in form.all("resource") {
        if !is_absolute(resource) {
            return Err(Refused::new("invalid_target", "resource is no absolute URI without a fragment"));
        }
        audiences.push(resource.to_string());
    }
    audiences.extend(form.all("audience").map(ToString::to_string));
    if !client.targets.is_empty() && audiences.iter().any(|audience| !client.targets.contains(audience)) {
        return Err(Refused::new("invalid_target", "the target is not granted"));
    }
    if audiences.is_empty() {
        audiences.push(client.targets.first().map_or_else(|| TestIssuer::AUDIENCE.to_owned(), Clone::clone));
    }
    Ok(Granted { client_id: client.id.clone(), scope, audiences, jkt: None, x5t: None })
}

fn scope(client: &Client, asked: Option<&str>) -> Result<String, Refused> {
    let invalid = |why| Err(Refused::new("invalid_scope", why));
    let Some(asked) = asked else {
        let all = client.scopes.join(" ");
        return Ok(if all.is_empty() { TestIssuer::SCOPE.to_owned() } else { all });
    };
    // RFC 6749 §3.3
    let is_token = |token: &str| {
        !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if !asked.split(' ').all(is_token) {
        return invalid("the scope is malformed");
    }
    let granted = |token: &str| client.scopes.is_empty() || client.scopes.iter().any(|scope| scope == token);
    if asked.split(' ').all(granted) { Ok(asked.to_owned()) } else { invalid("the scope is not granted") }
}

/// An absolute URI by its scheme, without a fragment (RFC 8707 §2, RFC 3986 §4.3).
fn is_absolute(uri: &str) -> bool {
    let scheme = uri.split_once(':').map(|(scheme, rest)| (scheme.as_bytes(), rest));
    scheme.is_some_and(|(scheme, rest)| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
            && !rest.is_empty()
            && uri.bytes().all(|b| matches!(b, 0x21 | 0x24..=0x7e))
    })
}
