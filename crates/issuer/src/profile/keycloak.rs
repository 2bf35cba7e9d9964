//! Access tokens as Keycloak writes them for service accounts.
//!
//! Roles (`realm_access`, `resource_access`) come from the client's own claims. `email_verified` stands where the scope
//! `email` does, as there.

use super::Claims;
use crate::mint::Content;
use crate::registry::Uuid;

pub(super) fn write(content: &Content<'_>, claims: &mut Claims<'_>) {
    let client = content.decision.client();
    claims.number(r#"{"exp":"#, content.expires_at.0);
    claims.number(r#","iat":"#, content.issued_at.0);
    claims.raw(r#","jti":"trrtcc:"#);
    Uuid::of(content.unique).write(claims.0);
    claims.raw(r#"","iss":"#);
    claims.raw(content.realm.issuer_json());
    claims.raw(r#","aud":"#);
    claims.raw(content.decision.api().identifier_json());
    claims.raw(r#","sub":""#);
    client.entry().uuid().write(claims.0);
    claims.plain(r#"","typ":"Bearer","azp":""#, client.client_id());
    claims.raw(r#","acr":"1""#);
    claims.raw(client.entry().claims());
    claims.plain(r#","scope":""#, content.decision.scope());
    if content.decision.scope().split(' ').any(|name| name == "email") {
        claims.raw(r#","email_verified":false"#);
    }
    let host = Address::of(client.source());
    claims.plain(r#","clientHost":""#, host.as_str());
    claims.raw(r#","preferred_username":"service-account-"#);
    let start = claims.0.len();
    claims.raw(client.client_id());
    if let Some(name) = claims.0.get_mut(start..) {
        name.make_ascii_lowercase();
    }
    claims.plain(r#"","clientAddress":""#, host.as_str());
    claims.plain(r#","client_id":""#, client.client_id());
}

/// An address as Java prints it, without an allocation: IPv6 in eight groups, uncompressed.
struct Address {
    text: [u8; 45],
    len: usize,
}

impl Address {
    fn of(address: std::net::IpAddr) -> Self {
        use std::io::Write as _;
        let mut text = [0u8; 45];
        let mut cursor = std::io::Cursor::new(&mut text[..]);
        let written = match address.to_canonical() {
            std::net::IpAddr::V4(v4) => write!(cursor, "{v4}"),
            std::net::IpAddr::V6(v6) => {
                let [a, b, c, d, e, f, g, h] = v6.segments();
                write!(cursor, "{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{g:x}:{h:x}")
            }
        };
        let len = written.map_or(0, |()| usize::try_from(cursor.position()).unwrap_or(0));
        Self { text, len }
    }

    fn as_str(&self) -> &str {
        self.text.get(..self.len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }
}
