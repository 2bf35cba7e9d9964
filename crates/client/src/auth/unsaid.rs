//! What a request proves itself with, kept until its answer is read: a server that echoes gets none of it into an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{byte_serialize, parse};
use zeroize::Zeroizing;

use super::Proven;

/// The secrets of one request, which nothing that is told of its answer may repeat.
#[derive(Default)]
pub(crate) struct Unsaid {
    /// As they are.
    plain: Vec<Zeroizing<String>>,
    /// As they are sent, or are written in JSON.
    written: Vec<Zeroizing<String>>,
}

impl Unsaid {
    /// Those of this proof.
    pub(crate) fn of(proven: &Proven) -> Self {
        let secrets = proven.parameters.iter().filter(|(name, _)| SECRETS.contains(name));
        let unsaid = secrets.fold(Self::default(), |unsaid, (_, value)| unsaid.and(value));
        let header = proven.authorization.as_ref().and_then(|header| header.to_str().ok());
        match header.and_then(|header| header.strip_prefix("Basic ")) {
            Some(credentials) => unsaid.and(credentials).and(&basic_secret(credentials)),
            None => unsaid,
        }
    }

    /// And this one.
    pub(crate) fn and(mut self, secret: &str) -> Self {
        // of an assertion the signature alone makes it one
        let signature = secret.rsplit_once('.').map(|(_, signature)| signature);
        let signature = signature.filter(|signature| signature.len() >= SIGNATURE);
        for plain in [Some(secret), signature].into_iter().flatten().filter(|text| !text.is_empty()) {
            let json = Zeroizing::new(serde_json::to_string(plain).unwrap_or_default());
            let inner = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
            self.written.push(Zeroizing::new(inner.unwrap_or_default().to_owned()));
            self.written.push(Zeroizing::new(byte_serialize(plain.as_bytes()).collect()));
            self.plain.push(Zeroizing::new(plain.to_owned()));
        }
        self
    }

    /// The same text without them: [`BLANK`] in the place of each, or of the whole text where they are written in a way
    /// that cannot be cut out.
    ///
    /// Does not check: a part of a secret, or one in an encoding of the server's own.
    pub(crate) fn blank(&self, text: &str) -> String {
        let secrets = self.plain.iter().chain(&self.written).filter(|secret| !secret.is_empty());
        let mut text = Zeroizing::new(text.to_owned());
        for secret in secrets {
            if text.contains(secret.as_str()) {
                text = Zeroizing::new(text.replace(secret.as_str(), BLANK));
            }
        }
        let is_in = |part: &str| self.plain.iter().any(|secret| part.contains(secret.as_str()));
        if parse(text.as_bytes()).any(|(name, value)| is_in(&name) || is_in(&value)) {
            return BLANK.to_owned();
        }
        text.to_string()
    }
}

/// The secret in a Basic header (RFC 6749 §2.3.1).
fn basic_secret(credentials: &str) -> Zeroizing<String> {
    let pair = Zeroizing::new(STANDARD.decode(credentials).unwrap_or_default());
    let encoded = pair.iter().position(|byte| *byte == b':').and_then(|at| pair.get(at + 1..));
    // encoded so, it holds neither `&` nor `=`
    let secret = parse(encoded.unwrap_or_default()).next().map(|(secret, _)| secret.into_owned());
    Zeroizing::new(secret.unwrap_or_default())
}

const BLANK: &str = "***";
const SECRETS: [&str; 2] = ["client_secret", "client_assertion"];
/// Bytes from which on the last part of a dotted text is taken for a signature; the shortest in use has 43.
const SIGNATURE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::basic;
    use crate::token::Secret;

    #[test]
    fn a_secret_is_found_however_it_is_echoed() {
        let secret = "hush \"£&=%/";
        let header = basic::header("svc", &Secret::new(secret.to_owned()));
        let sent = header.to_str().unwrap().to_owned();
        let basic = Unsaid::of(&Proven { authorization: Some(header), ..Proven::default() });
        let post = Unsaid::of(&Proven::default().with("client_id", "svc").with("client_secret", secret));
        let form: String = byte_serialize(secret.as_bytes()).collect();
        for unsaid in [&basic, &post] {
            for (echo, left) in [
                (format!("no {secret} here"), "no *** here"),
                (format!("client_secret={form}&a=b"), "client_secret=***&a=b"),
                (format!("in JSON: {}", serde_json::to_string(secret).unwrap()), "in JSON: \"***\""),
                (format!("a=b&s={}", form.to_lowercase()), "***"),
                (format!("a=b&s={}", form.replace('+', "%20")), "***"),
                ("svc is unknown".to_owned(), "svc is unknown"),
            ] {
                assert_eq!(unsaid.blank(&echo), left, "{echo}");
            }
        }
        assert_eq!(basic.blank(&format!("what is {sent}?")), "what is Basic ***?");
    }

    #[test]
    fn of_an_assertion_neither_the_whole_nor_the_signature_is_told() {
        let signature = "s".repeat(43);
        let assertion = format!("head.claims.{signature}");
        let unsaid = Unsaid::of(&Proven::default().with("client_assertion", &assertion));
        assert_eq!(unsaid.blank(&format!("bad {assertion}!")), "bad ***!");
        assert_eq!(unsaid.blank(&format!("bad signature {signature}!")), "bad signature ***!");
        assert_eq!(Unsaid::default().and("").blank("as it is"), "as it is");
    }
}
