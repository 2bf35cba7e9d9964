//! Access tokens as Auth0 writes them for machines: `azp` and `gty` instead of `client_id`, no `jti`.

use super::Claims;
use crate::mint::Content;

pub(super) fn write(content: &Content<'_>, claims: &mut Claims<'_>) {
    let client = content.decision.client();
    claims.raw(r#"{"iss":"#);
    claims.raw(content.realm.issuer_json());
    claims.plain(r#","sub":""#, client.client_id());
    // The suffix keeps a client apart from any user of the same name.
    claims.0.pop();
    claims.raw(r#"@clients","aud":"#);
    claims.raw(content.decision.api().identifier_json());
    claims.number(r#","iat":"#, content.issued_at.0);
    claims.number(r#","exp":"#, content.expires_at.0);
    if !content.decision.scope().is_empty() {
        claims.plain(r#","scope":""#, content.decision.scope());
    }
    claims.plain(r#","gty":"client-credentials","azp":""#, client.client_id());
    claims.raw(client.entry().claims());
}
