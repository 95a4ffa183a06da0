//! What a relay shows a Prometheus server. Labels say precedence, reason and log; never who.

use super::health::Health;
use super::measured::Measures;
use super::peers::PeersCounted;
use chappe_codec::precedence::Precedence;
use chappe_relay::admission::Ground;
use chappe_relay::node::{Levels, LogLevels};
use chappe_relay::{Counts, RelayControl};
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
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

const PRECEDENCES: [Precedence; 4] =
    [Precedence::Flash, Precedence::Immediate, Precedence::Priority, Precedence::Routine];

/// The logs as labels name them.
const LOGS: [&str; 2] = ["flash", "rest"];

/// Of which log a measure is.
type Log = [(&'static str, &'static str); 1];

/// All metrics of a relay.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Of the logs of FLASH and of the rest.
    pub(crate) measures: [Measures; 2],
    /// The relay, once it is there: what comes and goes is asked of it.
    relay: Arc<OnceLock<RelayControl>>,
}

impl Metrics {
    pub(crate) fn new(counts: Counts, health: Arc<Health>, peers: PeersCounted) -> Self {
        let mut registry = Registry::with_prefix("chappe_relay");
        let relay = Arc::new(OnceLock::new());
        let collector = Counted { counts, health, relay: Arc::clone(&relay) };
        registry.register_collector(Box::new(collector));
        registry.register_collector(Box::new(peers));
        // From 50 microseconds to 1.6 seconds.
        let seconds = Family::<Log, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.000_05, 2.0, 16))
        });
        let pending = Family::<Log, Gauge>::default();
        registry.register("append_seconds", "Until a group is durable", seconds.clone());
        registry.register("append_pending", "Groups not durable yet", pending.clone());
        let measures = LOGS.map(|name| {
            let log = [("log", name)];
            Measures::new(seconds.get_or_create(&log).clone(), pending.get_or_create(&log).clone())
        });
        Self { registry, measures, relay }
    }

    /// From now on also shows how much there is in this relay.
    pub(crate) fn watch(&self, relay: RelayControl) {
        // There is one relay in a process.
        self.relay.set(relay).unwrap_or_default();
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
    relay: Arc<OnceLock<RelayControl>>,
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counts = &self.counts;
        for (name, help, of) in [
            ("parcels_taken", "Parcels taken up, stored or known", Counts::taken as fn(&_, _) -> _),
            ("parcels_stored", "Parcels made durable", Counts::stored),
            ("stored_bytes", "Octets of their records", Counts::stored_octets),
            ("rate_holds", "Times a lane was read no further for its sender's rate", Counts::held),
            ("live_dropped", "Live parcels dropped for their sender's rate", Counts::live_dropped),
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
        self.encode_admission(&mut encoder)?;
        let health = &self.health;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        for (name, help, count) in [
            ("handshakes", "Connections begun", counts.handshakes()),
            ("retries", "Of those, asked to prove their address", counts.retries()),
            (
                "turned_away",
                "Of those, refused or left waiting for want of room",
                counts.turned_away(),
            ),
            ("misbehaved", "Connections closed for what was sent", read(&health.misbehaved)),
            ("damages", "Places in a log that were found damaged", read(&health.damages)),
            (
                "admissions_ended",
                "Connections closed as no longer admitted",
                counts.admissions_ended(),
            ),
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
        match self.relay.get().and_then(RelayControl::levels) {
            Some(levels) => encode_levels(&mut encoder, &levels),
            None => Ok(()),
        }
    }
}

impl Counted {
    fn encode_admission(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Hellos answered, by what let the client in";
        let mut family =
            encoder.encode_descriptor("hellos_admitted", help, None, MetricType::Counter)?;
        for ground in Ground::ALL {
            let labels = [("by", ground.name())];
            let count = self.counts.admitted(ground);
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        let help = "Hellos not answered, by the code of the close";
        let mut family =
            encoder.encode_descriptor("hellos_refused", help, None, MetricType::Counter)?;
        for (code, count) in self.counts.hellos_refused() {
            let labels = [("reason", code.to_string())];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn encode_levels(encoder: &mut DescriptorEncoder<'_>, levels: &Levels) -> Result<(), fmt::Error> {
    for (name, help, level) in [
        ("lanes", "Open lanes", levels.lanes),
        ("reads", "Open subscriptions, listens and fetches", levels.reads),
        ("reads_waiting", "Of those, waiting until old records are read", levels.waiting_reads),
        ("addresses", "Addresses with something stored or a reader", levels.addresses),
        ("senders", "Senders whose stored octets are counted", levels.senders),
    ] {
        let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(gauge(level)).encode(family)?;
    }
    for (name, help, of) in [
        (
            "queued_parcels",
            "Parcels that wait to become durable",
            (|log| gauge(log.queued)) as Level,
        ),
        ("log_records", "Records known to be in a log; grows until it is recovered", |log| {
            gauge(log.records)
        }),
        ("log_bytes", "Octets of those", |log| gauge(log.octets)),
        ("log_recovered", "1 when the old records of a log are read", |log| {
            i64::from(log.is_recovered)
        }),
        ("log_failed", "1 while a log does not work", |log| i64::from(log.has_failed)),
    ] {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (log, levels) in LOGS.into_iter().zip(&levels.logs) {
            ConstGauge::new(of(levels)).encode(family.encode_family(&[("log", log)])?)?;
        }
    }
    Ok(())
}

/// What is shown of a log.
type Level = fn(&LogLevels) -> i64;

fn gauge(level: impl TryInto<i64>) -> i64 {
    level.try_into().unwrap_or(i64::MAX)
}
