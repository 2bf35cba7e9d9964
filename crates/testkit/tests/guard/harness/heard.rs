//! What a door answered, and whether the request got through.

use std::ops::Deref;

use countersign_proto::challenge::{self, Challenge};
use countersign_testkit::Answer;
use http::header::WWW_AUTHENTICATE;

use super::Door;

#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) door: Door,
    pub(crate) answer: Answer,
    /// Whether handler or upstream saw it.
    pub(crate) reached: bool,
}

impl Heard {
    /// The lines of `WWW-Authenticate`.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    /// The challenges, each of which must be well-formed and stand in a line of its own (RFC 6750 §3).
    pub(crate) fn challenges(&self) -> Vec<Challenge> {
        let parsed = self.lines().into_iter().map(|line| {
            let mut parsed = challenge::parse([line.as_bytes()]).unwrap();
            assert_eq!(parsed.len(), 1, "one challenge in a line: {line}");
            assert_eq!(parsed[0].to_string(), line, "nothing that is not read again");
            assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x5b | 0x5d..=0x7e)), "{line}");
            parsed.remove(0)
        });
        parsed.collect()
    }

    /// Status and `error` of the first challenge, as in `401 invalid_token`; `401 -` where there is none.
    pub(crate) fn verdict(&self) -> String {
        let challenges = self.challenges();
        let error = challenges.first().and_then(Challenge::error).unwrap_or("-");
        format!("{} {error}", self.status.as_u16())
    }

    /// Client, subject, issuer and scope as handler or upstream was told, `-` for what it was not.
    #[track_caller]
    pub(crate) fn who(&self) -> [&str; 4] {
        assert!(self.is_let_in(), "{:?}: {} {}", self.door, self.status, self.text());
        ["x-auth-client", "x-auth-subject", "x-auth-issuer", "x-auth-scope"]
            .map(|name| self.header(name).unwrap_or("-"))
    }

    pub(crate) fn is_let_in(&self) -> bool {
        assert_eq!(self.reached, self.status == 200, "{:?}: {:?}", self.door, self.answer);
        self.reached
    }
}

impl Deref for Heard {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}
