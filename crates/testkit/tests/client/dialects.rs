//! Our client at our server, by its own URLs and by those of the dialects, and with the token at our guard.

use countersign_client::{Builder, ClientAuth, TokenError, TokenSource};
use countersign_guard::{TrustedIssuer, Verifier};
use countersign_proto::admin::NewRealm;
use countersign_testkit::TestServer;

use crate::guarded::Door;

const API: &str = "https://orders.example";
const SCOPES: [&str; 2] = ["orders:read", "orders:write"];

/// A server with a realm of each profile, each with an API and a client that may read there, and may ask to write.
struct Scene {
    server: TestServer,
    secrets: [String; 3],
}

impl Scene {
    async fn new() -> Self {
        let server = TestServer::start().await;
        server.plain_realm("native", "rfc9068", None).await;
        server.plain_realm("keycloak", "keycloak", Some("keycloak")).await;
        let root = NewRealm {
            name: "auth0".to_owned(),
            profile: Some("auth0".to_owned()),
            issuer: Some(format!("{}/", server.public_url())),
            hosts: Some(vec![server.address().to_string()]),
            ..NewRealm::default()
        };
        server.realm(root).await;
        let mut secrets = Vec::new();
        for realm in ["native", "keycloak", "auth0"] {
            server.api(realm, API, &SCOPES).await;
            secrets.push(server.client(realm, "svc").await);
            server.grant(realm, "svc", API, &SCOPES[..1], &SCOPES[1..]).await;
        }
        Self { server, secrets: secrets.try_into().unwrap() }
    }

    /// The issuer of this realm, as it names itself.
    fn issuer(&self, realm: &str) -> String {
        match realm {
            "auth0" => format!("{}/", self.server.public_url()),
            other => format!("{}/realms/{other}", self.server.public_url()),
        }
    }

    /// A source, by the issuer's metadata.
    fn discover(&self, realm: &str) -> Builder {
        self.as_client(TokenSource::discover(self.issuer(realm)), realm)
    }

    /// A source, by this path of the server's.
    fn at(&self, path: &str, realm: &str) -> Builder {
        self.as_client(TokenSource::at(format!("{}{path}", self.server.public_url())), realm)
    }

    fn as_client(&self, tokens: Builder, realm: &str) -> Builder {
        tokens.client_secret("svc", self.secret(realm).to_owned()).only_to(API).clock(Door::clock())
    }

    fn secret(&self, realm: &str) -> &str {
        let [native, keycloak, auth0] = &self.secrets;
        match realm {
            "native" => native,
            "keycloak" => keycloak,
            _ => auth0,
        }
    }

    /// A guard that trusts this realm, as the documentation has it.
    async fn guard(&self, realm: &str) -> Door {
        self.guard_for(realm, API).await
    }

    async fn guard_for(&self, realm: &str, audience: &str) -> Door {
        let trusted = TrustedIssuer::discover(self.issuer(realm), audience);
        let trusted = if realm == "native" { trusted } else { trusted.accept_typ_jwt() };
        Door::open(Verifier::builder(trusted).clock(Door::clock())).await
    }
}

/// T-8414-02: each realm by its metadata, a slash at the end included; each shape of token passes the guard.
#[tokio::test]
async fn each_profile_is_found_and_passes_the_guard() {
    let scene = Scene::new().await;
    for realm in ["native", "keycloak", "auth0"] {
        let guard = scene.guard(realm).await;
        let tokens = scene.discover(realm).resource(API).build().await.unwrap();
        for _ in 0..3 {
            assert_eq!(guard.status(&tokens).await, 200, "{realm}");
        }
        let token = tokens.token().await.unwrap();
        assert_eq!(token.scope(), Some("orders:read"), "{realm}");
        let more = scene.discover(realm).resource(API).scope("orders:read").scope("orders:write");
        let more = more.build().await.unwrap().token().await.unwrap();
        assert_eq!(more.scope(), Some("orders:read orders:write"), "{realm}");
    }
}

/// dialects a.4: at Keycloak's URL, by Basic and in the body; tokens are for whom Keycloak's are, whatever is asked for.
#[tokio::test]
async fn at_the_url_of_keycloaks_users() {
    let scene = Scene::new().await;
    let guard = scene.guard_for("keycloak", "account").await;
    let post = ClientAuth::client_secret_post("svc", scene.secret("keycloak").to_owned());
    let at = || scene.at("/realms/keycloak/protocol/openid-connect/token", "keycloak");
    for tokens in [at(), at().auth(post)] {
        let tokens = tokens.resource(API).build().await.unwrap();
        assert_eq!(guard.status(&tokens).await, 200);
    }
    let wrong = at().client_secret("svc", "wrong".to_owned()).build().await.unwrap().token().await;
    let Err(TokenError::Refused(refused)) = wrong else { panic!("{wrong:?}") };
    assert_eq!((refused.status.as_u16(), refused.error.as_str()), (401, "unauthorized_client"));
}

/// dialects b.1: at Auth0's URL, in JSON and as a form, for an audience.
#[tokio::test]
async fn at_the_url_of_auth0s_users() {
    let scene = Scene::new().await;
    let guard = scene.guard("auth0").await;
    let post = |secret: &str| ClientAuth::client_secret_post("svc", secret.to_owned());
    let at = || scene.at("/oauth/token", "auth0").auth(post(scene.secret("auth0"))).audience(API);
    for tokens in [at(), at().json_body(), scene.discover("auth0").audience(API).json_body()] {
        let tokens = tokens.build().await.unwrap();
        assert_eq!(guard.status(&tokens).await, 200);
    }
    let wrong = at().json_body().auth(post("wrong")).build().await.unwrap().token().await;
    let Err(TokenError::Refused(refused)) = wrong else { panic!("{wrong:?}") };
    assert_eq!((refused.status.as_u16(), refused.error.as_str()), (401, "access_denied"));
}
