//! Whether and with which certificate TLS is served.

use std::path::PathBuf;

use super::{ConfigError, Layers, Setting};

/// How TLS is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not: plain HTTP.
    Off,
    /// With a certificate from files.
    Files {
        /// The chain, PEM.
        cert: PathBuf,
        /// The private key, PEM.
        key: PathBuf,
    },
    /// With a certificate for this machine alone, made in the data folder.
    Dev,
}

impl Tls {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let (cert, key) = (layers.get(&CERT), layers.get(&KEY));
        let dev = layers.get(&DEV);
        match (cert.optional(), key.optional(), dev.switch(&DEV)?) {
            (None, None, false) => Ok(Self::Off),
            (None, None, true) => Ok(Self::Dev),
            (Some(cert), Some(key), false) => Ok(Self::Files { cert: cert.into(), key: key.into() }),
            (Some(_), None, _) => {
                Err(together("a certificate was given without its key: give --tls-key too"))
            }
            (None, Some(_), _) => {
                Err(together("a key was given without its certificate: give --tls-cert too"))
            }
            (Some(_), Some(_), true) => Err(together(
                "--tls-dev makes a certificate of its own: give it, or --tls-cert and --tls-key",
            )),
        }
    }
}

fn together(what: &str) -> ConfigError {
    ConfigError::Together(what.to_owned())
}

const CERT: Setting = Setting::one(
    "tls.cert",
    "FILE",
    "",
    "The certificate chain for TLS, PEM, the server's own first. Taken up again when it changes.",
);
const KEY: Setting =
    Setting::one("tls.key", "FILE", "", "The private key of the certificate, PEM, not encrypted.");
const DEV: Setting = Setting::switch(
    "tls.dev",
    "Serves TLS with a certificate for localhost, signed by a local authority that is good for nothing else and whose \
     key is thrown away; the start says how to trust it.",
);

pub(super) const SETTINGS: &[Setting] = &[CERT, KEY, DEV];
