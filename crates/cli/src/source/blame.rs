//! Why there is no token, in the words of a person who typed the command: what is wrong, and what to do next.

use countersign_client::token::Refused;
use countersign_client::{TokenError, token::Misconfigured};
use countersign_issuer::realm::SYSTEM;

use super::Chosen;
use crate::context::{Context, Contexts};
use crate::failure::Failure;
use crate::output::shell;

/// Whose token it was to be, kept for what is said when there is none.
pub(crate) struct Blame {
    client_id: Option<String>,
    place: Option<(String, String)>,
}

impl Chosen {
    /// What is said when there is no token.
    pub(crate) fn blame(&self) -> Blame {
        Blame { client_id: self.client_id.clone(), place: self.place.clone() }
    }
}

impl Blame {
    /// What is wrong, and what to do next.
    pub(crate) fn of(&self, error: &TokenError) -> Failure {
        match error {
            TokenError::Refused(refused) => self.refused(refused),
            TokenError::Unreachable(unreachable) => {
                unreachable.http().map_or_else(|| Failure::new(error), Failure::from)
            }
            // no issuer was named: a context's server is asked at a URL that is made
            TokenError::Misconfigured(wrong) if self.place.is_some() && wrong.setting() == "issuer" => {
                Failure::new(wrong).next(
                    "the token endpoint's URL is made of the context's server and the realm: `countersign context show` has \
                     the first, and --realm is the second",
                )
            }
            TokenError::Misconfigured(wrong) => misconfigured(wrong),
            _ => Failure::new(error),
        }
    }

    fn refused(&self, refused: &Refused) -> Failure {
        let failure = Failure::new(refused);
        let who = self.client_id.as_ref().map_or_else(|| "the client".to_owned(), |id| format!("'{id}'"));
        let Some(advice) = refused.advice() else { return failure };
        failure.next(match refused.error.as_str() {
            "invalid_client" => {
                format!("{advice}; an administrator sees the true reason about {who} in the server's log")
            }
            "invalid_scope" | "invalid_target" => {
                format!("{advice}; an administrator sees what {who} may have{}", self.how_to_see())
            }
            _ => advice,
        })
    }

    /// The command that shows the client, with the context of an administrator of all realms, where one is saved.
    fn how_to_see(&self) -> String {
        let (Some(id), Some((realm, server))) = (&self.client_id, &self.place) else { return String::new() };
        let contexts = Contexts::load().unwrap_or_default();
        let of_system = |known: &Context| known.server == *server && known.realm == SYSTEM;
        let administrator = contexts.by_name.iter().find(|(_, known)| of_system(known));
        let with = administrator.map(|(name, _)| format!(" --context {}", shell(name))).unwrap_or_default();
        format!(" with `countersign client show {} --realm {}{with}`", shell(id), shell(realm))
    }
}

/// A setting is wrong: which flag says it.
pub(crate) fn misconfigured(wrong: &Misconfigured) -> Failure {
    let failure = Failure::new(wrong);
    match wrong.setting() {
        "issuer" | "token_endpoint" => {
            failure.next("an issuer is the `iss` of its tokens, character by character: check the URL")
        }
        "dpop" => failure.next("try it without --dpop, or with another algorithm"),
        _ => failure,
    }
}
