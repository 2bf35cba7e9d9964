//! A token as people hand it to a command: as an argument, on standard input, or as the whole header line that it was
//! copied from.

use std::fmt;
use std::io::Read;

use clap::Args;

use crate::failure::Failure;

/// Where the token is.
#[derive(Args)]
pub(super) struct Pasted {
    /// The token, or the whole Authorization header; `-` for standard input
    token: String,
}

impl Pasted {
    /// The token, of at most 64 KiB of input.
    pub(super) fn token(&self) -> Result<String, Failure> {
        let mut text = self.token.clone();
        if text == "-" {
            text = read(std::io::stdin())?;
        }
        match token_in(&text) {
            "" => Err(Failure::new("there is no token").next("`countersign token` takes one")),
            token => Ok(token.to_owned()),
        }
    }
}

/// Never the token.
impl fmt::Debug for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pasted").finish_non_exhaustive()
    }
}

/// What is there is read whole, or not at all: a token that was cut would be judged as another.
fn read(input: impl Read) -> Result<String, Failure> {
    let mut text = String::new();
    let read = input.take(MAX_INPUT + 1).read_to_string(&mut text).map_err(Failure::new)?;
    if read as u64 > MAX_INPUT {
        return Err(Failure::new("there are more than 64 KiB on standard input: no token is so long"));
    }
    Ok(text)
}

/// The token in a header line, with the header's name or without, with the scheme or without.
fn token_in(text: &str) -> &str {
    let text = text.trim();
    let text = match text.split_once(':') {
        Some((name, value)) if name.eq_ignore_ascii_case("authorization") => value.trim_start(),
        _ => text,
    };
    let (scheme, token) = text.split_once(' ').unwrap_or(("", text));
    let is_scheme = ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if is_scheme { token.trim_start() } else { text }
}

const MAX_INPUT: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A token stands in no message of ours, and is judged whole or not at all.
    #[test]
    fn a_token_is_neither_told_nor_cut() {
        let token = "canary".to_owned();
        assert!(!format!("{:?}", Pasted { token }).contains("canary"));
        let limit = usize::try_from(MAX_INPUT).unwrap();
        assert_eq!(read(&*vec![b'a'; limit]).unwrap().len(), limit);
        assert!(read(&*vec![b'a'; limit + 1]).unwrap_err().to_string().contains("64 KiB"));
    }

    #[test]
    fn a_token_is_found_in_what_was_copied() {
        for text in [
            "a.b.c",
            " a.b.c\n",
            "Bearer a.b.c",
            "dpop   a.b.c",
            "Authorization: Bearer a.b.c\r\n",
            "authorization:DPoP a.b.c",
            "AUTHORIZATION: a.b.c",
        ] {
            assert_eq!(token_in(text), "a.b.c", "{text:?}");
        }
        for other in ["Basic abc", "DPoP: a.b.c", "a b"] {
            assert_eq!(token_in(other), other, "what is none is judged as it is");
        }
    }
}
