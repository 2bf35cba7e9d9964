//! What the listeners and the gate count, in the words of the metrics.

use countersign_listen::admission::{Admission, Gauge};
use countersign_listen::{Counts, Stats};
use countersign_server::{Figure, Labels, Standing};

/// Reads the counters of these listeners, each by its name, and the gauge of the gate.
pub(super) fn figures(listeners: Vec<(&'static str, Stats)>, gate: Admission) -> impl Fn() -> Vec<Figure> {
    move || {
        let counts: Vec<_> = listeners.iter().map(|(name, stats)| (*name, stats.read())).collect();
        let mut figures = connections(&counts);
        figures.extend(token_requests(gate.gauge()));
        figures
    }
}

/// What listeners count, each by its name.
pub(crate) fn connections(listeners: &[(&'static str, Counts)]) -> Vec<Figure> {
    let each = |count: fn(&Counts) -> u64| -> Vec<(Labels, u64)> {
        listeners.iter().map(|(name, counts)| (vec![("listener", *name)], count(counts))).collect()
    };
    let total = |name, help, count| Figure { name, help, standing: Standing::Total(each(count)) };
    vec![
        Figure {
            name: "connections_open",
            help: "Connections open now",
            standing: Standing::Level(each(|counts| counts.open)),
        },
        total("connections_accepted", "Connections accepted", |counts| counts.accepted),
        total("connections_full", "Times that no connection was taken as all places were", |counts| {
            counts.full
        }),
        total("connections_accept_errors", "Times that accepting failed", |counts| counts.accept_errors),
        total("connections_handshake_failures", "TLS handshakes that failed", |counts| {
            counts.handshake_failures
        }),
        Figure {
            name: "connections_timed_out",
            help: "Connections closed for what the peer did not do in time",
            standing: Standing::Total(timeouts(listeners)),
        },
        total("connections_cut", "Connections cut off at the end of the drain", |counts| counts.cut),
        total("connections_requests", "Requests that came over connections", |counts| counts.requests),
        total("connections_malformed_requests", "Requests refused for their framing", |counts| {
            counts.malformed
        }),
    ]
}

fn timeouts(listeners: &[(&'static str, Counts)]) -> Vec<(Labels, u64)> {
    let of = |&(name, counts): &(&'static str, Counts)| {
        [
            ("handshake", counts.handshake_timeouts),
            ("head", counts.head_timeouts),
            ("idle", counts.idle_timeouts),
            ("write", counts.write_timeouts),
        ]
        .map(|(phase, count)| (vec![("listener", name), ("phase", phase)], count))
    };
    listeners.iter().flat_map(of).collect()
}

fn token_requests(gauge: Gauge) -> Vec<Figure> {
    let alone = |count: u64| vec![(Labels::new(), count)];
    vec![
        Figure {
            name: "token_requests_inside",
            help: "Token requests in work and waiting",
            standing: Standing::Level(alone(u64::try_from(gauge.inside).unwrap_or(u64::MAX))),
        },
        Figure {
            name: "token_requests_admitted",
            help: "Token requests let in to be worked on",
            standing: Standing::Total(alone(gauge.admitted)),
        },
        Figure {
            name: "token_requests_refused",
            help: "Token requests refused for want of room",
            standing: Standing::Total(alone(gauge.refused)),
        },
        Figure {
            name: "token_request_cost_seconds",
            help: "Computing that one token request costs, a moving mean",
            standing: Standing::Time(gauge.cost),
        },
    ]
}
