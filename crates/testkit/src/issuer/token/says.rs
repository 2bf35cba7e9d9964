//! What a test changes of the answers of the token endpoint.

use crate::issuer::Profile;

/// The settings of the tokens that an issuer gives out, and of its answers.
#[derive(Clone, Default)]
pub(in crate::issuer) struct Says {
    pub(in crate::issuer) profile: Profile,
    /// Seconds; that of the profile unless said.
    pub(in crate::issuer) lifetime: Option<i64>,
    /// Members of the answer as raw JSON, or left out.
    pub(in crate::issuer) members: Vec<(String, Option<String>)>,
}
