//! Issue 3, item 12: defaults, file, environment, flags, in that order; unknown keys refused with the nearest known one.

use std::path::Path;

use crate::harness::User;

#[test]
fn each_layer_is_over_the_one_before() {
    let user = User::new().with("COUNTERSIGN_OPS", "127.0.0.1:2");
    let file =
        user.write("c.toml", "ops = \"127.0.0.1:1\"\ndefault_realm = \"file\"\n").display().to_string();
    let print = |words: &[&str]| user.json(&[&["config", "print", "--config", &file], words].concat());
    let printed = print(&[]);
    assert_eq!(printed["ops"]["value"], "127.0.0.1:2");
    assert_eq!(printed["ops"]["from"], "environment variable COUNTERSIGN_OPS");
    assert_eq!(printed["default_realm"]["value"], "file");
    assert!(printed["default_realm"]["from"].as_str().unwrap().ends_with("c.toml:2"));
    assert_eq!(printed["limits.waiting"]["from"], "default");
    let printed = print(&["--ops", "127.0.0.1:3"]);
    assert_eq!(
        (&printed["ops"]["value"], &printed["ops"]["from"]),
        (&"127.0.0.1:3".into(), &"flag --ops".into())
    );
    let from_variable = User::new().with("COUNTERSIGN_CONFIG", &file);
    assert_eq!(from_variable.json(&["config", "print"])["ops"]["value"], "127.0.0.1:1");
}

#[test]
fn a_switch_can_be_switched_off_again() {
    let user = User::new().with("COUNTERSIGN_DANGER_PLAIN_HTTP", "true");
    let value = |words: &[&str]| user.json(words)["danger_plain_http"]["value"].clone();
    assert_eq!(value(&["config", "print"]), "true");
    assert_eq!(value(&["config", "print", "--danger-plain-http=false"]), "false");
    assert_eq!(value(&["config", "print", "--danger-plain-http"]), "true");
}

/// Design rule 14.
#[test]
fn what_nobody_knows_is_refused_with_the_nearest_known_one() {
    let user = User::new();
    let file = user.write("c.toml", "\nlissten = \"127.0.0.1:1\"\n").display().to_string();
    for command in [&["config", "check"][..], &["serve"]] {
        let said = user.fails(&[command, &["--config", &file]].concat());
        assert!(said.contains("c.toml:2") && said.contains("did you mean `listen`?"), "{said}");
    }
    let user = User::new().with("COUNTERSIGN_LISEN", "127.0.0.1:1");
    let said = user.fails(&["config", "check"]);
    assert!(said.contains("did you mean `COUNTERSIGN_LISTEN`?"), "{said}");
    // another's variable that begins like ours is told, and hinders nothing
    let done = User::new().with("COUNTERSIGN_FAVOURITE_COLOUR", "blue").run(&["config", "check"]);
    assert!(done.status.success() && done.err.contains("COUNTERSIGN_FAVOURITE_COLOUR"), "{}", done.err);
    let said = User::new().fails(&["serve", "--lissten", "127.0.0.1:1"]);
    assert!(said.contains("--listen"), "{said}");
    let said = User::new().fails(&["serve", "--config", "nowhere.toml"]);
    assert!(said.contains("nowhere.toml"), "{said}");
}

/// A good configuration passes the check, and a bad certificate does not.
#[test]
fn a_check_looks_at_the_files_too() {
    let user = User::new();
    assert!(user.ok(&["config", "check"]).contains("good"));
    let cert = user.write("cert.pem", "nothing").display().to_string();
    let said = user.fails(&["config", "check", "--tls-cert", &cert, "--tls-key", &cert]);
    assert!(said.contains("cert.pem"), "{said}");
    let said = user.fails(&["config", "check", "--database", "mysql://x"]);
    assert!(said.contains("postgres://"), "{said}");
}

/// No password of a database URL is printed.
#[test]
fn the_effective_configuration_holds_no_password() {
    let user = User::new().with("COUNTERSIGN_DATABASE", "postgres://me:hush@db/countersign?password=hush");
    for words in [&["config", "print"][..], &["config", "print", "--output", "json"]] {
        let printed = user.ok(words);
        assert!(!printed.contains("hush") && printed.contains("db/countersign"), "{printed}");
    }
}

/// docs/configuration.md is what the program writes: `scripts/generate` writes it again.
#[test]
fn the_reference_page_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let current = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(current == User::new().ok(&["config", "reference"]), "{} is not current", page.display());
}

#[test]
fn completions_are_there_for_every_shell() {
    let user = User::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = user.ok(&["completions", shell]);
        assert!(script.contains("countersign") && script.contains("default-realm"), "{shell}");
    }
}

/// A proxy's network is named as clients' networks are, and a default realm that is not there is told.
#[test]
fn slips_in_the_configuration_are_told() {
    let user = User::new();
    let said = user.fails(&["config", "check", "--trusted-proxy", "10.0.0.1/8"]);
    assert!(said.contains("10.0.0.0/8"), "{said}");
    let (_, said) = user.serve(&["--default-realm", "nope"]).end();
    assert!(said.contains("default_realm") && said.contains("nope"), "{said}");
    let (_, said) = user.serve(&["--default-realm", "system"]).end();
    assert!(!said.contains("default_realm"), "{said}");
}

/// A database that does not answer leaves no keys behind that could be taken for its own.
#[test]
fn a_start_that_fails_leaves_no_keys() {
    let user = User::new();
    let data = user.data().display().to_string();
    let common = ["serve", "--data", &data, "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let said = user.fails(&[&common[..], &["--database", "postgres://127.0.0.1:1/x"]].concat());
    assert!(said.contains("next: check that the database runs"), "{said}");
    assert!(!user.data().join("keys").exists());
    let bad = user.write("badkeys", "nonsense").display().to_string();
    let said = user.fails(&[&common[..], &["--keys", &bad]].concat());
    assert!(said.contains("next:") && said.contains("--keys"), "{said}");
}
