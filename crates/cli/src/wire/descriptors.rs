//! File descriptors: as many as the system grants, shared out so that connections never take those of everything else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use countersign_listen::Limits;

/// How many descriptors all connections of callers may take together.
pub(crate) struct Descriptors(usize);

impl Descriptors {
    /// Raises this process's limit of open files to the highest that it may have.
    pub(crate) fn raise() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = current == maximum
            || setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
                .inspect_err(|error| tracing::warn!(%error, "cannot raise the limit of open files"))
                .is_ok();
        Self::of(if raised { maximum } else { current })
    }

    /// `None` is a limit that does not bind.
    fn of(limit: Option<u64>) -> Self {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self(limit.saturating_sub(RESERVED).max(limit / 4))
    }

    /// How many connections one of so many parties may hold that need descriptors alike.
    pub(crate) fn share(&self, parties: usize) -> usize {
        (self.0 / parties.max(1)).max(1)
    }

    /// The limits of one of so many listeners, with its share of connections at most.
    pub(crate) fn cap(&self, limits: Limits, listeners: usize) -> Limits {
        let share = self.share(listeners);
        if limits.connections > share {
            tracing::warn!(
                wanted = limits.connections,
                connections = share,
                "the limit of open files allows fewer connections than configured: raise it (LimitNOFILE)"
            );
        }
        Limits { connections: limits.connections.min(share), ..limits }
    }
}

/// Connections to the ops listener at a time.
pub(crate) const OPS: usize = 64;

/// For the ops listener, the database, runtimes, files and what is bound.
const RESERVED: usize = OPS + 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_everything_else() {
        let capped = |limit, listeners| Descriptors::of(limit).cap(Limits::default(), listeners).connections;
        assert_eq!(capped(Some(1024), 1), 832);
        assert_eq!(capped(Some(1024), 2), 416);
        assert_eq!(capped(Some(100), 1), 25);
        assert_eq!(capped(Some(0), 1), 1);
        assert_eq!(capped(Some(1 << 20), 1), 10_000);
        assert_eq!(capped(None, 2), 10_000);
    }
}
