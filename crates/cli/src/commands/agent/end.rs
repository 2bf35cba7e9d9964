//! The agent's orderly end: its socket and its key file go with it, whichever signal ends it.

use std::future::poll_fn;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// The signals that end a process which does nothing about them, caught from the moment when this is made; SIGHUP has
/// another meaning here.
pub(super) struct End(Vec<Signal>);

impl End {
    /// Catches them.
    pub(super) fn awaited() -> Result<Self, Failure> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
            SignalKind::alarm(),
        ];
        kinds.into_iter().map(signal).collect::<Result<_, _>>().map(Self).map_err(Failure::new)
    }

    /// Done at the first; the second ends the process where it stands.
    pub(super) async fn come(mut self) {
        self.next().await;
        tracing::info!("ending: no new connections, finishing what is in flight (again to end at once)");
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
    }

    async fn next(&mut self) {
        poll_fn(|context| {
            let come = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if come { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
