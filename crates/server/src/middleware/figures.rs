//! What others count beside the application, read at each scrape: there is no copy of it that could be old.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// One family of figures as it stands now.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Its name, without our prefix, and without the `_total` that ends the name of what only rises.
    pub name: &'static str,
    /// What it tells.
    pub help: &'static str,
    /// How it stands.
    pub standing: Standing,
}

/// How a figure stands.
#[derive(Clone, Debug)]
pub enum Standing {
    /// What was counted since the start, for each set of labels.
    Total(Vec<(Labels, u64)>),
    /// What there is now, for each set of labels.
    Level(Vec<(Labels, u64)>),
    /// How long something takes now; told in seconds.
    Time(Duration),
}

/// Names and values, both from bounded sets.
pub type Labels = Vec<(&'static str, &'static str)>;

/// These figures alone in the text format of OpenMetrics, for who counts without being an authorization server.
///
/// # Errors
/// Never in practice: writing to a string does not fail.
pub(crate) fn encode(figures: Vec<Figure>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(Source(move || figures.clone())));
    let mut told = String::new();
    text::encode(&mut told, &registry)?;
    Ok(told)
}

/// What the names of all our figures begin with.
pub(super) const PREFIX: &str = "countersign";

/// Whoever knows the figures.
pub(super) struct Source<F>(pub(super) F);

impl<F: Fn() -> Vec<Figure> + Send + Sync + 'static> Collector for Source<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Figure { name, help, standing } in (self.0)() {
            let help = format!("{help}.");
            let mut family = encoder.encode_descriptor(name, &help, None, standing.metric_type())?;
            match standing {
                Standing::Total(counts) => {
                    for (labels, count) in counts {
                        with(&labels, &mut family, |one| {
                            one.encode_counter::<NoLabelSet, _, u64>(&count, None)
                        })?;
                    }
                }
                Standing::Level(counts) => {
                    for (labels, count) in counts {
                        with(&labels, &mut family, |one| one.encode_gauge(&count))?;
                    }
                }
                Standing::Time(time) => family.encode_gauge(&time.as_secs_f64())?,
            }
        }
        Ok(())
    }
}

impl<F> fmt::Debug for Source<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl Standing {
    fn metric_type(&self) -> MetricType {
        match self {
            Self::Total(_) => MetricType::Counter,
            Self::Level(_) | Self::Time(_) => MetricType::Gauge,
        }
    }
}

/// One member of a family, without braces where there are no labels.
fn with(
    labels: &Labels,
    family: &mut MetricEncoder<'_>,
    tell: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if labels.is_empty() { tell(family) } else { tell(&mut family.encode_family(labels)?) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use super::*;
    use crate::Metrics;

    #[test]
    fn figures_can_be_told_alone() {
        let figures = vec![Figure {
            name: "inside",
            help: "What it is",
            standing: Standing::Level(vec![(Vec::new(), 3)]),
        }];
        let told = "# HELP countersign_inside What it is.\n# TYPE countersign_inside gauge\ncountersign_inside 3\n# EOF\n";
        assert_eq!(encode(figures).unwrap(), told);
    }

    #[test]
    fn figures_are_read_at_each_scrape() {
        let count = Arc::new(AtomicU64::new(0));
        let metrics = Metrics::beside({
            let count = Arc::clone(&count);
            move || {
                let now = count.load(Relaxed);
                let figure = |name, standing| Figure { name, help: "What it is", standing };
                vec![
                    figure(
                        "visits",
                        Standing::Total(vec![(vec![("door", "front")], now), (vec![("door", "back")], 0)]),
                    ),
                    figure("inside", Standing::Level(vec![(Vec::new(), now + 1)])),
                    figure("visit_seconds", Standing::Time(Duration::from_millis(1500))),
                ]
            }
        });
        for now in [0, 7] {
            count.store(now, Relaxed);
            let text = metrics.encode().unwrap();
            let told = format!(
                "# HELP countersign_visits What it is.\n\
                 # TYPE countersign_visits counter\n\
                 countersign_visits_total{{door=\"front\"}} {now}\n\
                 countersign_visits_total{{door=\"back\"}} 0\n\
                 # HELP countersign_inside What it is.\n\
                 # TYPE countersign_inside gauge\n\
                 countersign_inside {}\n\
                 # HELP countersign_visit_seconds What it is.\n\
                 # TYPE countersign_visit_seconds gauge\n\
                 countersign_visit_seconds 1.5\n\
                 # EOF\n",
                now + 1
            );
            assert!(text.ends_with(&told), "{text}");
        }
    }
}
