//! A request at a door within an application: judged once by one verifier, however many of its layers and extractors it comes
//! by, and noted as let in once; a later door that wants more scope may still refuse it, and notes that too.

use http::Extensions;

use crate::presented::Presented;
use crate::refusal::Refusal;
use crate::require::Require;
use crate::verifier::Known;
use crate::{Access, Verifier};

impl Verifier {
    /// Lets a request in that has what is required, and takes note of it; its extensions say what it was let in with before.
    ///
    /// Does not check: as [`Self::verify`].
    #[cfg(feature = "axum")]
    pub(crate) async fn enter(
        &self,
        presented: &Presented<'_>,
        extensions: &Extensions,
        require: &Require,
    ) -> Result<Access, Refusal> {
        match self.enter_or(presented, extensions, require) {
            Ok(judged) => judged,
            Err(known) => self.enter_after(known, presented, require).await,
        }
    }

    /// As [`Self::enter`], where nothing needs to be waited for; else what is known before an issuer is asked.
    pub(crate) fn enter_or(
        &self,
        presented: &Presented<'_>,
        extensions: &Extensions,
        require: &Require,
    ) -> Result<Result<Access, Refusal>, Known> {
        Ok(match self.admitted(extensions) {
            Some(access) => self.suffices(presented, require, Ok(access), true),
            None => self.suffices(presented, require, self.judge_or(presented)?, false),
        })
    }

    /// The rest of [`Self::enter`].
    pub(crate) async fn enter_after(
        &self,
        known: Known,
        presented: &Presented<'_>,
        require: &Require,
    ) -> Result<Access, Refusal> {
        let judged = self.judge_after(known, presented).await;
        self.suffices(presented, require, judged, false)
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
