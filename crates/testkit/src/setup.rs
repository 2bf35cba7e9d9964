//! Realms, APIs and clients for tests, made by the commands that operators use.

use countersign_issuer::admin::Administrator;
use countersign_proto::admin::{
    ApiBody, ClientPatch, GrantPut, NewApi, NewClient, NewRealm, NewScope, RealmBody, RealmPatch,
};

use crate::{Answer, Request, TestServer};

impl TestServer {
    /// Makes a realm.
    ///
    /// # Panics
    /// When it is refused, as all here.
    pub async fn realm(&self, new: NewRealm) -> RealmBody {
        self.issuer().create_realm(&operator(), new).await.expect("a realm").body
    }

    /// Makes a realm of this name, profile and template, with the dialects that they name.
    pub async fn plain_realm(&self, name: &str, profile: &str, template: Option<&str>) -> RealmBody {
        self.realm(NewRealm {
            name: name.to_owned(),
            profile: Some(profile.to_owned()),
            template: template.map(str::to_owned),
            ..NewRealm::default()
        })
        .await
    }

    /// Changes a realm.
    pub async fn update_realm(&self, realm: &str, patch: RealmPatch) -> RealmBody {
        self.issuer().update_realm(&operator(), realm, patch, None).await.expect("a changed realm").body
    }

    /// Makes an API with scopes.
    pub async fn api(&self, realm: &str, identifier: &str, scopes: &[&str]) -> ApiBody {
        let scopes = scopes.iter().map(|name| new_scope(name)).collect();
        let new = NewApi { identifier: identifier.to_owned(), scopes, ..NewApi::default() };
        self.issuer().create_api(&operator(), realm, new).await.expect("an API").body
    }

    /// Adds a scope to an API.
    pub async fn scope(&self, realm: &str, api: &str, name: &str) {
        self.issuer().create_scope(&operator(), realm, api, new_scope(name)).await.expect("a scope");
    }

    /// Makes a client and returns its secret.
    pub async fn client(&self, realm: &str, client_id: &str) -> String {
        self.new_client(realm, NewClient { client_id: Some(client_id.to_owned()), ..NewClient::default() })
            .await
    }

    /// Makes a client as it is described and returns its secret.
    pub async fn new_client(&self, realm: &str, new: NewClient) -> String {
        self.issuer().create_client(&operator(), realm, new).await.expect("a client").body.secret
    }

    /// Changes a client.
    pub async fn update_client(&self, realm: &str, client_id: &str, patch: ClientPatch) {
        self.issuer()
            .update_client(&operator(), realm, client_id, patch, None)
            .await
            .expect("a changed client");
    }

    /// Removes a client.
    pub async fn delete_client(&self, realm: &str, client_id: &str) {
        self.issuer().delete_client(&operator(), realm, client_id, None).await.expect("it is gone");
    }

    /// Gives a client exactly these scopes on an API.
    pub async fn grant(&self, realm: &str, client_id: &str, api: &str, default: &[&str], optional: &[&str]) {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let put = GrantPut { default: names(default), optional: names(optional) };
        let done = self.issuer().put_grant(&operator(), realm, client_id, api, put, None).await;
        done.expect("a grant");
    }

    /// The usual scene: realm `myorg`, API `https://orders.example` with three scopes, client `svc` that gets
    /// `orders:read` by default and may ask for `orders:write`. Returns its secret.
    pub async fn orders(&self) -> String {
        self.plain_realm("myorg", "rfc9068", None).await;
        self.api("myorg", "https://orders.example", &["orders:read", "orders:write", "orders:admin"]).await;
        let secret = self.client("myorg", "svc").await;
        self.grant("myorg", "svc", "https://orders.example", &["orders:read"], &["orders:write"]).await;
        secret
    }

    /// Asks the native endpoint of a realm for a token by Basic, with these parameters besides `grant_type`.
    pub async fn token(&self, realm: &str, id: &str, secret: &str, more: &[(&str, &str)]) -> Answer {
        let pairs = [&[("grant_type", "client_credentials")], more].concat();
        Request::post(format!("/realms/{realm}/oauth2/token")).basic(id, secret).form(&pairs).send(self).await
    }

    /// A token for the admin API of all realms.
    pub async fn root_token(&self) -> String {
        let (id, secret) = self.root();
        self.token("system", id, secret, &[]).await.token()
    }
}

fn new_scope(name: &str) -> NewScope {
    NewScope { name: name.to_owned(), description: String::new() }
}

fn operator() -> Administrator {
    Administrator::offline("test")
}
