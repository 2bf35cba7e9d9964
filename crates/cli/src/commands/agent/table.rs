//! One `[context.NAME]`: whose token it is, for what, and who may have it.

use std::fmt;
use std::path::PathBuf;

use countersign_client::{Builder, ClientAuth, PrivateKey, SecretSource, TokenSource};
use countersign_proto::jose::Algorithm;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::environment;
use crate::failure::Failure;

/// What the file says of one context.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    issuer: Option<String>,
    client_id: Option<String>,
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    client_secret_command: Option<Vec<String>>,
    #[serde(default)]
    in_body: bool,
    private_key: Option<PathBuf>,
    key_id: Option<String>,
    signing_alg: Option<Algorithm>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    assertion_file: Option<PathBuf>,
    #[serde(default)]
    resource: OneOrMore,
    #[serde(default)]
    audience: OneOrMore,
    #[serde(default)]
    scope: OneOrMore,
    /// The users who may have it; `None` = the agent's own.
    uids: Option<Vec<u32>>,
    ca_file: Option<PathBuf>,
    /// Origins besides the issuer's host at which its metadata may name endpoints.
    #[serde(default)]
    endpoints_at: OneOrMore,
    #[serde(default)]
    danger_plain_http: bool,
}

/// A string, or an array of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OneOrMore(Vec<String>);

impl Table {
    /// Tokens as it says; nobody is asked.
    pub(super) fn tokens(&self) -> Result<TokenSource, Failure> {
        let issuer = self.issuer.as_deref().ok_or_else(|| {
            Failure::new("`issuer` is missing")
                .next("name the issuer as its tokens do in `iss`, such as https://id.example/realms/myorg")
        })?;
        let mut tokens = self.prove(TokenSource::discover(issuer))?;
        for resource in &self.resource.0 {
            tokens = tokens.resource(resource);
        }
        for audience in &self.audience.0 {
            tokens = tokens.audience(audience);
        }
        for scope in self.scope.0.iter().flat_map(|names| names.split_ascii_whitespace()) {
            tokens = tokens.scope(scope);
        }
        for origin in &self.endpoints_at.0 {
            tokens = tokens.endpoints_at(origin);
        }
        if let Some(path) = &self.ca_file {
            tokens = tokens.ca_file(path);
        }
        if self.danger_plain_http {
            tokens = tokens.danger_plain_http();
        }
        tokens.build_unasked().map_err(Failure::new)
    }

    /// Whether this user may have it, where the agent runs as `owner`.
    pub(super) fn is_for(&self, uid: u32, owner: u32) -> bool {
        self.uids.as_ref().map_or(uid == owner, |uids| uids.contains(&uid))
    }

    /// Whether it is for anybody but `owner`.
    pub(super) fn is_for_others(&self, owner: u32) -> bool {
        self.uids.as_ref().is_some_and(|uids| uids.iter().any(|uid| *uid != owner))
    }

    /// Whether it says for whom it is.
    pub(super) const fn names_users(&self) -> bool {
        self.uids.is_some()
    }

    /// Tells the builder who the client is and how it proves itself.
    fn prove(&self, tokens: Builder) -> Result<Builder, Failure> {
        self.judge()?;
        let id = || self.client_id.clone().ok_or_else(|| Failure::new("`client_id` is missing"));
        if let Some(path) = &self.private_key {
            let key = PrivateKey::from_file(path, self.signing_alg, self.key_id.clone());
            return Ok(tokens.private_key(id()?, key));
        }
        if let (Some(cert), Some(key)) = (&self.client_cert, &self.client_key) {
            return Ok(tokens.client_certificate(id()?, cert, key));
        }
        if let Some(path) = &self.assertion_file {
            return Ok(tokens.assertion_file(self.client_id.clone(), path));
        }
        let secret = self.secret()?;
        Ok(tokens.auth(if self.in_body {
            ClientAuth::client_secret_post(id()?, secret)
        } else {
            ClientAuth::client_secret_basic(id()?, secret)
        }))
    }

    fn secret(&self) -> Result<SecretSource, Failure> {
        if let Some(path) = &self.client_secret_file {
            return Ok(SecretSource::file(path));
        }
        if let Some(name) = &self.client_secret_env {
            environment::variable("client_secret_env", name)?;
            // unlike a file, it will not come while the agent runs
            if environment::text(name).is_none() {
                return Err(Failure::new(format!(
                    "client_secret_env: {} is not set",
                    environment::shown(name)
                )));
            }
            return Ok(SecretSource::env(name));
        }
        match self.client_secret_command.as_deref() {
            Some([program, arguments @ ..]) => Ok(SecretSource::command(program, arguments)),
            _ => Err(Failure::new("client_secret_command is empty")
                .next("write the program and its arguments, such as [\"pass\", \"show\", \"svc\"]; no shell reads them")),
        }
    }

    /// One credential, whole, and nothing that belongs to another.
    fn judge(&self) -> Result<(), Failure> {
        let has_secret = self.client_secret_file.is_some()
            || self.client_secret_env.is_some()
            || self.client_secret_command.is_some();
        let given = [
            ("client_secret_file", self.client_secret_file.is_some()),
            ("client_secret_env", self.client_secret_env.is_some()),
            ("client_secret_command", self.client_secret_command.is_some()),
            ("private_key", self.private_key.is_some()),
            ("client_cert", self.client_cert.is_some()),
            ("assertion_file", self.assertion_file.is_some()),
        ];
        let mut names = given.into_iter().filter_map(|(name, is_given)| is_given.then_some(name));
        match (names.next(), names.next()) {
            (Some(_), None) => {}
            (Some(one), Some(two)) => {
                return Err(Failure::new(format!("there are both {one} and {two}"))
                    .next("keep the one that the client is registered with"));
            }
            (None, _) => {
                let all = given.map(|(name, _)| name).join(", ");
                return Err(Failure::new("nothing says how the client proves itself")
                    .next(format!("give one of {all}")));
            }
        }
        for (name, is_given, whole, needed) in [
            ("client_cert", self.client_cert.is_some(), self.client_key.is_some(), "client_key"),
            ("client_key", self.client_key.is_some(), self.client_cert.is_some(), "client_cert"),
            ("key_id", self.key_id.is_some(), self.private_key.is_some(), "private_key"),
            ("signing_alg", self.signing_alg.is_some(), self.private_key.is_some(), "private_key"),
            ("in_body", self.in_body, has_secret, "a client secret"),
        ] {
            if is_given && !whole {
                return Err(Failure::new(format!("{name} is for use with {needed}, which is not there")));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMoreVisitor)
    }
}

struct OneOrMoreVisitor;

impl<'de> Visitor<'de> for OneOrMoreVisitor {
    type Value = OneOrMore;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E: Error>(self, one: &str) -> Result<OneOrMore, E> {
        Ok(OneOrMore(vec![one.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, more: A) -> Result<OneOrMore, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(more)).map(OneOrMore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn lists_are_arrays_or_one_string() {
        let table = table("scope = 'a b'\nresource = ['https://a.example', 'https://b.example']");
        assert_eq!(table.scope.0, ["a b"]);
        assert_eq!(table.resource.0.len(), 2);
        assert!(table.audience.0.is_empty());
    }

    #[test]
    fn a_context_is_for_its_users_or_the_agents_own() {
        let own = table("");
        assert!(own.is_for(1000, 1000) && !own.is_for(0, 1000) && !own.is_for_others(1000));
        let named = table("uids = [1001, 1002]");
        assert!(named.is_for(1001, 1000) && named.is_for_others(1000));
        assert!(!named.is_for(1000, 1000), "the owner too is named or not");
        let nobody = table("uids = []");
        assert!(!nobody.is_for(1000, 1000) && !nobody.is_for_others(1000));
    }

    /// Issue 5, item 6: what is missing or too much is said, with what to do.
    #[tokio::test]
    async fn wrong_credentials_are_named() {
        let issuer = "issuer = 'https://id.example'\nclient_id = 'svc'\n";
        for (text, said) in [
            ("client_id = 'svc'\nclient_secret_file = 'f'", "`issuer` is missing"),
            ("issuer = 'https://id.example'\nclient_secret_file = 'f'", "`client_id` is missing"),
            ("issuer = 'http://id.example'\nclient_id = 'svc'\nclient_secret_file = 'f'", "issuer"),
            (issuer, "give one of client_secret_file"),
            (
                &format!("{issuer}client_secret_file = 'f'\nprivate_key = 'k'"),
                "both client_secret_file and private_key",
            ),
            (&format!("{issuer}client_cert = 'c'"), "client_cert is for use with client_key"),
            (
                &format!("{issuer}client_secret_file = 'f'\nclient_key = 'k'"),
                "client_key is for use with client_cert",
            ),
            (
                &format!("{issuer}client_secret_file = 'f'\nkey_id = 'k'"),
                "key_id is for use with private_key",
            ),
            (
                &format!("{issuer}private_key = 'f'\nin_body = true"),
                "in_body is for use with a client secret",
            ),
            (&format!("{issuer}client_secret_command = []"), "client_secret_command is empty"),
            (&format!("{issuer}client_secret_env = 'NOT_SET_ANYWHERE'"), "NOT_SET_ANYWHERE is not set"),
        ] {
            let failure = table(text).tokens().err().unwrap().to_string();
            assert!(failure.contains(said), "{text}\n{failure}");
        }
        for text in [
            "client_secret_file = 'f'\nin_body = true",
            "client_secret_command = ['pass', 'show', 'svc']",
            "private_key = 'k'\nkey_id = 'k1'\nsigning_alg = 'RS256'",
            "assertion_file = '/var/run/token'",
        ] {
            let failure = table(&format!("{issuer}{text}")).tokens().err();
            assert!(failure.is_none(), "{text}: {}", failure.unwrap());
        }
        table("issuer = 'https://id.example'\nassertion_file = 'f'").tokens().ok().unwrap();
    }
}
