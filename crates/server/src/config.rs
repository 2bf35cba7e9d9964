//! What an operator can set: one table of settings, read from defaults, TOML file, environment and flags, in that order.
//!
//! Each section has a file that holds its settings and their reading. The reference page, the command line's flags and
//! the names of the environment variables all come from the same table, so that they cannot drift apart.

mod error;
mod layers;
mod limits;
mod log;
mod network;
mod realms;
pub mod reference;
mod setting;
mod storage;
mod tls;
mod value;

pub use countersign_proto::nearest::nearest;
pub use error::ConfigError;
pub use layers::{Given, Layers, Origin};
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub(crate) use network::is_loopback;
pub use network::{Network, PublicUrl};
pub use realms::Realms;
pub use setting::Setting;
pub use storage::Storage;
pub use tls::Tls;

/// Everything that is set, read and judged as a whole.
#[derive(Clone, Debug)]
pub struct Config {
    /// Addresses and URLs.
    pub network: Network,
    /// Where things are kept.
    pub storage: Storage,
    /// Realms and clients.
    pub realms: Realms,
    /// How TLS is served.
    pub tls: Tls,
    /// What is logged, and how.
    pub log: Log,
    /// How much of the machine callers may hold.
    pub limits: Limits,
}

impl Config {
    /// Reads every section and judges what concerns several of them.
    ///
    /// Does not check: that files exist, that addresses are free, that the database answers.
    ///
    /// # Errors
    /// [`ConfigError`] for the first value that breaks its rule, and for values that contradict each other.
    pub fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let config = Self {
            network: Network::read(layers)?,
            storage: Storage::read(layers)?,
            realms: Realms::read(layers)?,
            tls: Tls::read(layers)?,
            log: Log::read(layers)?,
            limits: Limits::read(layers)?,
        };
        config.network.judge(!matches!(config.tls, Tls::Off))?;
        Ok(config)
    }

    /// The public URL, without a trailing slash, of a server that listens on `port`.
    #[must_use]
    pub fn public_url(&self, port: u16) -> String {
        match &self.network.public_url {
            PublicUrl::Given(url) => url.clone(),
            PublicUrl::Loopback => {
                let scheme = if matches!(self.tls, Tls::Off) { "http" } else { "https" };
                format!("{scheme}://localhost:{port}")
            }
        }
    }
}

/// Every setting, section by section, in the order of the reference page.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    sections().into_iter().flat_map(|(_, settings)| settings)
}

fn sections() -> [(&'static str, &'static [Setting]); 6] {
    [
        ("Network", network::SETTINGS),
        ("TLS", tls::SETTINGS),
        ("Storage", storage::SETTINGS),
        ("Realms and clients", realms::SETTINGS),
        ("Logs", log::SETTINGS),
        ("Limits", limits::SETTINGS),
    ]
}

#[cfg(test)]
mod tests;
