//! JOSE as this project speaks it: five asymmetric algorithms, strict compact JWS, public JWKs, and one way from a
//! token to claims that may be believed ([`verify()`]). No `none`, no HMAC, no encryption, no compression.

pub mod access_token;
pub mod alg;
pub mod assertion;
pub mod base64url;
pub mod claims;
pub mod compact;
pub mod confirmation;
pub mod dpop;
pub mod header;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod keys;
mod quoted;
pub mod rules;
pub mod signing_key;
pub mod thumbprint;
pub mod verify;

pub use access_token::AccessToken;
pub use alg::Algorithm;
pub use claims::{Claims, NumericDate};
pub use compact::EncodedHeader;
pub use confirmation::Confirmation;
pub use header::Header;
pub use jwk::{Jwk, JwkSet};
pub use jws::Unverified;
pub use keys::{KeySource, StaticKeys, VerifyingKey};
pub use rules::Rules;
pub use signing_key::{Signer, SigningKey};
pub use thumbprint::{CertificateThumbprint, KeyThumbprint};
pub use verify::{Trust, Verified, VerifyError, verify, verify_by_issuer};
