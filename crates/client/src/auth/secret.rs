//! Where a client secret comes from.

use crate::token::{Misconfigured, Secret};

/// Where a client secret comes from; it is read anew for each token request, so that a rotated one is used at once.
#[derive(Clone)]
pub struct SecretSource(Kind);

#[derive(Clone)]
enum Kind {
    Value(Secret),
}

impl SecretSource {
    /// Reads the secret as it is now.
    ///
    /// # Errors
    /// [`Misconfigured`] when it is not there.
    pub(crate) async fn read(&self) -> Result<Secret, Misconfigured> {
        match &self.0 {
            Kind::Value(secret) => Ok(secret.clone()),
        }
    }
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self(Kind::Value(secret))
    }
}
