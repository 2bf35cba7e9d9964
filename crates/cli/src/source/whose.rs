//! Whose token: a client of an issuer anywhere, a client of a realm of a context's server, or a context's own client.

use clap::Args;

use crate::context::{Context, Contexts};
use crate::environment::{CLIENT_ID, CONTEXT, ISSUER};
use crate::failure::Failure;

/// Who asks whom.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Client")]
pub(super) struct WhoseFlags {
    /// The issuer that the client is of; its metadata says where tokens are taken [env: COUNTERSIGN_ISSUER]
    #[arg(long, value_name = "URL", conflicts_with_all = ["context", "realm"])]
    issuer: Option<String>,
    /// The client [env: COUNTERSIGN_CLIENT_ID]; unless given, the context's
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The saved context to use, instead of the current one [env: COUNTERSIGN_CONTEXT]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// A realm of the context's server that the client is of
    #[arg(long, short, value_name = "NAME")]
    realm: Option<String>,
}

/// Who asks whom, decided.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A client of an issuer anywhere; some are known by what they show alone.
    Issuer { issuer: String, client_id: Option<String> },
    /// A client of a realm of the server of this context, or of the current one.
    Realm { context: Option<String>, realm: Option<String>, client_id: String },
    /// The client of this context, or of the current one.
    Context(Option<String>),
}

impl WhoseFlags {
    /// Decides: flags win over variables, and a context that a flag names over all variables.
    pub(super) fn decide(
        &self,
        variable: &dyn Fn(&str) -> Option<String>,
        has_credential: bool,
    ) -> Result<Whose, Failure> {
        let variable = |name| if self.names_a_context() { None } else { variable(name) };
        let (flag_id, variable_id) = (self.client_id.clone(), variable(CLIENT_ID));
        if let Some(issuer) = self.issuer.clone() {
            return Ok(Whose::Issuer { issuer, client_id: flag_id.or(variable_id) });
        }
        let context = self.context.clone().or_else(|| variable(CONTEXT));
        if self.realm.is_none() {
            match variable(ISSUER) {
                Some(_) if context.is_some() => return Err(two_places()),
                Some(issuer) => return Ok(Whose::Issuer { issuer, client_id: flag_id.or(variable_id) }),
                None if variable_id.is_some() && flag_id.is_none() => return Err(no_issuer()),
                None => {}
            }
        }
        match flag_id.or(variable_id) {
            Some(client_id) => Ok(Whose::Realm { context, realm: self.realm.clone(), client_id }),
            None if self.realm.is_some() => Err(no_client("--realm")),
            None if has_credential => Err(no_client("the flag for a credential")),
            None => Ok(Whose::Context(context)),
        }
    }

    /// Whether a flag names a context, by which no variable counts.
    pub(super) fn names_a_context(&self) -> bool {
        self.context.is_some()
    }
}

/// The context of this name, or the current one, with its name.
pub(super) fn load(name: Option<&str>) -> Result<(String, Context), Failure> {
    Contexts::load()?.choose(name)
}

fn two_places() -> Failure {
    Failure::new(format!("{ISSUER} and {CONTEXT} are both set, and say different things"))
        .next("unset one of them, or choose by a flag: --issuer URL, or --context NAME")
}

fn no_issuer() -> Failure {
    Failure::new(format!("{CLIENT_ID} is set and no issuer is named"))
        .next(format!("set {ISSUER} too, or give --issuer URL; --context NAME uses a saved client instead"))
}

fn no_client(flag: &str) -> Failure {
    Failure::new(format!("{flag} needs a client, and none is named"))
        .next("add --client-id ID, or leave the flag out to be the context's own client")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What these flags and variables come to.
    fn decide(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Whose, String> {
        let find = |all: &[(&str, &str)], name: &str| {
            all.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let flags = WhoseFlags {
            issuer: find(flags, "issuer"),
            client_id: find(flags, "client-id"),
            context: find(flags, "context"),
            realm: find(flags, "realm"),
        };
        flags.decide(&|name| find(variables, name), false).map_err(|error| error.to_string())
    }

    fn of_issuer(issuer: &str, id: &str) -> Whose {
        Whose::Issuer { issuer: issuer.to_owned(), client_id: Some(id.to_owned()) }
    }

    /// The contract: flags win over variables, and `--context` too; what is half said is an error, and never somebody else.
    #[test]
    fn who_asks_is_decided_in_one_order() {
        let both = [(ISSUER, "https://v"), (CLIENT_ID, "var")];
        assert_eq!(decide(&[], &both).unwrap(), of_issuer("https://v", "var"));
        assert_eq!(decide(&[("issuer", "https://f")], &both).unwrap(), of_issuer("https://f", "var"));
        assert_eq!(decide(&[("client-id", "flag")], &both).unwrap(), of_issuer("https://v", "flag"));
        assert_eq!(decide(&[("context", "c")], &both).unwrap(), Whose::Context(Some("c".to_owned())));
        let of_realm = |context: Option<&str>, id: &str| Whose::Realm {
            context: context.map(str::to_owned),
            realm: Some("r".to_owned()),
            client_id: id.to_owned(),
        };
        assert_eq!(decide(&[("realm", "r")], &both).unwrap(), of_realm(None, "var"));
        let named = [("context", "c"), ("realm", "r"), ("client-id", "flag")];
        assert_eq!(decide(&named, &both).unwrap(), of_realm(Some("c"), "flag"));
        assert_eq!(decide(&[], &[(CONTEXT, "c")]).unwrap(), Whose::Context(Some("c".to_owned())));
        assert_eq!(decide(&[], &[]).unwrap(), Whose::Context(None));

        let two = [(ISSUER, "https://v"), (CLIENT_ID, "var"), (CONTEXT, "c")];
        assert!(decide(&[], &two).unwrap_err().contains("unset one of them"));
        assert_eq!(decide(&[("issuer", "https://f")], &two).unwrap(), of_issuer("https://f", "var"));
        assert!(decide(&[], &[(CLIENT_ID, "var")]).unwrap_err().contains(ISSUER));
        assert!(decide(&[("realm", "r")], &[]).unwrap_err().contains("--client-id"));
        assert!(decide(&named[..2], &both).unwrap_err().contains("--client-id"));
    }
}
