//! What a relay shows a Prometheus server. Labels say precedence, reason and log; never who.

use super::health::Health;
use super::measured::Measures;
use super::peers::PeersCounted;
use chappe_codec::precedence::Precedence;
use chappe_relay::Counts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const PRECEDENCES: [Precedence; 4] =
    [Precedence::Flash, Precedence::Immediate, Precedence::Priority, Precedence::Routine];

/// Of which log a measure is.
type Log = [(&'static str, &'static str); 1];

/// All metrics of a relay.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Of the logs of FLASH and of the rest.
    pub(crate) measures: [Measures; 2],
}

impl Metrics {
    pub(crate) fn new(counts: Counts, health: Arc<Health>, peers: PeersCounted) -> Self {
        let mut registry = Registry::with_prefix("chappe_relay");
        registry.register_collector(Box::new(Counted { counts, health }));
        registry.register_collector(Box::new(peers));
        // From 50 microseconds to 1.6 seconds.
        let seconds = Family::<Log, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
        });
        let pending = Family::<Log, Gauge>::default();
        registry.register("append_seconds", "Until a group is durable", seconds.clone());
        registry.register("append_pending", "Groups not durable yet", pending.clone());
        let measures = ["flash", "rest"].map(|name| {
            let log = [("log", name)];
            Measures::new(seconds.get_or_create(&log).clone(), pending.get_or_create(&log).clone())
        });
        Self { registry, measures }
    }

    /// The text of a scrape.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[derive(Debug)]
struct Counted {
    counts: Counts,
    health: Arc<Health>,
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counts = &self.counts;
        for (name, help, of) in [
            ("parcels_taken", "Parcels taken up, stored or known", Counts::taken as fn(&_, _) -> _),
            ("parcels_stored", "Parcels made durable", Counts::stored),
            ("stored_octets", "Octets of their records", Counts::stored_octets),
        ] {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for precedence in PRECEDENCES {
                let labels = [("precedence", precedence.name())];
                ConstCounter::new(of(counts, precedence)).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Parcels refused";
        let mut family =
            encoder.encode_descriptor("parcels_refused", help, None, MetricType::Counter)?;
        for precedence in PRECEDENCES {
            for (reason, count) in counts.refused(precedence) {
                let labels =
                    [("precedence", precedence.name().to_owned()), ("reason", reason.to_string())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        let health = &self.health;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        for (name, help, count) in [
            ("handshakes", "Connections begun", counts.handshakes()),
            ("retries", "Of those, asked to prove their address", counts.retries()),
            ("turned_away", "Of those, refused for want of room", counts.turned_away()),
            ("misbehaved", "Connections closed for what was sent", read(&health.misbehaved)),
            ("damages", "Places in a log that were found damaged", read(&health.damages)),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(count).encode(family)?;
        }
        let is_ready = i64::from(health.unready().is_none());
        let recovered = i64::try_from(read(&health.parcels_recovered)).unwrap_or(i64::MAX);
        for (name, help, level) in [
            ("ready", "1 when it can do its work", is_ready),
            ("connections", "Open connections", health.connections.load(Ordering::Relaxed)),
            ("parcels_recovered", "Parcels found at the start", recovered),
        ] {
            let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(level).encode(family)?;
        }
        Ok(())
    }
}
