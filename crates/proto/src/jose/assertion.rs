//! Client assertions: the JWT by which a client proves that it has a private key (RFC 7523 §2.2, and its revision, which
//! names the one audience and the type).

use serde::Serialize;

use super::{EncodedHeader, Signer, compact, signing_key::SignError};

/// The `typ` of a client assertion (RFC 7523bis §4).
pub const TYPE: &str = "client-authentication+jwt";

/// The `client_assertion_type` of one that is a JWT (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion to be made, for one request.
#[derive(Clone, Copy)]
pub struct NewAssertion<'a> {
    /// The client: `iss` and `sub` (RFC 7523 §3).
    pub client_id: &'a str,
    /// The server's issuer identifier, which is the sole `aud`: an assertion for a server that names another's endpoint
    /// is then good at neither (RFC 7523bis §4).
    pub issuer: &'a str,
    /// A name that this client never gave to an assertion before: 96 random bits at least.
    pub jti: &'a str,
    /// When it is made, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
}

impl NewAssertion<'_> {
    /// Makes the assertion: the value of `client_assertion`.
    ///
    /// # Errors
    /// [`SignError`] when the signer fails, or when the header names another algorithm than the signer's.
    pub fn sign(&self, header: &EncodedHeader, signer: &dyn Signer) -> Result<String, SignError> {
        let claims = Claims {
            iss: self.client_id,
            sub: self.client_id,
            aud: self.issuer,
            jti: self.jti,
            iat: self.iat,
            exp: self.exp,
        };
        let payload = serde_json::to_vec(&claims).map_err(|_| SignError::Failed)?;
        compact::sign(header, &payload, signer)
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::{Algorithm, SigningKey, jws};

    /// T-7523-01, T-7523-05, T-7523-07: the issuer is the sole audience, as a string; the type is the registered one; the
    /// client speaks for itself.
    #[test]
    fn it_says_what_the_standard_wants_and_no_more() {
        let key = SigningKey::generate(Algorithm::ES256, "k").unwrap();
        let header = EncodedHeader::of(&key, Some(TYPE));
        let new = NewAssertion { client_id: "c", issuer: "https://a.example/", jti: "j", iat: 1, exp: 61 };
        let text = new.sign(&header, &key).unwrap();
        let read = jws::parse(&text).unwrap();
        assert_eq!(read.header().typ(), Some(TYPE));
        assert_eq!(read.header().kid(), Some("k"));
        let expected = r#"{"iss":"c","sub":"c","aud":"https://a.example/","jti":"j","iat":1,"exp":61}"#;
        assert_eq!(std::str::from_utf8(read.payload()).unwrap(), expected);
    }
}
