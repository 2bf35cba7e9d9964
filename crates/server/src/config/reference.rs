//! The reference page, and what is in effect, both written from the one table of settings.

use std::fmt::Write as _;

use url::Url;

use super::storage::DATABASE;
use super::{Given, Layers, Setting, sections};

/// The page `docs/configuration.md`.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    for (title, settings) in sections() {
        let _ = writeln!(page, "\n## {title}\n");
        for setting in settings {
            entry(&mut page, setting);
        }
    }
    page
}

/// A TOML file of what is in effect, each line with where it comes from; passwords are left out.
#[must_use]
pub fn effective(layers: &Layers) -> String {
    let mut text = String::new();
    let mut table = "";
    // keys outside a table come first, or TOML would count them to the table before
    let (tabled, plain): (Vec<_>, Vec<_>) = super::settings().partition(|s| s.key.contains('.'));
    for setting in plain.into_iter().chain(tabled) {
        let (section, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if section != table {
            let _ = writeln!(text, "\n[{section}]");
            table = section;
        }
        let given = layers.get(setting);
        let values: Vec<String> = shown(setting, &given).iter().map(|value| toml(setting, value)).collect();
        let value = match (setting.many, values.as_slice()) {
            (true, _) => format!("[{}]", values.join(", ")),
            (false, [value]) if value != "\"\"" => value.clone(),
            (false, _) => {
                let _ = writeln!(text, "# {name} is not set");
                continue;
            }
        };
        let _ = writeln!(text, "{name} = {value} # {}", given.origin);
    }
    text
}

/// The values as they may be shown: passwords are left out.
#[must_use]
pub fn shown(setting: &Setting, given: &Given) -> Vec<String> {
    let one =
        |value: &String| if setting.key == DATABASE.key { without_password(value) } else { value.clone() };
    given.values.iter().map(one).collect()
}

fn entry(page: &mut String, setting: &Setting) {
    let flag = setting.flag();
    let takes = if setting.is_switch() { String::new() } else { format!(" {}", setting.takes) };
    let repeat = if setting.many { ", repeatable" } else { "" };
    let default =
        if setting.default.is_empty() { "none".to_owned() } else { format!("`{}`", setting.default) };
    let _ = writeln!(page, "### `{}`\n\n{}\n", setting.key, setting.doc);
    let _ = writeln!(page, "- default: {default}");
    let _ = writeln!(page, "- environment: `{}`", setting.env());
    let _ = writeln!(page, "- flag: `--{flag}{takes}`{repeat}\n");
}

/// A value as TOML, so that the whole can be saved as a file.
fn toml(setting: &Setting, value: &str) -> String {
    let is_bare = value.parse::<u64>().is_ok() || (setting.is_switch() && matches!(value, "true" | "false"));
    if is_bare {
        return value.to_owned();
    }
    // a JSON string of these characters is a TOML basic string too
    serde_json::Value::String(value.to_owned()).to_string()
}

/// Passwords stand before the host, and some drivers take them among the options too.
fn without_password(url: &str) -> String {
    if url.is_empty() || url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Ok(mut parsed) = Url::parse(url) else { return "***".to_owned() };
    if parsed.password().is_some() && parsed.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    if parsed.query().is_some() {
        parsed.set_query(Some("***"));
    }
    parsed.to_string()
}

const INTRODUCTION: &str = "\
# Configuration

<!-- Written by `countersign config reference > docs/configuration.md`; a test checks that it is current. -->

Every setting has a default and can be given in three places. Each is over the one before: the default, the TOML file \
of `countersign serve --config FILE` (or `COUNTERSIGN_CONFIG`), the environment, the flag. Keys that nobody knows are \
errors. `countersign config check` says whether a configuration is good, `countersign config print` shows what is in \
effect and where each value comes from.

In the file, a setting `section.name` stands in the table `[section]`:

```toml
public_url = \"https://auth.example.com\"
listen = [\"0.0.0.0:8443\"]

[tls]
cert = \"/etc/countersign/tls.crt\"
key = \"/etc/countersign/tls.key\"
```

A list is a TOML list in the file, separated by commas in the environment, and a repeated flag. Times are written \
`500ms`, `30s`, `5m`, `1h`.

Secrets are no settings: they come from the environment alone and are never printed.

| variable | meaning |
|---|---|
| `COUNTERSIGN_ROOT_CLIENT_ID`, `COUNTERSIGN_ROOT_CLIENT_SECRET` | the root client, applied at every start (also `FIDESOPS__SECURITY__OAUTH_ROOT_CLIENT_ID` and `…_SECRET`, the same with `FIDES__`, and `OAUTH_ROOT_CLIENT_ID` and `…_SECRET`) |
| `COUNTERSIGN_MASTER_KEYS` | the text of the file of master keys, in its place |
";
