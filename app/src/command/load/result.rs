//! What a load has shown, in figures and in words.

use super::LoadArguments;
use super::flow::Flow;
use super::tally::{Measured, Tally};
use crate::report::Report;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) fn say(arguments: &LoadArguments, flows: &[(Flow, Arc<Tally>)], report: Report) {
    let measured: Vec<_> = flows.iter().map(|(flow, tally)| (*flow, tally.measured())).collect();
    let mut text = String::new();
    for (flow, measured) in &measured {
        text.push_str(&words(arguments, *flow, measured));
    }
    text.push_str(meaning(arguments));
    let flows: Vec<_> =
        measured.iter().map(|(flow, measured)| fields(arguments, *flow, measured)).collect();
    report.event("load", text.trim_end(), json!({ "flows": flows }));
}

fn rate(count: u64, measured: &Measured) -> f64 {
    // Counts of a load stay far below 2^53.
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if measured.seconds > 0.0 { count / measured.seconds } else { 0.0 }
}

fn microseconds(nanoseconds: u64) -> f64 {
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64() * 1e6
}

fn fields(arguments: &LoadArguments, flow: Flow, measured: &Measured) -> Value {
    let latency = &measured.latency;
    json!({
        "precedence": flow.precedence.name(),
        "stored": arguments.stored,
        "readers": arguments.readers,
        "size": arguments.size,
        "window": arguments.window,
        "seconds": measured.seconds,
        "sent": measured.counts.sent,
        "acknowledged": measured.counts.acknowledged,
        "delivered": measured.counts.delivered,
        "sent_per_second": rate(measured.counts.sent, measured),
        "acknowledged_per_second": rate(measured.counts.acknowledged, measured),
        "delivered_per_second": rate(measured.counts.delivered, measured),
        "refused": measured.refused,
        "lost": measured.lost,
        "latency_microseconds": {
            "count": latency.count(),
            "p50": microseconds(latency.at(500)),
            "p90": microseconds(latency.at(900)),
            "p99": microseconds(latency.at(990)),
            "p99.9": microseconds(latency.at(999)),
            "greatest": microseconds(latency.greatest()),
        },
    })
}

fn words(arguments: &LoadArguments, flow: Flow, measured: &Measured) -> String {
    let counts = measured.counts;
    let mut lines = vec![format!(
        "{}: {:.0} parcels a second sent, {} octets each, for {:.1} s",
        flow.precedence,
        rate(counts.sent, measured),
        arguments.size,
        measured.seconds
    )];
    if arguments.stored {
        lines.push(format!("  {:.0} a second acknowledged", rate(counts.acknowledged, measured)));
    }
    if arguments.readers > 0 {
        let delivered = rate(counts.delivered, measured);
        lines.push(format!("  {delivered:.0} a second delivered to {} readers", arguments.readers));
    }
    if measured.latency.count() > 0 {
        let at = |thousandths| duration(microseconds(measured.latency.at(thousandths)));
        let what = if arguments.readers > 0 { "delivered" } else { "acknowledged" };
        lines.push(format!(
            "  {what} after: {} (half), {} (99 of 100), {} (all)",
            at(500),
            at(990),
            duration(microseconds(measured.latency.greatest()))
        ));
    }
    if measured.lost > 0 {
        lines.push(format!("  {} did not arrive everywhere", measured.lost));
    }
    if let Some(reason) = measured.first_refusal {
        lines.push(format!("  {} refused, the first: {reason}", measured.refused));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// In the unit in which it is read at a glance.
fn duration(microseconds: f64) -> String {
    if microseconds < 1e3 {
        format!("{microseconds:.0} µs")
    } else if microseconds < 1e6 {
        format!("{:.1} ms", microseconds / 1e3)
    } else {
        format!("{:.1} s", microseconds / 1e6)
    }
}

/// What the figures mean.
const fn meaning(arguments: &LoadArguments) -> &'static str {
    if arguments.stored {
        "Acknowledged means: on the relay's disk, not only in its memory. Load and relay share\n\
         this machine unless you said otherwise; look at both processors before you call it\n\
         the relay's limit."
    } else {
        "Live parcels are stored nowhere. A reader that is too slow misses some, and nobody is told."
    }
}
