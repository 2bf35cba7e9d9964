//! `WWW-Authenticate`: what is read prints to what reads the same, with no byte that could end a value or a line. Each
//! line of the input is one header.
#![no_main]

use countersign_proto::challenge::{self, Challenge, Code, MAX_CHALLENGES, MAX_LEN};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let headers: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let found = match challenge::parse(headers.iter().copied()) {
        Ok(found) => found,
        Err(error) => return assert!(error.to_string().len() < 200, "an error repeats no header"),
    };
    assert!(headers.iter().map(|header| header.len()).sum::<usize>() <= MAX_LEN, "the headers are capped");
    assert!(found.len() <= MAX_CHALLENGES, "the challenges are capped");

    let printed: Vec<String> = found.iter().map(Challenge::to_string).collect();
    for (challenge, text) in found.iter().zip(&printed) {
        assert!(
            text.bytes().all(|byte| matches!(byte, 0x20..=0x5b | 0x5d..=0x7e)),
            "a byte that ends something"
        );
        assert_eq!(challenge.code(), challenge.error().and_then(Code::parse));
        assert!(
            challenge.scopes().chain(challenge.algs()).all(|word| !word.is_empty() && !word.contains(' '))
        );
    }
    // Names and quotes may be added: near the limit what is printed can be longer than what is read.
    if printed.iter().map(String::len).sum::<usize>() + 2 * printed.len() <= MAX_LEN {
        let lines = printed.iter().map(String::as_bytes);
        assert_eq!(challenge::parse(lines).as_ref(), Ok(&found), "one header each");
        let joined = printed.join(", ");
        assert_eq!(challenge::parse([joined.as_bytes()]).as_ref(), Ok(&found), "all in one header");
    }
});
