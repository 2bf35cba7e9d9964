//! What a command says when it could not do its work: what is wrong, and what to do next.

use std::fmt;

use countersign_client::HttpError;

use crate::output::clean;

/// Why a command ends without having done its work.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    next: Option<String>,
}

impl Failure {
    /// What is wrong, in one sentence.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), next: None }
    }

    /// What that means for the whole.
    #[must_use]
    pub(crate) fn prefix(mut self, whole: &str) -> Self {
        self.what = format!("{whole}: {}", self.what);
        self
    }

    /// The same, where the server's words are those of the admin API and not of a command.
    #[must_use]
    pub(crate) fn reworded(mut self, reword: impl FnOnce(&str) -> String) -> Self {
        self.what = reword(&self.what);
        self
    }

    /// What to do next.
    #[must_use]
    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // what a server said stands in it: each line is made fit for a terminal
        for (nth, line) in self.what.split('\n').enumerate() {
            write!(f, "{}{}", if nth == 0 { "error: " } else { "\n" }, clean(line))?;
        }
        match &self.next {
            Some(next) => write!(f, "\n  next: {next}"),
            None => Ok(()),
        }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::from(&error)
    }
}

impl From<&HttpError> for Failure {
    fn from(error: &HttpError) -> Self {
        let failure = Self::new(error);
        match error {
            HttpError::Untrusted { .. } => failure.next(
                "name the authority that signed it with --ca-file FILE (of `context add`, or of this command where it \
                 has it); that of a server with --tls-dev is tls-dev/ca.pem in its data folder",
            ),
            HttpError::OtherProtocol { to, .. } if to.starts_with("https:") => {
                failure.next("it may be served without TLS: begin its URL with http://, which is for loopback alone")
            }
            HttpError::OtherProtocol { .. } => {
                failure.next("it may be served with TLS: begin its URL with https://")
            }
            HttpError::Connect { to, .. } | HttpError::Exchange { to, .. } | HttpError::Timeout { to, .. } => {
                failure.next(if is_on_loopback(to) {
                    format!("is the server at {to} running? `countersign serve` starts one")
                } else {
                    format!("check the URL, and whether {to} can be reached from this machine")
                })
            }
            _ => failure,
        }
    }
}

/// Whether it would be this machine that serves there.
fn is_on_loopback(origin: &str) -> bool {
    let url = url::Url::parse(origin).ok();
    match url.as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Errors whose text says what to do already.
macro_rules! speaks_for_itself {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::new(error)
            }
        })+
    };
}

speaks_for_itself!(
    countersign_listen::BindError,
    countersign_listen::tls::TlsError,
    countersign_issuer::random::NoRandomness,
    countersign_server::config::ConfigError,
    countersign_store::UrlError,
);

/// With its causes: the outermost alone says too little.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody is told to start a server here in the place of one that is elsewhere.
    #[test]
    fn what_to_do_next_depends_on_where_the_server_is() {
        let connect = |to: &str| HttpError::Connect { to: to.to_owned(), why: "refused".to_owned() };
        for to in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert!(Failure::from(connect(to)).to_string().contains("countersign serve"), "{to}");
        }
        for to in ["https://id.example", "https://localhost.example", "https://10.0.0.1:8443"] {
            let said = Failure::from(connect(to)).to_string();
            assert!(!said.contains("countersign serve") && said.contains("check the URL"), "{said}");
        }
    }
}
