//! `-H`: header lines as curl takes them.

use std::io;
use std::path::Path;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue};

use crate::failure::Failure;
use crate::private_file;

/// One line: a header with its value, or without one when it is to be left out.
#[derive(Clone, Debug)]
pub(super) struct Line {
    name: HeaderName,
    value: Option<HeaderValue>,
}

/// Reads what one `-H` gives: a line, or `@` and a file of lines, `-` for standard input.
pub(super) fn given(text: &str) -> Result<Vec<Line>, String> {
    let Some(path) = text.strip_prefix('@') else { return Ok(vec![line(text)?]) };
    let cannot = |error| format!("{path} cannot be read: {error}");
    let text = match path {
        "-" => private_file::read_from(io::stdin(), MAX_FILE),
        path => private_file::read(Path::new(path), MAX_FILE),
    };
    let text = text.map_err(cannot)?;
    text.lines().filter(|text| !text.trim().is_empty()).map(line).collect()
}

/// Puts them over the headers that are there without being asked for.
pub(super) fn put<'a>(
    headers: &mut HeaderMap,
    lines: impl Iterator<Item = &'a Line> + Clone,
) -> Result<(), Failure> {
    for Line { name, .. } in lines.clone() {
        if *name == AUTHORIZATION || name == "dpop" {
            return Err(Failure::new(format!("the header {name} is what this command makes itself"))
                .next("leave it out, or call with curl"));
        }
        if [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, UPGRADE].contains(name) {
            return Err(Failure::new(format!("the header {name} is of the connection, and made by it")));
        }
        headers.remove(name);
    }
    for Line { name, value } in lines {
        if let Some(value) = value {
            headers.append(name, value.clone());
        }
    }
    Ok(())
}

/// `Name: value`; `Name:` leaves one out that would be sent, `Name;` sends it empty.
///
/// No value is ever repeated in an error: it may be a key.
fn line(text: &str) -> Result<Line, String> {
    let rule = || "a header is a name, a colon and a value, as in 'Accept: text/csv'".to_owned();
    let name = |name: &str| HeaderName::from_bytes(name.trim_end().as_bytes()).map_err(|_| rule());
    if let Some((before, value)) = text.split_once(':') {
        let (name, value) = (name(before)?, value.trim());
        if value.is_empty() {
            return Ok(Line { name, value: None });
        }
        let value = HeaderValue::from_bytes(value.as_bytes());
        let value =
            value.map_err(|_| format!("the value of {name} holds characters that no header holds"))?;
        return Ok(Line { name, value: Some(value) });
    }
    let before = text.strip_suffix(';').ok_or_else(rule)?;
    Ok(Line { name: name(before)?, value: Some(HeaderValue::from_static("")) })
}

const MAX_FILE: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(texts: &[&str]) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("accept", HeaderValue::from_static("*/*"));
        let lines: Vec<Line> = texts.iter().map(|text| line(text).unwrap()).collect();
        put(&mut headers, lines.iter()).map(|()| headers)
    }

    /// As curl: a line replaces what is sent anyway, repeated ones are all sent, `Name:` takes away, `Name;` is empty.
    #[test]
    fn lines_are_read_as_curl_reads_them() {
        let headers = sent(&["Accept: text/csv", "X-A: 1", "X-A:2", "X-Empty;"]).unwrap();
        assert_eq!(headers["accept"], "text/csv");
        assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(headers["x-empty"], "");
        assert!(sent(&["Accept:"]).unwrap().is_empty());
        assert_eq!(sent(&["Accept:   Größe "]).unwrap()["accept"].as_bytes(), "Größe".as_bytes());
    }

    #[test]
    fn what_is_no_header_is_not_repeated() {
        for text in ["hush", "hu sh: x", ": hush", "X: hush\r\nY: z", "X: hush\0"] {
            let error = line(text).unwrap_err();
            assert!(!error.contains("hush") && !error.contains("hu sh"), "{error}");
        }
        for text in ["Authorization: Bearer x", "DPoP: x", "Content-Length: 1", "transfer-encoding: chunked"]
        {
            assert!(sent(&[text]).is_err(), "{text}");
        }
    }
}
