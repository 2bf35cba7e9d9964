use clap::CommandFactory;

use super::*;

/// Every command with the lines of its examples.
fn walk(command: &clap::Command, path: &str, found: &mut Vec<(String, Vec<String>)>) {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    assert!(after.lines().all(|line| line.len() <= WIDTH), "{path}: too wide to be shown unbroken");
    let after = after.replace("\\\n     ", "");
    let examples = after.lines().map(str::trim).filter(|line| line.starts_with("countersign "));
    found.push((path.to_owned(), examples.map(str::to_owned).collect()));
    for inner in command.get_subcommands() {
        walk(inner, &format!("{path} {}", inner.get_name()), found);
    }
}

/// What is shown where the terminal's width is not known.
const WIDTH: usize = 100;

/// The words of a line as a shell splits it; enough of one for our examples.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Issue 3, item 11: every command has an example, and every example parses.
#[test]
fn every_command_has_examples_that_parse() {
    Cli::command().debug_assert();
    let mut commands = Vec::new();
    walk(&Cli::command(), "countersign", &mut commands);
    assert!(commands.len() > 45, "{}", commands.len());
    for (path, examples) in commands {
        assert!(!examples.is_empty(), "{path} has no example");
        assert!(examples.iter().any(|line| line.starts_with(&path)), "{path}: {examples:?}");
        for example in examples {
            // what is explained beside it, and where its output goes
            let command = example.split("   ").next().unwrap().split(" > ").next().unwrap();
            for part in command.split(" | ") {
                if let Err(error) = Cli::try_parse_from(words(part)) {
                    panic!("{part}\n{error}");
                }
            }
        }
    }
}
