//! Access tokens of other issuers' shapes, as their machines get them.

use countersign_proto::jose::Algorithm;
use serde_json::json;

use super::TestIssuer;
use super::state::State;
use crate::Draft;

/// The shape of the tokens, and of the answers, of a token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// [`TestIssuer::mint`].
    #[default]
    Rfc9068,
    /// [`TestIssuer::keycloak`].
    Keycloak,
    /// [`TestIssuer::auth0`].
    Auth0,
    /// [`TestIssuer::entra`].
    Entra,
    /// [`TestIssuer::okta`].
    Okta,
}

impl TestIssuer {
    /// A good access token in the making (RFC 9068 §2), signed with ES256.
    #[must_use]
    pub fn mint(&self) -> Draft {
        self.state.mint()
    }

    /// As Keycloak 26.7 writes them for service accounts: `typ` is `JWT` in the header and `Bearer` among the claims.
    ///
    /// Older ones have `clientId` instead of `client_id`, or neither and `azp` alone.
    #[must_use]
    pub fn keycloak(&self) -> Draft {
        self.state.keycloak()
    }

    /// As Auth0 writes them for machines: `azp` and `gty` instead of `client_id`, no `jti`, a day long.
    #[must_use]
    pub fn auth0(&self) -> Draft {
        self.state.auth0()
    }

    /// As Entra ID writes them for daemons in version 2.0: application permissions are `roles`, and there is no `jti`.
    ///
    /// Version 1.0 has `"ver":"1.0"` and `appid` instead of `azp`, and an `aud` that begins with `api://`.
    #[must_use]
    pub fn entra(&self) -> Draft {
        self.state.entra()
    }

    /// As a custom authorization server of Okta writes them: no `typ`, scopes as a list in `scp`, the client in `cid`.
    #[must_use]
    pub fn okta(&self) -> Draft {
        self.state.okta()
    }
}

impl Profile {
    /// Seconds that its tokens live.
    pub(super) const fn lifetime(self) -> i64 {
        match self {
            Self::Rfc9068 | Self::Keycloak => TestIssuer::LIFETIME,
            Self::Auth0 => 86_400,
            Self::Entra => 3900,
            Self::Okta => 3600,
        }
    }
}

impl State {
    pub(super) fn mint(&self) -> Draft {
        let now = self.now();
        Draft::new(&self.key(Algorithm::ES256), "at+jwt")
            .claim("iss", self.issuer())
            .claim("sub", TestIssuer::CLIENT)
            .claim("client_id", TestIssuer::CLIENT)
            .claim("aud", TestIssuer::AUDIENCE)
            .claim("exp", now.plus(TestIssuer::LIFETIME).0)
            .claim("iat", now.0)
            .claim("jti", self.new_jti())
            .claim("scope", TestIssuer::SCOPE)
    }

    pub(super) fn keycloak(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .claim("exp", now.plus(TestIssuer::LIFETIME).0)
            .claim("iat", now.0)
            .claim("jti", "trrtcc:297bfbbd-360a-087e-fe8a-1e3650f2c4de")
            .claim("iss", self.issuer())
            .claim("aud", json!([TestIssuer::AUDIENCE, "account"]))
            .claim("sub", SUBJECT)
            .claim("typ", "Bearer")
            .claim("azp", TestIssuer::CLIENT)
            .claim("acr", "1")
            .claim(
                "realm_access",
                json!({ "roles": ["offline_access", "default-roles-myorg", "uma_authorization"] }),
            )
            .claim("resource_access", json!({ "account": { "roles": ["manage-account", "view-profile"] } }))
            .claim("scope", format!("{} email profile", TestIssuer::SCOPE))
            .claim("clientHost", "127.0.0.1")
            .claim("email_verified", false)
            .claim("preferred_username", format!("service-account-{}", TestIssuer::CLIENT))
            .claim("clientAddress", "127.0.0.1")
            .claim("client_id", TestIssuer::CLIENT)
    }

    pub(super) fn auth0(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .claim("iss", self.issuer())
            .claim("sub", format!("{}@clients", TestIssuer::CLIENT))
            .claim("aud", TestIssuer::AUDIENCE)
            .claim("iat", now.0)
            .claim("exp", now.plus(86_400).0)
            .claim("scope", TestIssuer::SCOPE)
            .claim("gty", "client-credentials")
            .claim("azp", TestIssuer::CLIENT)
    }

    pub(super) fn entra(&self) -> Draft {
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
            .claim("roles", json!([TestIssuer::SCOPE]))
            .claim("sub", SUBJECT)
            .claim("tid", "9188040d-6c67-4c5b-b112-36a304b66dad")
            .claim("uti", "mHn3Tn4cYk2A")
            .claim("ver", "2.0")
    }

    pub(super) fn okta(&self) -> Draft {
        let now = self.now();
        self.rs256()
            .without_header("typ")
            .claim("ver", 1)
            .claim("jti", "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMBeRzyHPS0w")
            .claim("iss", self.issuer())
            .claim("aud", TestIssuer::AUDIENCE)
            .claim("iat", now.0)
            .claim("exp", now.plus(3600).0)
            .claim("cid", TestIssuer::CLIENT)
            .claim("scp", json!([TestIssuer::SCOPE]))
            .claim("sub", TestIssuer::CLIENT)
    }

    fn rs256(&self) -> Draft {
        Draft::new(&self.key(Algorithm::RS256), "JWT")
    }
}

const SUBJECT: &str = "12e35a5e-fb4d-46a3-a0ab-59e2db097e28";
const CLIENT_UUID: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
