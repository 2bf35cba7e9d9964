//! `Basic::parse`: one spelling per pair, the raw secret always among the readings, and never a third reading.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_proto::credential::{Basic, PresentedSecret, SecretReading, Transport};
use countersign_proto::form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| {
    let Ok(basic) = Basic::parse(header) else { return };
    assert!(header.len() <= 8 * 1024, "the header is capped");
    assert!(header[..6].eq_ignore_ascii_case(b"basic "), "scheme and one space");

    let encoded = std::str::from_utf8(&header[6..]).expect("base64 is ASCII");
    let pair = STANDARD.decode(encoded).expect("what was accepted is base64");
    assert_eq!(STANDARD.encode(&pair), encoded, "one spelling per pair");
    let colon = pair.iter().position(|&b| b == b':').expect("what was accepted has a colon");
    let (id, sent) = (&pair[..colon], &pair[colon + 1..]);

    let decoded = form::decode(sent);
    assert_eq!(basic.well_encoded, form::decode(id).is_ok() && decoded.is_ok());
    if let Ok(id) = form::decode(id) {
        assert_eq!(basic.client_id, id);
    }

    let presented = PresentedSecret::from(basic);
    assert_eq!(presented.transport, Transport::Basic);
    let first = presented.secret.as_bytes();
    match (presented.raw.as_ref().map(SecretReading::as_bytes), decoded) {
        (Some(raw), Ok(decoded)) => {
            assert_eq!(raw, sent, "the second reading is what was sent");
            assert_eq!(first, decoded.as_bytes(), "the first reading is the decoded one");
            assert_ne!(first, raw, "two readings only where they differ");
        }
        (None, Ok(decoded)) => assert_eq!((first, decoded.as_bytes()), (sent, sent)),
        (None, Err(_)) => assert_eq!(first, sent, "what cannot be decoded has its raw reading alone"),
        (Some(_), Err(_)) => panic!("a second reading of what cannot be decoded"),
    }
});
