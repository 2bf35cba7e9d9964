//! Access tokens of other issuers' shapes, as their machines get them.

use countersign_proto::jose::Algorithm;
use serde_json::json;

use super::TestIssuer;
use crate::Draft;

impl TestIssuer {
    /// As Keycloak 26.7 writes them for service accounts: `typ` is `JWT` in the header and `Bearer` among the claims.
    ///
    /// Older ones have `clientId` instead of `client_id`, or neither and `azp` alone.
    #[must_use]
    pub fn keycloak(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .claim("exp", now.plus(Self::LIFETIME).0)
            .claim("iat", now.0)
            .claim("jti", "trrtcc:297bfbbd-360a-087e-fe8a-1e3650f2c4de")
            .claim("iss", self.issuer())
            .claim("aud", json!([Self::AUDIENCE, "account"]))
            .claim("sub", SUBJECT)
            .claim("typ", "Bearer")
            .claim("azp", Self::CLIENT)
            .claim("acr", "1")
            .claim(
                "realm_access",
                json!({ "roles": ["offline_access", "default-roles-myorg", "uma_authorization"] }),
            )
            .claim("resource_access", json!({ "account": { "roles": ["manage-account", "view-profile"] } }))
            .claim("scope", format!("{} email profile", Self::SCOPE))
            .claim("clientHost", "127.0.0.1")
            .claim("email_verified", false)
            .claim("preferred_username", format!("service-account-{}", Self::CLIENT))
            .claim("clientAddress", "127.0.0.1")
            .claim("client_id", Self::CLIENT)
    }

    /// As Auth0 writes them for machines: `azp` and `gty` instead of `client_id`, no `jti`, a day long.
    #[must_use]
    pub fn auth0(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .claim("iss", self.issuer())
            .claim("sub", format!("{}@clients", Self::CLIENT))
            .claim("aud", Self::AUDIENCE)
            .claim("iat", now.0)
            .claim("exp", now.plus(86_400).0)
            .claim("scope", Self::SCOPE)
            .claim("gty", "client-credentials")
            .claim("azp", Self::CLIENT)
    }

    /// As Entra ID writes them for daemons in version 2.0: application permissions are `roles`, and there is no `jti`.
    ///
    /// Version 1.0 has `"ver":"1.0"` and `appid` instead of `azp`, and an `aud` that begins with `api://`.
    #[must_use]
    pub fn entra(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .claim("aud", "api://orders")
            .claim("iss", self.issuer())
            .claim("iat", now.0)
            .claim("nbf", now.0)
            .claim("exp", now.plus(3900).0)
            .claim("aio", "k2RgYEh7e3Cy2Z4=")
            .claim("azp", CLIENT_UUID)
            .claim("azpacr", "1")
            .claim("oid", SUBJECT)
            .claim("rh", "1.AAAA.")
            .claim("roles", json!([Self::SCOPE]))
            .claim("sub", SUBJECT)
            .claim("tid", "9188040d-6c67-4c5b-b112-36a304b66dad")
            .claim("uti", "mHn3Tn4cYk2A")
            .claim("ver", "2.0")
    }

    /// As a custom authorization server of Okta writes them: no `typ`, scopes as a list in `scp`, the client in `cid`.
    #[must_use]
    pub fn okta(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .without_header("typ")
            .claim("ver", 1)
            .claim("jti", "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMBeRzyHPS0w")
            .claim("iss", self.issuer())
            .claim("aud", Self::AUDIENCE)
            .claim("iat", now.0)
            .claim("exp", now.plus(3600).0)
            .claim("cid", Self::CLIENT)
            .claim("scp", json!([Self::SCOPE]))
            .claim("sub", Self::CLIENT)
    }

    fn rs256(&self) -> Draft {
        Draft::new(&self.key(Algorithm::RS256), "JWT")
    }
}

const SUBJECT: &str = "12e35a5e-fb4d-46a3-a0ab-59e2db097e28";
const CLIENT_UUID: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
