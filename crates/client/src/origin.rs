//! Where tokens may be sent: the origins that a source was made for, and no other.

use url::{Origin, Url};

use crate::Endpoint;
use crate::token::Misconfigured;

/// The origins that a source's tokens may be sent to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins(Vec<Origin>);

impl Origins {
    /// Takes origins: scheme, host and port, and nothing after them.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, Misconfigured> {
        texts.iter().map(|text| one(text)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a token may be sent there.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        self.0.contains(&url.origin())
    }
}

fn one(text: &str) -> Result<Origin, Misconfigured> {
    let wrong = |why: String| Misconfigured::new("only_to", format!("{}: {why}", crate::http::shown(text)));
    let endpoint = Endpoint::danger_parse_any_http(text).map_err(|error| wrong(error.to_string()))?;
    let url = endpoint.url();
    if !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong(
            "an origin is scheme, host and port alone, as in https://orders.example".to_owned(),
        ));
    }
    Ok(url.origin())
}
