//! A client secret as somebody gave it to us.

use countersign_proto::secret::ClientSecret;

/// A client secret as somebody gave it to us; whether it is a good one is the server's to judge. Wiped when dropped.
#[derive(Clone, zeroize::Zeroize, zeroize::ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself; every call is a place to look at in review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&ClientSecret> for Secret {
    fn from(secret: &ClientSecret) -> Self {
        Self(secret.expose().to_owned())
    }
}
