//! JWT access tokens (RFC 9068 §2.2).

use countersign_proto::jose::base64url;

use super::Claims;
use crate::mint::Content;

pub(super) fn write(content: &Content<'_>, claims: &mut Claims<'_>) {
    let client = content.decision.client();
    claims.raw(r#"{"iss":"#);
    claims.raw(content.realm.issuer_json());
    claims.plain(if content.decision.api().is_root_door() { ROOT } else { CLIENT }, client.client_id());
    claims.raw(r#","aud":"#);
    claims.raw(content.decision.api().identifier_json());
    claims.number(r#","exp":"#, content.expires_at.0);
    claims.number(r#","iat":"#, content.issued_at.0);
    claims.raw(r#","jti":""#);
    base64url::encode_into(&content.unique, claims.0);
    claims.plain(r#"","client_id":""#, client.client_id());
    if !content.decision.scope().is_empty() {
        claims.plain(r#","scope":""#, content.decision.scope());
    }
    claims.raw(client.entry().claims());
}

const CLIENT: &str = r#","sub":""#;
/// The realm's name and a colon, which no client id holds: no client of a realm can have the subject of `system`'s root.
const ROOT: &str = r#","sub":"system:"#;
