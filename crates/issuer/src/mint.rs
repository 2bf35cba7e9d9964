//! Step four, mint: from a [`Decision`] to a signed token.

use std::sync::Arc;

use countersign_proto::jose::{EncodedHeader, Signer, compact};
use countersign_proto::time::UnixTime;

use crate::policy::Decision;
use crate::profile;
use crate::random::Random;
use crate::refusal::Fault;
use crate::registry::RealmView;

/// A key with the header of one type of token, encoded once.
pub(crate) struct Signing {
    pub(crate) header: EncodedHeader,
    pub(crate) signer: Arc<dyn Signer>,
}

/// A token, and what its answer says about it.
#[derive(Clone)]
pub struct Issued {
    /// The compact JWS.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// Seconds from now until it expires.
    pub expires_in: i64,
    /// When it expires.
    pub expires_at: UnixTime,
    /// The granted scopes, joined by spaces; may be empty.
    pub scope: Arc<str>,
}

/// What every profile writes from.
pub(crate) struct Content<'a> {
    pub(crate) realm: &'a RealmView,
    pub(crate) decision: &'a Decision,
    pub(crate) issued_at: UnixTime,
    pub(crate) expires_at: UnixTime,
    /// 128 random bits for `jti`.
    pub(crate) unique: [u8; 16],
}

/// Writes and signs the token that was decided on, for the realm whose keys it is signed with.
pub(crate) fn mint(
    realm: &RealmView,
    decision: &Decision,
    now: UnixTime,
    random: &dyn Random,
) -> Result<Issued, Fault> {
    let api = decision.api();
    let signing = api.signing().ok_or_else(|| {
        Fault::Signing(format!("realm {} has no active key for {}", realm.name(), api.identifier()))
    })?;
    let mut unique = [0u8; 16];
    random.fill(&mut unique)?;
    let expires_at = now.plus(decision.lifetime());
    let content = Content { realm, decision, issued_at: now, expires_at, unique };
    let mut payload =
        Vec::with_capacity(PAYLOAD + decision.scope().len() + decision.client().entry().claims().len());
    profile::write(&content, &mut payload);
    let access_token = compact::sign(&signing.header, &payload, &*signing.signer)
        .map_err(|error| Fault::Signing(format!("{error:?}")))?;
    Ok(Issued {
        access_token,
        token_type: "Bearer",
        expires_in: decision.lifetime(),
        expires_at,
        scope: Arc::clone(decision.scope()),
    })
}

/// Room for the claims of most tokens without their scope.
const PAYLOAD: usize = 640;
