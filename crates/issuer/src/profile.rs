//! The shapes in which a token is written, one file each.
//!
//! Claims are written as bytes, without a tree in between. Only values that can hold no quotation mark, backslash or
//! control character are written raw: client ids, scopes and numbers are such by their types; issuers and audiences
//! were made JSON strings when the view was made; a client's own claims were serialized when it was loaded.

mod auth0;
mod keycloak;
mod rfc9068;

use crate::mint::Content;
use crate::realm::Profile;

/// Writes the claims of a token in the shape that its API asks for.
pub(crate) fn write(content: &Content<'_>, out: &mut Vec<u8>) {
    let mut claims = Claims(out);
    match content.decision.api().profile() {
        Profile::Rfc9068 => rfc9068::write(content, &mut claims),
        Profile::Keycloak => keycloak::write(content, &mut claims),
        Profile::Auth0 => auth0::write(content, &mut claims),
    }
    claims.raw("}");
}

/// Writes a JSON object member by member.
struct Claims<'a>(&'a mut Vec<u8>);

impl Claims<'_> {
    /// Text that is right as it stands.
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, before: &str, number: i64) {
        self.raw(before);
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            if let Some(digit) = digits.get_mut(at) {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            }
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.raw("-");
        }
        self.0.extend_from_slice(digits.get(at..).unwrap_or_default());
    }

    /// A string without anything to escape, between `before` and a quotation mark.
    fn plain(&mut self, before: &str, value: &str) {
        debug_assert!(!value.contains(['"', '\\']) && !value.contains(char::is_control));
        self.raw(before);
        self.raw(value);
        self.raw("\"");
    }
}
