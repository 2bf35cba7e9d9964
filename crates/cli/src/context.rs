//! Contexts: servers and credentials that the command line remembers, as kubectl does.

mod file;

use std::path::PathBuf;

use clap::Args;
use countersign_client::token::Secret;
use countersign_client::{
    Builder, ClientAuth, Endpoint, EndpointError, HttpClient, SecretSource, Settings, TokenSource,
};
use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use self::file::{Contexts, unknown};
use crate::environment::{self, shown};
use crate::failure::Failure;
use crate::private_file;

/// A server, and a client of it whose credentials are known; no `Debug`, because it may hold a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// The server's public URL.
    pub(crate) server: String,
    /// The realm that knows the client.
    pub(crate) realm: String,
    /// The client.
    pub(crate) client_id: String,
    /// Its secret itself …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret: Option<String>,
    /// … or the environment variable that holds it …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_env: Option<String>,
    /// … or the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The realm that commands mean when they name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_realm: Option<String>,
    /// Authorities to trust besides the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether the secret goes in the body: the client may be held to that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) in_body: bool,
    /// Whether plain HTTP beyond loopback is allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) danger_plain_http: bool,
    /// The data folder of the server that saved this for its root: by it a reset finds what to renew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
}

/// Which context a command uses.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Choice {
    /// The saved context to use, instead of the current one
    #[arg(
        long,
        value_name = "NAME",
        env = "COUNTERSIGN_CONTEXT",
        hide_env_values = true,
        help_heading = "Where"
    )]
    pub(crate) context: Option<String>,
}

impl Choice {
    /// The chosen context with its name.
    pub(crate) fn load(&self) -> Result<(String, Context), Failure> {
        Contexts::load()?.choose(self.context.as_deref())
    }
}

impl Context {
    /// The client's secret, from wherever it is.
    pub(crate) fn secret(&self) -> Result<Secret, Failure> {
        if let Some(secret) = &self.client_secret {
            return Ok(Secret::new(secret.clone()));
        }
        if let Some(name) = &self.client_secret_env {
            let missing =
                || Failure::new(format!("the context's secret is in {}, which is not set", shown(name)));
            let secret = environment::text(name).map(zeroize::Zeroizing::new).ok_or_else(missing)?;
            return Ok(Secret::new(secret.trim_end_matches(['\n', '\r']).to_owned()));
        }
        match &self.client_secret_file {
            Some(path) => secret_file(path),
            None => Err(Failure::new("the context holds no secret")
                .next("add it again with `countersign context add`")),
        }
    }

    /// Whether nothing is lost with it where `new` takes its place: it is of the same client and holds no secret, or one
    /// that a server with this data folder, and a database that is not new, has just replaced.
    fn is_replaced_by(&self, new: &Self, is_first: bool) -> bool {
        let is_same = self.realm == new.realm && self.client_id == new.client_id;
        let is_replaced = !is_first && self.data.is_some() && self.data == new.data;
        is_same && (is_replaced || (self.client_secret.is_none() && self.server == new.server))
    }

    /// Its client, and how it proves itself.
    pub(crate) fn auth(&self) -> Result<ClientAuth, Failure> {
        // it must be there now, and is read anew when it is needed
        let secret =
            match (self.secret()?, &self.client_secret, &self.client_secret_env, &self.client_secret_file) {
                (_, None, Some(name), _) => SecretSource::env(name),
                (_, None, None, Some(path)) => SecretSource::file(path),
                (secret, ..) => secret.into(),
            };
        let id = self.client_id.clone();
        Ok(if self.in_body {
            ClientAuth::client_secret_post(id, secret)
        } else {
            ClientAuth::client_secret_basic(id, secret)
        })
    }

    /// Tokens of its client.
    pub(crate) fn tokens(&self) -> Result<Builder, Failure> {
        let mut tokens = TokenSource::at(self.token_endpoint()?.to_string()).auth(self.auth()?);
        if let Some(path) = &self.ca_file {
            tokens = tokens.ca_file(path);
        }
        Ok(if self.danger_plain_http { tokens.danger_plain_http() } else { tokens })
    }

    /// A client that trusts what the context says.
    pub(crate) fn http(&self) -> HttpClient {
        HttpClient::new(Settings { ca_file: self.ca_file.clone(), ..Settings::default() })
    }

    /// A URL of the server; each segment stands as it is, percent-encoded.
    pub(crate) fn endpoint(&self, segments: &[&str]) -> Result<Endpoint, Failure> {
        let mut url = Url::parse(&self.server).map_err(|_| Failure::new("the context's server is no URL"))?;
        if let Some(odd) = segments.iter().find(|segment| matches!(**segment, "" | "." | "..")) {
            return Err(Failure::new(format!("'{odd}' is no name of anything")));
        }
        let base = || Failure::new("the context's server is no http URL");
        url.path_segments_mut().map_err(|()| base())?.pop_if_empty().extend(segments);
        endpoint(url.as_str(), self.danger_plain_http)
    }

    /// Where its client takes tokens.
    pub(crate) fn token_endpoint(&self) -> Result<Endpoint, Failure> {
        self.endpoint(&["realms", &self.realm, "oauth2", "token"])
    }
}

/// A URL that may be called.
pub(crate) fn endpoint(url: &str, danger_plain_http: bool) -> Result<Endpoint, Failure> {
    let parse = if danger_plain_http { Endpoint::danger_parse_any_http } else { Endpoint::parse };
    parse(url).map_err(|error| {
        // what stands before the host may be a password
        let shown = if error == EndpointError::Credentials { "the URL" } else { url };
        let failure = Failure::new(format!("{shown}: {error}"));
        match error {
            EndpointError::Syntax => failure.next(
                "begin it with https:// (http:// on loopback), as in https://auth.example.com or http://localhost:8080",
            ),
            EndpointError::Credentials => {
                failure.next("leave them out; the client's id and secret have flags of their own")
            }
            EndpointError::PlainHttp => failure,
        }
    })
}

/// A secret from a file, or from standard input for `-`, without the newline at its end.
pub(crate) fn secret_file(path: &std::path::Path) -> Result<Secret, Failure> {
    let cannot = |error| Failure::new(format!("cannot read the secret from {}: {error}", path.display()));
    let text = if path == std::path::Path::new("-") {
        std::io::read_to_string(std::io::Read::take(std::io::stdin(), MAX_SECRET)).map_err(cannot)?
    } else {
        private_file::read(path, MAX_SECRET).map_err(cannot)?
    };
    let text = zeroize::Zeroizing::new(text);
    private_file::warn_if_open(path);
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(Failure::new(format!("{} is empty", path.display())));
    }
    Ok(Secret::new(secret.to_owned()))
}

const MAX_SECRET: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn context(server: &str) -> Context {
        Context {
            server: server.to_owned(),
            realm: "system".to_owned(),
            client_id: "root".to_owned(),
            client_secret: Some("s".to_owned()),
            client_secret_env: None,
            client_secret_file: None,
            default_realm: None,
            ca_file: None,
            in_body: false,
            danger_plain_http: false,
            data: None,
        }
    }

    /// The contract: `{api}` is the percent-encoded identifier; no name can climb out of its place in the path.
    #[test]
    fn names_stand_in_urls_percent_encoded() {
        let url =
            |segments: &[&str]| context("http://localhost:8080").endpoint(segments).map(|e| e.to_string());
        assert_eq!(
            url(&["admin", "apis", "https://orders.example/?x#y"]).unwrap(),
            "http://localhost:8080/admin/apis/https:%2F%2Forders.example%2F%3Fx%23y"
        );
        assert_eq!(url(&["a%2Fb"]).unwrap(), "http://localhost:8080/a%252Fb");
        for climbing in ["..", ".", ""] {
            assert!(url(&["admin", climbing, "x"]).is_err());
        }
        assert!(context("http://a.example").endpoint(&["x"]).is_err());
        assert_eq!(
            context("https://a.example/").endpoint(&["x"]).unwrap().to_string(),
            "https://a.example/x"
        );
    }
}
