//! A token as people hand it to a command: as an argument, on standard input, or as the whole header line that it was
//! copied from.

use std::io::Read;

use clap::Args;

use crate::failure::Failure;

/// Where the token is.
#[derive(Args, Debug)]
pub(super) struct Pasted {
    /// The token, or the whole Authorization header; `-` for standard input
    token: String,
}

impl Pasted {
    /// The token, of at most 64 KiB of input.
    pub(super) fn token(&self) -> Result<String, Failure> {
        let mut text = self.token.clone();
        if text == "-" {
            text.clear();
            std::io::stdin().take(MAX_INPUT).read_to_string(&mut text).map_err(Failure::new)?;
        }
        match token_in(&text) {
            "" => Err(Failure::new("there is no token").next("`countersign token` takes one")),
            token => Ok(token.to_owned()),
        }
    }
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
