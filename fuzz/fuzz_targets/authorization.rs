//! `PresentedToken::parse`: one scheme, spaces, one token of the grammar, given back as it was sent.
#![no_main]

use countersign_proto::authorization::{AuthorizationError, MAX_TOKEN, PresentedToken, Scheme};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let ours = Scheme::ALL.into_iter().find(|scheme| {
        let name = scheme.as_str().as_bytes();
        let sent = header.get(..name.len());
        sent.is_some_and(|sent| sent.eq_ignore_ascii_case(name))
            && matches!(header.get(name.len()), None | Some(b' '))
    });
    let presented = match PresentedToken::parse(header) {
        Ok(presented) => presented,
        Err(AuthorizationError::OtherScheme) => return assert_eq!(ours, None, "a scheme that is ours"),
        Err(AuthorizationError::TooLong) => return assert!(header.len() > MAX_TOKEN, "the token is short"),
        Err(AuthorizationError::Malformed) => {
            let scheme = ours.expect("only a scheme of ours has a malformed token");
            let token = header.get(scheme.as_str().len()..).unwrap_or_default();
            let token = std::str::from_utf8(token).unwrap_or_default().trim_start_matches(' ').as_bytes();
            return assert!(!is_b64token(token), "a token of the grammar was refused");
        }
    };
    let (scheme, token) = (presented.scheme(), presented.token());
    assert_eq!(Some(scheme), ours);
    let between = header.get(scheme.as_str().len()..header.len() - token.len()).unwrap_or_default();
    assert!(!between.is_empty() && between.iter().all(|byte| *byte == b' '), "scheme, spaces, token");
    assert!(header.ends_with(token.as_bytes()));
    assert!(token.len() <= MAX_TOKEN, "the token is capped");
    assert!(is_b64token(token.as_bytes()), "a token that is none");
});

/// Written another way than there: the padding goes first.
fn is_b64token(token: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(token) else { return false };
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c))
}
