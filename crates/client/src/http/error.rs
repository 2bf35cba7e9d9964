//! Why no answer came, with the deepest cause in its own words.

use std::error::Error as StdError;
use std::time::Duration;

use hyper_util::client::legacy::Error;

use crate::address::ForbiddenAddress;
use crate::trust::TrustError;

/// Why there is no answer; `to` is scheme, host and port of the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// TLS cannot be set up.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The URL cannot be sent.
    #[error("{0} cannot be asked for: its URL is not one of HTTP")]
    Uri(String),
    /// No connection.
    #[error("cannot connect to {to}: {why}")]
    Connect {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// A document named the server, and its address is not a public one.
    #[error("cannot connect to {to}: {why}")]
    Forbidden {
        /// The server.
        to: String,
        /// The address that it has.
        why: ForbiddenAddress,
    },
    /// The server's certificate is not one that is trusted here.
    #[error("the certificate of {to} is not trusted: {why}")]
    Untrusted {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// Something else is spoken there: TLS where plain HTTP was, or the other way round.
    #[error("what answers at {to} does not speak this protocol: {why}")]
    OtherProtocol {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// The exchange broke off.
    #[error("no answer from {to}: {why}")]
    Exchange {
        /// The server.
        to: String,
        /// The deepest cause, in its own words.
        why: String,
    },
    /// The exchange took longer than it may.
    #[error("no answer from {to} within {within:?}")]
    Timeout {
        /// The server.
        to: String,
        /// How long it may take.
        within: Duration,
    },
    /// The answer is larger than it may be.
    #[error("the answer from {to} is larger than {max} bytes")]
    TooLarge {
        /// The server.
        to: String,
        /// The most that is read.
        max: usize,
    },
}

pub(super) fn failed(to: &str, error: &Error) -> HttpError {
    let (to, why) = (to.to_owned(), deepest_cause(error));
    if let Some(why) = causes(error).find_map(|cause| cause.downcast_ref()) {
        return HttpError::Forbidden { to, why: *why };
    }
    match in_tls(error) {
        Some(rustls::Error::InvalidCertificate(_)) => return HttpError::Untrusted { to, why },
        Some(rustls::Error::InvalidMessage(_)) => return HttpError::OtherProtocol { to, why },
        _ => {}
    }
    let is_parse = |cause: &(dyn StdError + 'static)| {
        cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_parse() && !error.is_parse_too_large())
    };
    if causes(error).any(is_parse) {
        HttpError::OtherProtocol { to, why }
    } else if error.is_connect() {
        HttpError::Connect { to, why }
    } else {
        HttpError::Exchange { to, why }
    }
}

/// What TLS found wrong.
fn in_tls(error: &Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// An error and what is below it; I/O errors hold others, and do not name them as their source.
pub fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        held.map(|held| held as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

/// The last of its [`causes`]: wrappers say "client error (Connect)"; what a person needs is at the bottom. One line, whatever
/// it says.
#[must_use]
pub fn deepest_cause(error: &(dyn StdError + 'static)) -> String {
    let cause = causes(error).last().map(ToString::to_string).unwrap_or_default();
    cause.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::EndpointError;

    /// What went wrong is at the bottom, also below what I/O errors hold.
    #[test]
    fn the_deepest_cause_is_told_in_one_line() {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "nobody\nlistens");
        let wrapped = io::Error::other(crate::DocumentUrlError::from(EndpointError::PlainHttp));
        assert_eq!(deepest_cause(&io::Error::other(refused)), "nobody listens");
        assert_eq!(deepest_cause(&wrapped), EndpointError::PlainHttp.to_string());
    }
}
