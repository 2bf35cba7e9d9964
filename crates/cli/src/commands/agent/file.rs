//! The file of `--config`: the contexts, each a token that the agent can have, and who may have it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::table::Table;
use crate::failure::Failure;
use crate::private_file;
use crate::slip::Slip;

/// What the file says; it holds no secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// By name.
    #[serde(default, rename = "context")]
    pub(super) contexts: BTreeMap<String, Table>,
}

impl File {
    /// Reads it.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = private_file::read(path, MAX_FILE)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", path.display())))?;
        let file = Self::parse(&text).map_err(|wrong| Failure::new(format!("{}:{wrong}", path.display())))?;
        if file.contexts.is_empty() {
            return Err(Failure::new(format!("there is no [context.NAME] in {}", path.display()))
                .next("`countersign agent --help` shows one"));
        }
        Ok(file)
    }

    /// What is wrong is told with its line, and without the line's text, which might hold what is nobody's business.
    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let slip = Slip::of(&error, text);
            format!("{}: {}", slip.line, reworded(&slip))
        })
    }
}

/// The reader's words in ours, for what has no place here.
fn reworded(slip: &Slip<'_>) -> String {
    let message = slip.message;
    if message.starts_with("invalid type") && message.ends_with("expected struct Table") {
        return "write [context.NAME] above the settings of a context, with a name of your choice".to_owned();
    }
    match slip.unknown() {
        Some("client_secret") => {
            "no secret stands in this file: say where it is, by client_secret_file, client_secret_env or \
             client_secret_command"
                .to_owned()
        }
        Some("dpop") => {
            "a token that is bound to a key is of no use without it, and the agent hands out no keys: let the program \
             take it itself, with the library or `countersign call --dpop`"
                .to_owned()
        }
        _ => slip.told(),
    }
}

const MAX_FILE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// Design 5.14: what is not known is an error, with its line and the nearest name; no value is repeated.
    #[test]
    fn slips_are_told_with_their_line() {
        for (text, said) in [
            ("\n[contexts.a]\nissuer = 'x'", "2: there is no setting `contexts`; did you mean `context`?"),
            ("[context]\nissuer = 'hunter2'", "2: write [context.NAME]"),
            ("context = 'hunter2'", "1: invalid type: a string, expected a map"),
            ("[context.a]\nisuer = 'x'", "2: there is no setting `isuer`; did you mean `issuer`?"),
            ("[context.a]\nclient_secret = 'hunter2'", "2: no secret stands in this file: say where"),
            ("[context.a]\ndpop = true", "2: a token that is bound to a key is of no use without it"),
            ("[context.a]\npassword = 'hunter2'", "2: there is no setting `password`; there are issuer, "),
            ("[context.a]\nuids = 'hunter2\", x'", "2: invalid type: a string, expected"),
            ("[context.a]\nscope = 7", "2: invalid type: integer `7`, expected a string or an array"),
            ("[context.a]\nclient_secret_command = 'hunter2'", "2: invalid type: a string, expected"),
            ("[context.a]\nsigning_alg = 'HS256'", "2: "),
            ("[context.a]\n[context.a]", "2: "),
            ("[context.a", "1: "),
        ] {
            let error = File::parse(text).unwrap_err();
            assert!(error.starts_with(said), "{text}\n{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
