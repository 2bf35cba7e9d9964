//! `cnf`: what the presenter of a token must prove to hold (RFC 7800 §3.1). A token is bound or it is not; a binding
//! that we do not understand is never read as none.

use std::fmt;

use serde_json::{Map, Value};

use super::{CertificateThumbprint, KeyThumbprint, thumbprint::NotAThumbprint};

/// To what a token is bound: a key, a certificate, or both, in which case both must be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    jkt: Option<KeyThumbprint>,
    x5t_s256: Option<CertificateThumbprint>,
}

/// Why a `cnf` was not understood: the token must then be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationError {
    /// It has neither `jkt` nor `x5t#S256`, whatever else it has.
    Unknown,
    /// This member is not base64url of exactly 32 bytes.
    Member(&'static str),
}

impl Confirmation {
    /// Reads the members of `cnf`.
    ///
    /// # Errors
    /// [`ConfirmationError`] when no member is one that we can hold somebody to, or one of ours is malformed.
    ///
    /// Does not check: members of other confirmation methods beside one of ours (RFC 7800 §3.1: they are ignored).
    pub fn read(cnf: &Map<String, Value>) -> Result<Self, ConfirmationError> {
        let jkt = member(cnf, JKT, KeyThumbprint::parse)?;
        let x5t_s256 = member(cnf, X5T_S256, CertificateThumbprint::parse)?;
        if jkt.is_none() && x5t_s256.is_none() {
            return Err(ConfirmationError::Unknown);
        }
        Ok(Self { jkt, x5t_s256 })
    }

    /// `jkt`: the key that must sign a DPoP proof (RFC 9449 §6.1).
    #[must_use]
    pub const fn jkt(&self) -> Option<&KeyThumbprint> {
        self.jkt.as_ref()
    }

    /// `x5t#S256`: the certificate that must be presented in the TLS handshake (RFC 8705 §3.1).
    #[must_use]
    pub const fn x5t_s256(&self) -> Option<&CertificateThumbprint> {
        self.x5t_s256.as_ref()
    }
}

impl fmt::Display for ConfirmationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => {
                f.write_str("the claim cnf binds the token to something other than jkt and x5t#S256")
            }
            Self::Member(name) => write!(f, "the claim cnf's {name}: {NotAThumbprint}"),
        }
    }
}

impl std::error::Error for ConfirmationError {}

fn member<T>(
    cnf: &Map<String, Value>,
    name: &'static str,
    parse: fn(&str) -> Result<T, NotAThumbprint>,
) -> Result<Option<T>, ConfirmationError> {
    let Some(value) = cnf.get(name) else { return Ok(None) };
    let read = value.as_str().and_then(|text| parse(text).ok());
    read.map(Some).ok_or(ConfirmationError::Member(name))
}

/// The member with the thumbprint of a key.
pub const JKT: &str = "jkt";
/// The member with the thumbprint of a certificate.
pub const X5T_S256: &str = "x5t#S256";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JKT_OF_RFC: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    const OTHER: &str = "UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo";

    fn read(cnf: Value) -> Result<Confirmation, ConfirmationError> {
        Confirmation::read(cnf.as_object().unwrap())
    }

    /// RFC 9449 §6.1, RFC 8705 §3.1: either member, or both.
    #[test]
    fn reads_what_it_can_hold_somebody_to() {
        let dpop = read(json!({"jkt": JKT_OF_RFC})).unwrap();
        assert_eq!(dpop.jkt().map(ToString::to_string).as_deref(), Some(JKT_OF_RFC));
        assert_eq!(dpop.x5t_s256(), None);
        let mtls = read(json!({"x5t#S256": OTHER, "kid": "ignored"})).unwrap();
        assert_eq!(mtls.x5t_s256(), Some(&CertificateThumbprint::of_der(b"der")));
        assert_eq!(mtls.jkt(), None);
        let both = read(json!({"jkt": JKT_OF_RFC, "x5t#S256": OTHER})).unwrap();
        assert!(both.jkt().is_some() && both.x5t_s256().is_some());
    }

    /// Threats §1 (bound tokens as Bearer): a binding that is not understood is not read as none.
    #[test]
    fn an_unknown_binding_is_refused() {
        for cnf in
            [json!({}), json!({"jwk": {}}), json!({"kid": "a"}), json!({"JKT": OTHER}), json!({"x5t": "a"})]
        {
            assert_eq!(read(cnf.clone()), Err(ConfirmationError::Unknown), "{cnf}");
        }
    }

    #[test]
    fn a_malformed_binding_is_refused_even_beside_a_good_one() {
        for bad in
            [json!(null), json!(1), json!([OTHER]), json!(""), json!("AAAA"), json!(format!("{OTHER}="))]
        {
            let jkt = read(json!({"jkt": bad, "x5t#S256": OTHER}));
            assert_eq!(jkt, Err(ConfirmationError::Member("jkt")), "{bad}");
            let x5t = read(json!({"jkt": JKT_OF_RFC, "x5t#S256": bad}));
            assert_eq!(x5t, Err(ConfirmationError::Member("x5t#S256")), "{bad}");
        }
        // The value that RFC 8705 §3.1 prints has trailing bits that are not zero: a second spelling.
        let printed = json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"});
        assert_eq!(read(printed), Err(ConfirmationError::Member("x5t#S256")));
    }
}
