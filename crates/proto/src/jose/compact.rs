//! The writing of a compact JWS (RFC 7515 §7.1): the header is encoded once per key and type, so that a token costs its
//! payload's encoding and one signature.

use super::{Algorithm, Jwk, Signer, base64url, signing_key::SignError};

/// A protected header, encoded once and used for every token of one key and type.
#[derive(Clone, Debug)]
pub struct EncodedHeader {
    algorithm: Algorithm,
    /// With the dot that follows it in the token.
    encoded: String,
}

impl EncodedHeader {
    /// A header `{"alg","typ","kid"}`; `typ` without `application/`, as in `at+jwt` (RFC 7515 §4.1.9).
    #[must_use]
    pub fn new(algorithm: Algorithm, typ: Option<&str>, kid: Option<&str>) -> Self {
        let mut json = format!(r#"{{"alg":"{algorithm}""#);
        for (name, value) in [("typ", typ), ("kid", kid)] {
            if let Some(value) = value {
                let quoted = serde_json::Value::from(value);
                json.push_str(&format!(r#","{name}":{quoted}"#));
            }
        }
        json.push('}');
        Self { algorithm, encoded: base64url::encode(json.as_bytes()) + "." }
    }

    /// The header of a DPoP proof: `{"typ","alg","jwk"}`, the key with its required members alone (RFC 9449 §4.2).
    pub(super) fn with_jwk(typ: &str, jwk: &Jwk) -> Self {
        let algorithm = jwk.algorithm();
        let json = format!(r#"{{"typ":"{typ}","alg":"{algorithm}","jwk":{}}}"#, jwk.required_members());
        Self { algorithm, encoded: base64url::encode(json.as_bytes()) + "." }
    }

    /// The header of this signer's tokens of this type.
    #[must_use]
    pub fn of(signer: &dyn Signer, typ: Option<&str>) -> Self {
        Self::new(signer.algorithm(), typ, signer.kid())
    }
}

/// Appends the token to `out`, which grows at most once; on an error `out` is as before.
///
/// # Errors
/// [`SignError`] when the signer fails, or when the header names another algorithm than the signer's.
pub fn write(
    header: &EncodedHeader,
    payload: &[u8],
    signer: &dyn Signer,
    out: &mut Vec<u8>,
) -> Result<(), SignError> {
    let algorithm = signer.algorithm();
    if header.algorithm != algorithm {
        return Err(SignError::Algorithm);
    }
    let signature_len = algorithm.signature_len().unwrap_or(RSA_2048);
    let start = out.len();
    out.reserve(
        header.encoded.len()
            + base64url::encoded_len(payload.len())
            + 1
            + base64url::encoded_len(signature_len),
    );
    out.extend_from_slice(header.encoded.as_bytes());
    base64url::encode_into(payload, out);
    let mut signature = Vec::with_capacity(signature_len);
    match signer.sign_into(out.get(start..).unwrap_or_default(), &mut signature) {
        Ok(()) => {
            out.push(b'.');
            base64url::encode_into(&signature, out);
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// The token as a string of its own.
///
/// # Errors
/// As [`write()`].
pub fn sign(header: &EncodedHeader, payload: &[u8], signer: &dyn Signer) -> Result<String, SignError> {
    let mut token = Vec::new();
    write(header, payload, signer, &mut token)?;
    String::from_utf8(token).map_err(|_| SignError::Failed)
}

/// The usual RSA signature; a longer one lets the buffers grow once more.
const RSA_2048: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::jws;

    struct Fake(Result<(), SignError>);

    impl Signer for Fake {
        fn algorithm(&self) -> Algorithm {
            Algorithm::ES256
        }
        fn kid(&self) -> Option<&str> {
            Some("k\"1")
        }
        fn sign_into(&self, signing_input: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
            out.extend_from_slice(&signing_input[..3]);
            self.0
        }
    }

    #[test]
    fn the_reader_reads_what_the_writer_wrote() {
        let signer = Fake(Ok(()));
        let token = sign(&EncodedHeader::of(&signer, Some("at+jwt")), b"{}", &signer).unwrap();
        let jws = jws::parse(&token).unwrap();
        assert_eq!(jws.header().kid(), Some("k\"1"));
        assert_eq!(jws.header().typ(), Some("at+jwt"));
        assert_eq!(jws.payload(), b"{}");
        assert_eq!(jws.signature(), &token.as_bytes()[..3]);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let mut out = b"before".to_vec();
        let signer = Fake(Err(SignError::Failed));
        assert_eq!(
            write(&EncodedHeader::of(&signer, None), b"{}", &signer, &mut out),
            Err(SignError::Failed)
        );
        let foreign = EncodedHeader::new(Algorithm::RS256, None, None);
        assert_eq!(write(&foreign, b"{}", &Fake(Ok(())), &mut out), Err(SignError::Algorithm));
        assert_eq!(out, b"before");
    }
}
