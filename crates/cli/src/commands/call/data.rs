//! `-d` and `--data-binary`: a body as curl takes it.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;

use crate::failure::Failure;

/// What becomes of the newlines in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Newlines {
    /// Left out: a form has no lines.
    Dropped,
    /// Sent, as all else.
    Kept,
}

/// The body that all `-d` make, or all `--data-binary`, joined by `&`; `None` where there is none.
pub(super) fn read(given: &[String], newlines: Newlines) -> Result<Option<Bytes>, Failure> {
    read_with(given, newlines, |path| match path {
        "-" => limited(io::stdin()),
        path => limited(File::open(path)?),
    })
}

fn read_with(
    given: &[String],
    newlines: Newlines,
    mut open: impl FnMut(&str) -> io::Result<Vec<u8>>,
) -> Result<Option<Bytes>, Failure> {
    let mut parts = Vec::new();
    for data in given {
        parts.push(match data.strip_prefix('@') {
            None => data.clone().into_bytes(),
            Some(path) => {
                let mut bytes = open(path)
                    .map_err(|error| Failure::new(format!("the body cannot be read from {path}: {error}")))?;
                if newlines == Newlines::Dropped {
                    // as curl
                    bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
                }
                bytes
            }
        });
    }
    Ok((!given.is_empty()).then(|| parts.join(&b'&').into()))
}

fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BODY + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BODY {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAX_BODY >> 20)));
    }
    Ok(bytes)
}

/// It is kept whole, since it may have to be sent a second time.
const MAX_BODY: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_and_files_lose_their_newlines() {
        let read_as = |newlines, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            read_with(&given, newlines, |path| match path {
                "none" => Err(io::ErrorKind::NotFound.into()),
                path => Ok(format!("{path}\r\nx=\0y\n").into_bytes()),
            })
        };
        let read = |given: &[&str]| read_as(Newlines::Dropped, given);
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[""]).unwrap().unwrap(), "");
        assert_eq!(read(&["a=1\n", "@-", "b"]).unwrap().unwrap(), "a=1\n&-x=y&b");
        assert_eq!(read_as(Newlines::Kept, &["@-", "b"]).unwrap().unwrap(), "-\r\nx=\0y\n&b");
        let error = read(&["@none"]).unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
    }
}
