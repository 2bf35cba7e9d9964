//! Assertions as a request carries them (RFC 7521 §4.2), and those that somebody else keeps in a file.

use std::path::Path;

use countersign_proto::jose::assertion::CLIENT_ASSERTION_TYPE;
use zeroize::Zeroizing;

use super::{Proven, Stamp, file};
use crate::token::Misconfigured;

/// The proof that an assertion is.
pub(super) fn proven(client_id: Option<&str>, assertion: &str, stamp: Option<Stamp>) -> Proven {
    let proven = Proven { stamp, ..Proven::default() };
    let proven = client_id.into_iter().fold(proven, |proven, id| proven.with("client_id", id));
    proven.with("client_assertion_type", CLIENT_ASSERTION_TYPE).with("client_assertion", assertion)
}

/// Reads an assertion as it is now.
///
/// Does not check: who signed it and until when it is good; the server does, whose clock counts.
///
/// # Errors
/// [`Misconfigured`] when there is none, or what there is does not look like a compact JWT.
pub(super) async fn read(path: &Path) -> Result<Zeroizing<String>, Misconfigured> {
    let text = file::read(SETTING, path, MAX).await?;
    let assertion = text.trim();
    if !is_compact(assertion) {
        return Err(Misconfigured::new(
            SETTING,
            format!("{} holds no JWT, which is three parts in base64url with dots between", path.display()),
        ));
    }
    Ok(Zeroizing::new(assertion.to_owned()))
}

/// Three parts, none of them empty (RFC 7515 §7.1).
fn is_compact(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

const SETTING: &str = "assertion_file";
const MAX: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_no_jwt_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for good in ["a.b.c", " a-_0.b.c\n"] {
            std::fs::write(&path, good).unwrap();
            assert_eq!(&**read(&path).await.unwrap(), good.trim());
        }
        let long = format!("a.{}.c", "b".repeat(MAX));
        for bad in ["", "a.b", "a..c", "a.b.c.d", "a.b.c d", "a.b.c=", "{\"token\":\"a.b.c\"}", &long] {
            std::fs::write(&path, bad).unwrap();
            let error = read(&path).await.unwrap_err();
            assert_eq!(error.setting(), "assertion_file", "{bad}");
            assert!(!error.to_string().contains("a.b.c"), "{error}");
        }
    }
}
