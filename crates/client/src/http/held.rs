//! Connections over TLS, made at the first request, and made anew when the files of the client certificate change.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::Connections;
use crate::trust::{ClientCertificate, TrustError};

/// The connections that are in use.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Option<(Seen, Connections)>>);

/// How the two files looked when they were read; none where there are none.
type Seen = Option<[Look; 2]>;
/// When it was changed, and how long it is; none where it cannot be looked at.
type Look = Option<(SystemTime, u64)>;

impl Held {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The connections that show what is in the files now.
    ///
    /// Files that cannot be used, as while they are being replaced, leave the connections that there are.
    pub(super) fn get(
        &self,
        files: Option<&ClientCertificate>,
        make: impl FnOnce() -> Result<Connections, TrustError>,
    ) -> Result<Connections, TrustError> {
        // before they are read: a change in between is seen at the next request
        let now = files.map(|files| [look(&files.certificate), look(&files.key)]);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((seen, connections)) if *seen == now => return Ok(connections.clone()),
            _ => {}
        }
        match make() {
            Ok(connections) => {
                *held = Some((now, connections.clone()));
                Ok(connections)
            }
            Err(error) => match &*held {
                Some((_, connections)) => {
                    tracing::debug!(%error, "the client certificate that was here before is still shown");
                    Ok(connections.clone())
                }
                None => Err(error),
            },
        }
    }
}

fn look(path: &Path) -> Look {
    let found = std::fs::metadata(path).ok()?;
    Some((found.modified().ok()?, found.len()))
}
