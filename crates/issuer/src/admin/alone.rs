//! One command at a time, and its caller judged when its turn has come: what was checked still holds when it is carried
//! out.

use tokio::sync::MutexGuard;

use super::{AdminError, Administrator};
use crate::issuer::{Issuer, OwnTokenError};

/// The turn of one command, until it is dropped.
pub(super) struct Turn<'i> {
    /// Its caller, with the rights that it has now.
    pub(super) by: Administrator,
    _alone: MutexGuard<'i, ()>,
}

impl Issuer {
    /// Waits until no other command is carried out, and judges the caller anew: the command before may have taken its
    /// rights, or the client itself.
    ///
    /// # Errors
    /// [`AdminError::Fault`]; a caller that is not let in any more comes back without any right.
    pub(super) async fn turn(&self, by: &Administrator) -> Result<Turn<'_>, AdminError> {
        let alone = self.commands().lock().await;
        let by = match by.bearer() {
            None => by.clone(),
            Some(bearer) => match self.judge(bearer.clone(), by.request_id()).await {
                Ok(now) => now,
                Err(OwnTokenError::Fault(fault)) => return Err(fault.into()),
                Err(OwnTokenError::Standing | OwnTokenError::Invalid(_)) => by.without_rights(),
            },
        };
        Ok(Turn { by, _alone: alone })
    }
}
