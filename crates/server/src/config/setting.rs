//! One setting: its name in all three places, its default, and what it does.

/// One line of the table of settings.
#[derive(Debug)]
pub struct Setting {
    /// The key in the TOML file; `section.name` inside a table.
    pub key: &'static str,
    /// The default as text; empty where there is none.
    pub default: &'static str,
    /// What a value looks like, such as `HOST:PORT`; empty for a switch.
    pub takes: &'static str,
    /// Whether it takes a list: the flag may be repeated, the environment separates by commas.
    pub many: bool,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
}

impl Setting {
    /// A setting of one value.
    pub(super) const fn one(
        key: &'static str,
        takes: &'static str,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { key, default, takes, many: false, doc }
    }

    /// A setting that is on or off, and off unless said.
    pub(super) const fn switch(key: &'static str, doc: &'static str) -> Self {
        Self { key, default: "false", takes: "", many: false, doc }
    }

    /// A setting of any number of values.
    pub(super) const fn many(
        key: &'static str,
        takes: &'static str,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { key, default, takes, many: true, doc }
    }

    /// The environment variable: `tls.cert` is `COUNTERSIGN_TLS_CERT`.
    #[must_use]
    pub fn env(&self) -> String {
        format!("{ENV_PREFIX}{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// The flag without its dashes: `tls.cert` is `tls-cert`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }

    /// Whether it is on or off rather than a value.
    #[must_use]
    pub const fn is_switch(&self) -> bool {
        self.takes.is_empty()
    }
}

/// What all our environment variables begin with.
pub(super) const ENV_PREFIX: &str = "COUNTERSIGN_";
