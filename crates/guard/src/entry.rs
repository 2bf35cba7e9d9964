//! A request at a door within an application: judged once by one verifier, however many of its layers and extractors it comes
//! by, and noted as let in once; a later door that wants more scope may still refuse it, and notes that too.

use http::Extensions;

use crate::presented::Presented;
use crate::refusal::Refusal;
use crate::require::Require;
use crate::{Access, Verifier};

impl Verifier {
    /// Lets a request in that has what is required, and takes note of it; its extensions say what it was let in with before.
    ///
    /// Does not check: as [`Self::verify`].
    pub(crate) async fn enter(
        &self,
        presented: &Presented<'_>,
        extensions: &Extensions,
        require: &Require,
    ) -> Result<Access, Refusal> {
        match self.admitted(extensions) {
            Some(access) => self.suffices(presented, require, Ok(access), true),
            None => self.suffices(presented, require, self.verify(presented).await, false),
        }
    }

    /// As [`Self::enter`], where nothing needs to be waited for; `None` where an issuer must be asked first.
    pub(crate) fn enter_now(
        &self,
        presented: &Presented<'_>,
        extensions: &Extensions,
        require: &Require,
    ) -> Option<Result<Access, Refusal>> {
        Some(match self.admitted(extensions) {
            Some(access) => self.suffices(presented, require, Ok(access), true),
            None => self.suffices(presented, require, self.judge(presented)?, false),
        })
    }

    /// What this verifier let the request in with already, at another door before this one: a DPoP proof is taken once, so
    /// that nobody is asked for another.
    fn admitted(&self, extensions: &Extensions) -> Option<Access> {
        extensions.get::<Access>().filter(|access| self.made(access)).cloned()
    }

    fn suffices(
        &self,
        presented: &Presented<'_>,
        require: &Require,
        judged: Result<Access, Refusal>,
        was_noted: bool,
    ) -> Result<Access, Refusal> {
        let judged = judged.and_then(|access| require.check(&access).map(|()| access));
        if judged.is_err() || !was_noted {
            self.note(presented, &judged);
        }
        judged
    }
}
