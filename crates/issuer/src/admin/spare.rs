//! Keys for commands that need them, made while no command has its turn: an RSA key takes hundreds of milliseconds, and
//! all commands would wait for it.
//!
//! A command that lacks a key gives up its turn; the key is made; then the command is judged anew, from its beginning,
//! for anything may have changed meanwhile, and finds the key among its spares.

use super::AdminError;
use crate::issuer::Issuer;
use crate::keys::{MadeKey, Wanted};

/// The keys that were made for one command; those that it does not take in the end are forgotten.
#[derive(Clone, Default)]
pub(super) struct Spares(Vec<MadeKey>);

/// Why an attempt at a command ended without it.
pub(super) enum Halt {
    /// It needs this key, which it has not got.
    Lacks(Wanted),
    /// It is not to be carried out.
    Error(AdminError),
}

impl Issuer {
    /// Attempts a command, as often as it takes to make the keys that it lacks.
    ///
    /// An attempt that lacks a key ends without a change and with its turn given back. It must want the same of the same
    /// realm the next time, unless another command came between.
    pub(super) async fn with_spares<T, F>(&self, attempt: impl Fn(Spares) -> F) -> Result<T, AdminError>
    where
        F: Future<Output = Result<T, Halt>>,
    {
        let mut spares = Spares::default();
        loop {
            match attempt(spares.clone()).await {
                Ok(done) => return Ok(done),
                Err(Halt::Error(error)) => return Err(error),
                Err(Halt::Lacks(wanted)) => {
                    spares.0.push(self.vault().make(wanted, self.random()).await?);
                }
            }
        }
    }
}

impl Spares {
    /// A key that is what is wanted.
    ///
    /// # Errors
    /// [`Halt::Lacks`] when there is none.
    pub(super) fn take(&mut self, wanted: Wanted) -> Result<MadeKey, Halt> {
        match self.0.iter().position(|made| *made.wanted() == wanted) {
            Some(at) => Ok(self.0.swap_remove(at)),
            None => Err(Halt::Lacks(wanted)),
        }
    }
}

impl<E> From<E> for Halt
where
    AdminError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}
