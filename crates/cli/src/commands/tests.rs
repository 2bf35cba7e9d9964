use clap::CommandFactory;

use super::*;

fn walk(command: &clap::Command, path: &str, found: &mut Vec<(String, String)>) {
    let mut command = command.clone();
    found.push((path.to_owned(), command.render_long_help().to_string()));
    for inner in command.get_subcommands() {
        walk(inner, &format!("{path} {}", inner.get_name()), found);
    }
}

/// Issue 3, item 11: every command's help has an example that can be pasted, and it parses.
#[test]
fn every_help_has_an_example_that_parses() {
    Cli::command().debug_assert();
    let mut pages = Vec::new();
    walk(&Cli::command(), "countersign", &mut pages);
    assert!(pages.len() > 50, "{}", pages.len());
    for (path, help) in pages {
        let examples: Vec<&str> = help
            .lines()
            .map(str::trim)
            .filter(|line| line.contains(&format!("{path} ")) || *line == path)
            .collect();
        let examples: Vec<&str> = examples.into_iter().filter(|line| !line.starts_with("Usage")).collect();
        assert!(!examples.is_empty(), "{path} has no example:\n{help}");
        for example in examples {
            let command = example.split("   ").next().unwrap();
            let command = command.split(" | ").find(|part| part.trim().starts_with("countersign")).unwrap();
            let command = command.split(" > ").next().unwrap();
            let words: Vec<String> = command.split_whitespace().map(|word| word.replace('\'', "")).collect();
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{example}\n{error}");
            }
        }
    }
}
