//! Token endpoints that misbehave, each in one way and with a name, and what a client must make of it.
//!
//! They are what clients meet: servers that are slow, ill or somebody else, and proxies before them. A client is tested
//! by going through all of them with a [`MisbehavingServer`].

mod act;
mod bodies;
mod connections;
mod good;
mod members;
mod refusals;
mod server;
mod statuses;

use std::time::Duration;

use act::Act;
pub use server::MisbehavingServer;

/// A way in which a token endpoint answers.
#[derive(Clone, Debug)]
pub struct Misbehaviour {
    /// What it does, in words joined by hyphens; each stands once.
    pub name: &'static str,
    /// The requirement or the class of faults that it belongs to.
    pub id: &'static str,
    /// What a client must make of it.
    pub must: Must,
    script: Vec<Act>,
}

/// What a client must make of an answer. In no case may it panic, ask more than once, follow a redirect, wait beyond its
/// bounds, read on without end, or show a control character of the answer, or pages of it, to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Must {
    /// Use the token, which is [`GOOD`].
    Take {
        /// Seconds that it may be taken to live; `None` where the answer does not say it in a way that can be believed.
        lives: Option<u64>,
    },
    /// Say that the server refused, with this error code; asking again as it is would be no use.
    Refused(&'static str),
    /// Say that the server cannot be reached or cannot answer now; the same request may succeed later.
    Unreachable(Wait),
    /// Say that what answers is no token endpoint: probably a setting is wrong.
    Misconfigured,
    /// Have no token. Whether it is the server, the network or a setting is for the client to judge.
    Fail,
}

/// When a client may ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// When it likes: nothing that can be understood was said.
    Unsaid,
    /// After so long, as the server asked; a date is meant at [`EPOCH`](crate::clock::EPOCH).
    For(Duration),
    /// The server asks for longer than anybody waits: as long as the client ever does.
    Capped,
}

/// The token of the answers that are good all the same.
pub const GOOD: &str = "good-token";

/// All of them, always in the same order.
#[must_use]
pub fn misbehaviours() -> Vec<Misbehaviour> {
    let mut all = Vec::new();
    connections::add(&mut all);
    bodies::add(&mut all);
    members::add(&mut all);
    statuses::add(&mut all);
    refusals::add(&mut all);
    good::add(&mut all);
    all
}

/// The one of this name.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn misbehaviour(name: &str) -> Misbehaviour {
    let found = misbehaviours().into_iter().find(|one| one.name == name);
    found.unwrap_or_else(|| panic!("no misbehaviour is called {name}"))
}

impl Misbehaviour {
    /// Reads the request, and answers by this script.
    fn after_request(
        name: &'static str,
        id: &'static str,
        must: Must,
        script: impl IntoIterator<Item = Act>,
    ) -> Self {
        let script = std::iter::once(Act::Read).chain(script).collect();
        Self { name, id, must, script }
    }

    /// Reads the request, and answers with this head, which has no length yet, and this body.
    fn answer(name: &'static str, id: &'static str, must: Must, head: &str, body: &str) -> Self {
        Self::after_request(name, id, must, [Act::answer(head, body)])
    }

    /// 200 with this as `application/json`.
    fn json(name: &'static str, id: &'static str, must: Must, body: &str) -> Self {
        Self::answer(name, id, must, OK_JSON, body)
    }
}

const OK_JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const GOOD_BODY: &str = r#"{"access_token":"good-token","token_type":"Bearer","expires_in":300}"#;
