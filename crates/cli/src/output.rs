//! The only place that prints: text and tables for people, JSON for programs, on standard output; what is said beside
//! the answer goes to standard error.

mod asked;
mod table;

use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::OnceLock;

use clap::ValueEnum;
use countersign_proto::admin::Page;

pub(crate) use asked::{Asked, FileParser, FormatParser};
pub(crate) use table::Table;

use crate::failure::Failure;

/// How a command answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text and tables for people
    #[default]
    Text,
    /// The JSON of the admin API, for programs
    Json,
}

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
}

impl Output {
    /// Whether a program reads the answer.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a text as it is, with a newline at its end.
    pub(crate) fn text(self, text: &str) {
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        let mut out = io::stdout().lock();
        remember(write!(out, "{text}{newline}").and_then(|()| out.flush()));
    }

    /// Prints a JSON body as the server sent it.
    pub(crate) fn body(self, body: &[u8]) {
        let mut out = io::stdout().lock();
        remember(out.write_all(body).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()));
    }

    /// Prints bytes as they are; whether somebody still reads them.
    pub(crate) fn raw(self, bytes: &[u8]) -> io::Result<bool> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Prints a list as the admin API has it.
    pub(crate) fn page(self, page: &Page<serde_json::Value>) -> Result<(), Failure> {
        self.body(&serde_json::to_vec(page).map_err(Failure::new)?);
        Ok(())
    }

    /// Prints a table.
    pub(crate) fn table(self, table: &Table) {
        self.text(&table.to_string());
    }

    /// Says something beside the answer, on standard error.
    pub(crate) fn note(self, text: &str) {
        note(text);
    }
}

/// Says something beside the answer, on standard error, where no command is at hand.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Asks a person, on standard error; anything but yes is no.
pub(crate) fn is_confirmed(question: &str) -> bool {
    let _ = write!(io::stderr().lock(), "{} [y/N] ", clean(question));
    let mut answer = String::new();
    let read = io::Read::take(io::stdin().lock(), MAX_ANSWER).read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Why something of the answer could not be printed, if anything: who reads it must not take a part for the whole.
pub(crate) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

fn remember(written: io::Result<()>) {
    match written {
        // a reader that closed its end (`| head`) has what it wanted
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = LOST.set(error.to_string());
        }
        _ => {}
    }
}

static LOST: OnceLock<String> = OnceLock::new();

const MAX_ANSWER: u64 = 100;

/// Whether a person reads what is printed and can answer.
pub(crate) fn is_conversation() -> bool {
    io::stdin().is_terminal() && is_terminal()
}

/// Whether a person reads standard output.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// A text from elsewhere, fit for a terminal: no control characters that could move its cursor or hide words.
pub(crate) fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '?' } else { c }).collect()
}

/// A word as a POSIX shell reads it.
pub(crate) fn shell(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-:@,=+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// This program as a shell finds it: the bare name where it was found by that, else its place.
pub(crate) fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if !called.is_empty() && !called.contains(std::path::MAIN_SEPARATOR) {
        return shell(&called);
    }
    let place = std::env::current_exe().map_or(called, |path| path.display().to_string());
    shell(&place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Threats 6 "terminal escape in a name": what others chose cannot steer the terminal.
    #[test]
    fn foreign_text_cannot_steer_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\r\nc\u{202e}d\u{9b}e"), "a?[2Jb??c?d?e");
        assert_eq!(clean("Größe 日本"), "Größe 日本");
    }

    #[test]
    fn words_can_be_pasted() {
        assert_eq!(shell("https://orders.example"), "https://orders.example");
        assert_eq!(shell("a b"), "'a b'");
        assert_eq!(shell("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell(""), "''");
    }
}
