//! Any text as a token: reading never panics, and what is read keeps to the limits and the one spelling.
#![no_main]

use countersign_proto::jose::{Claims, base64url, jws};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(token) = std::str::from_utf8(bytes) else { return };
    match jws::parse(token) {
        Ok(jws) => {
            assert!(token.len() <= jws::MAX_LEN);
            // The payload that was read encodes to what stood there.
            assert_eq!(token.split('.').nth(1), Some(base64url::encode(jws.payload()).as_str()));
            if let Err(error) = Claims::parse(jws.payload()) {
                assert!(error.to_string().len() < 1000);
            }
        }
        Err(error) => assert!(error.to_string().len() < 1000),
    }
});
