//! What the agent has to give, and to whom: a source of tokens for each context of its file.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use countersign_client::{Token, TokenSource};

use super::file::File;
use super::place::{Caller, Place};
use super::refusal::Refusal;
use super::table::Table;
use crate::failure::Failure;

/// The contexts as they are now.
pub(super) struct Broker {
    /// The user that the agent runs as.
    owner: u32,
    /// Whether it learns which user asks.
    knows_users: bool,
    contexts: RwLock<Arc<Contexts>>,
}

type Contexts = BTreeMap<String, Context>;

struct Context {
    /// What the file says of it.
    table: Table,
    tokens: TokenSource,
}

impl Broker {
    /// Makes the sources; nobody is asked for a token yet.
    pub(super) fn new(file: &File, owner: u32, knows_users: bool) -> Result<Self, Failure> {
        let contexts = build(file, knows_users, &Contexts::new())?;
        Ok(Self { owner, knows_users, contexts: RwLock::new(Arc::new(contexts)) })
    }

    /// A token of the context, if it is for this caller.
    pub(super) async fn token(&self, context: &str, caller: Caller) -> Result<Token, Refusal> {
        let contexts = self.contexts();
        let is_for = |context: &Context| match caller {
            Caller::Process(peer) => context.table.is_for(peer.uid, self.owner),
            // who has the key has it of the owner
            Caller::Holder => true,
        };
        if !contexts.values().any(is_for) {
            return Err(Refusal::Stranger);
        }
        let context = contexts.get(context).ok_or(Refusal::UnknownContext)?;
        if !is_for(context) {
            return Err(Refusal::NotTheirs);
        }
        context.tokens.token().await.map_err(Refusal::Token)
    }

    /// Whether any context is for this user.
    pub(super) fn knows(&self, uid: u32) -> bool {
        self.contexts().values().any(|context| context.table.is_for(uid, self.owner))
    }

    /// Takes a file in the place of the one before; a context that is told as before keeps its token.
    ///
    /// # Errors
    /// A [`Failure`] for a file that is wrong; then nothing is changed.
    pub(super) fn take(&self, file: &File, place: &Place) -> Result<(), Failure> {
        let contexts = build(file, self.knows_users, &self.contexts())?;
        place.let_others_in(lets_others_in(&contexts, self.owner))?;
        *self.contexts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(contexts);
        Ok(())
    }

    /// The names of the contexts.
    pub(super) fn names(&self) -> Vec<String> {
        self.contexts().keys().cloned().collect()
    }

    /// Whether any context is for others than the agent's own user.
    pub(super) fn lets_others_in(&self) -> bool {
        lets_others_in(&self.contexts(), self.owner)
    }

    fn contexts(&self) -> Arc<Contexts> {
        Arc::clone(&self.contexts.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn lets_others_in(contexts: &Contexts, owner: u32) -> bool {
    contexts.values().any(|context| context.table.is_for_others(owner))
}

fn build(file: &File, knows_users: bool, before: &Contexts) -> Result<Contexts, Failure> {
    let context = |(name, table): (&String, &Table)| {
        if table.names_users() && !knows_users {
            return Err(Failure::new(
                "`uids` says which users may have it, and a port does not know who asks",
            )
            .next("listen on a --socket, or give each user an agent of its own"));
        }
        let tokens = match before.get(name).filter(|context| context.table == *table) {
            Some(context) => context.tokens.clone(),
            None => table.tokens()?,
        };
        Ok((name.clone(), Context { table: table.clone(), tokens }))
    };
    let named = |(name, table)| {
        context((name, table)).map_err(|failure: Failure| failure.prefix(&format!("[context.{name}]")))
    };
    file.contexts.iter().map(named).collect()
}
