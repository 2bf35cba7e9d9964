//! What the environment says besides settings: secrets, and choices of the command line.

use std::env;

use countersign_proto::client_id::ClientId;
use countersign_proto::secret::ClientSecret;

use crate::failure::Failure;

/// The root client that an operator chose.
pub(crate) struct GivenRoot {
    /// Its id.
    pub(crate) client_id: ClientId,
    /// Its secret.
    pub(crate) secret: ClientSecret,
    /// The variable that holds the secret.
    pub(crate) variable: &'static str,
}

impl GivenRoot {
    /// What to say of a secret that is short.
    pub(crate) fn short(&self) -> String {
        format!(
            "the secret in {} has fewer than 32 characters: give root, which administers every realm, a longer one",
            self.variable
        )
    }
}

/// Variables of ours that are no settings.
pub(crate) const OTHERS: &[&str] = &[
    ROOT_ID,
    ROOT_SECRET,
    MASTER_KEYS,
    ISSUER,
    CLIENT_ID,
    CLIENT_SECRET,
    RESOURCE,
    SCOPE,
    CONTEXT,
    TOKEN,
    TOKEN_FILE,
    "COUNTERSIGN_CONFIG",
    "COUNTERSIGN_CONTEXTS",
    "COUNTERSIGN_REALM",
];

/// The text of the keys file, in its place.
pub(crate) const MASTER_KEYS: &str = "COUNTERSIGN_MASTER_KEYS";
/// The issuer that tokens are taken of, unless a flag names another.
pub(crate) const ISSUER: &str = "COUNTERSIGN_ISSUER";
/// The client that takes them.
pub(crate) const CLIENT_ID: &str = "COUNTERSIGN_CLIENT_ID";
/// Its secret, unless another credential is named.
pub(crate) const CLIENT_SECRET: &str = "COUNTERSIGN_CLIENT_SECRET";
/// The APIs that tokens are for, separated by spaces.
pub(crate) const RESOURCE: &str = "COUNTERSIGN_RESOURCE";
/// The scopes to ask for, separated by spaces.
pub(crate) const SCOPE: &str = "COUNTERSIGN_SCOPE";
/// What `exec` gives its program: the token of its start.
pub(crate) const TOKEN: &str = "COUNTERSIGN_TOKEN";
/// What `exec` gives its program: the file with a token that is fresh.
pub(crate) const TOKEN_FILE: &str = "COUNTERSIGN_TOKEN_FILE";
/// The saved context to use.
pub(crate) const CONTEXT: &str = "COUNTERSIGN_CONTEXT";

/// Every variable that is text.
pub(crate) fn all() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A variable, unless it is empty or no text.
pub(crate) fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Every variable of ours that holds a secret, whoever uses it.
pub(crate) fn secrets() -> impl Iterator<Item = String> {
    [CLIENT_SECRET, MASTER_KEYS].into_iter().chain(ROOTS.map(|(_, secret)| secret)).map(str::to_owned)
}

/// Whether a variable may have this name, which `setting` gives.
///
/// # Errors
/// A [`Failure`] that does not repeat it: who mistakes what is asked for gives the secret itself.
pub(crate) fn variable(setting: &str, name: &str) -> Result<(), Failure> {
    let is_letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let is_name = name.bytes().next().is_some_and(is_letter)
        && name.bytes().all(|b| is_letter(b) || b.is_ascii_digit());
    if is_name {
        return Ok(());
    }
    let wrong = Failure::new(format!("{setting}: what is given is no name of a variable"));
    Err(wrong.next("give the name of the variable that holds the secret, and never the secret itself"))
}

/// A variable in an error: by its name where that looks like one, since it may be a secret that was taken for a name.
pub(crate) fn shown(name: &str) -> String {
    let is_usual = name.len() <= MAX_SHOWN
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_usual {
        format!("the variable {name}")
    } else {
        "the variable of the name that is given".to_owned()
    }
}

/// The root client that the environment gives: ours, or by the names that fidesops and fides use.
///
/// The first pair of which anything is set must be whole, so that a slip in a name is not a silent other root.
pub(crate) fn root() -> Result<Option<GivenRoot>, Failure> {
    root_in(text)
}

fn root_in(get: impl Fn(&str) -> Option<String>) -> Result<Option<GivenRoot>, Failure> {
    for (id_name, secret_name) in ROOTS {
        let (id, secret) = (get(id_name), get(secret_name));
        let (id, secret) = match (id, secret) {
            (None, None) => continue,
            (Some(id), Some(secret)) => (id, secret),
            (Some(_), None) => return Err(half(id_name, secret_name)),
            (None, Some(_)) => return Err(half(secret_name, id_name)),
        };
        let client_id = ClientId::parse(&id).map_err(|error| Failure::new(format!("{id_name}: {error}")))?;
        let given = ClientSecret::given(&secret);
        let secret = given.map_err(|error| Failure::new(format!("{secret_name}: {error}")))?;
        return Ok(Some(GivenRoot { client_id, secret, variable: secret_name }));
    }
    Ok(None)
}

fn half(there: &str, missing: &str) -> Failure {
    Failure::new(format!("{there} is set and {missing} is not"))
        .next("set both to choose the root client, or none to have one made")
}

/// Characters.
const MAX_SHOWN: usize = 64;

const ROOT_ID: &str = "COUNTERSIGN_ROOT_CLIENT_ID";
const ROOT_SECRET: &str = "COUNTERSIGN_ROOT_CLIENT_SECRET";

const ROOTS: [(&str, &str); 4] = [
    (ROOT_ID, ROOT_SECRET),
    ("FIDESOPS__SECURITY__OAUTH_ROOT_CLIENT_ID", "FIDESOPS__SECURITY__OAUTH_ROOT_CLIENT_SECRET"),
    ("FIDES__SECURITY__OAUTH_ROOT_CLIENT_ID", "FIDES__SECURITY__OAUTH_ROOT_CLIENT_SECRET"),
    ("OAUTH_ROOT_CLIENT_ID", "OAUTH_ROOT_CLIENT_SECRET"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given for a name may be the secret: no error repeats it.
    #[test]
    fn a_name_is_told_from_a_secret() {
        for name in ["SVC_SECRET", "_x", "svc1"] {
            assert!(variable("--client-secret-env", name).is_ok(), "{name}");
        }
        for secret in ["", "1a", "hush-hush", "hush hush", "hüsh", "hush="] {
            let said = variable("--client-secret-env", secret).unwrap_err().to_string();
            assert!(!said.contains("hush") && said.contains("--client-secret-env"), "{said}");
        }
        assert_eq!(shown("SVC_SECRET"), "the variable SVC_SECRET");
        assert!(!shown("csk_0123456789abcdef").contains("csk"));
    }

    fn root(variables: &[(&str, &str)]) -> Result<Option<GivenRoot>, Failure> {
        root_in(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    /// dialects c.5: the root client by all its names, the first pair wins, half a pair is an error.
    #[test]
    fn the_root_client_has_four_pairs_of_names() {
        for (id, secret) in ROOTS {
            let given = root(&[(id, "fidesopsadmin"), (secret, "fidesopsadminsecret")]).unwrap().unwrap();
            assert_eq!((given.client_id.as_str(), given.variable), ("fidesopsadmin", secret));
            assert!(root(&[(id, "a")]).is_err());
            assert!(root(&[(secret, "fidesopsadminsecret")]).is_err());
        }
        assert!(root(&[]).unwrap().is_none());
        let text = root(&[(ROOT_ID, "a"), (ROOT_SECRET, "short")]).err().unwrap().to_string();
        assert!(text.contains(ROOT_SECRET) && text.contains("16 characters"), "{text}");
        assert!(!text.contains("short\""));
        assert!(root(&[(ROOT_ID, "a b"), (ROOT_SECRET, "fidesopsadminsecret")]).is_err());
    }
}
