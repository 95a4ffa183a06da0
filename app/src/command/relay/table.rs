//! What a relay's metrics say, as tables of 80 columns: parcels by precedence, logs, peers, and the rest.

use std::fmt::Write;

/// A row's name, the metric it shows, and how.
type Shown<'a> = (&'a str, &'a str, fn(f64) -> String);

/// Columns of what a row is called, and of each of its values.
const NAME_COLUMNS: usize = 28;
const VALUE_COLUMNS: usize = 12;
/// Columns of a count that stands before its name.
const COUNT_COLUMNS: usize = 14;

const PRECEDENCES: [&str; 4] = ["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"];
const LOGS: [&str; 2] = ["flash", "rest"];

/// One line of the text form of metrics.
#[derive(Debug, Clone, PartialEq)]
struct Sample {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
}

/// State and metrics, for people.
pub(super) fn text(state: &str, metrics: &str) -> String {
    let samples: Vec<Sample> = metrics.lines().filter_map(sample).collect();
    let mut out = format!("relay: {state}\n");
    parcels(&mut out, &samples);
    logs(&mut out, &samples);
    peers(&mut out, &samples);
    rest(&mut out, &samples);
    out
}

fn parcels(out: &mut String, samples: &[Sample]) {
    header(out, "parcels", &PRECEDENCES);
    let rows: [Shown<'_>; 3] = [
        ("taken up", "parcels_taken", number),
        ("stored", "parcels_stored", number),
        ("  their octets", "stored_bytes", size),
    ];
    for (shown, name, form) in rows {
        row(out, shown, PRECEDENCES.map(|one| form(value(samples, name, &[("precedence", one)]))));
    }
    for reason in values_of(samples, "parcels_refused", "reason") {
        let counts = PRECEDENCES.map(|one| {
            value(samples, "parcels_refused", &[("precedence", one), ("reason", reason)])
        });
        if counts.iter().any(|count| *count > 0.0) {
            row(out, &format!("refused, {reason}"), counts.map(number));
        }
    }
}

fn logs(out: &mut String, samples: &[Sample]) {
    header(out, "logs", &LOGS);
    let of = |name: &str| LOGS.map(|log| value(samples, name, &[("log", log)]));
    row(out, "works", of("log_failed").map(|failed| yes(failed < 1.0)));
    row(out, "old records are read", of("log_recovered").map(|read| yes(read > 0.0)));
    row(out, "records", of("log_records").map(number));
    row(out, "their octets", of("log_bytes").map(size));
    row(out, "parcels not yet on disk", of("queued_parcels").map(number));
    let means = LOGS.map(|log| {
        let sum = value(samples, "append_seconds_sum", &[("log", log)]);
        let count = value(samples, "append_seconds_count", &[("log", log)]);
        if count > 0.0 { format!("{:.1} ms", sum / count * 1000.0) } else { "-".to_owned() }
    });
    row(out, "a group is durable after", means);
}

fn peers(out: &mut String, samples: &[Sample]) {
    let columns = ["connected", "waiting", "oldest", "forwarded"];
    let names: Vec<&str> = values_of(samples, "peer_connected", "peer").collect();
    if names.is_empty() {
        return;
    }
    header(out, "peers", &columns);
    for name in names {
        let of = |metric: &str| value(samples, metric, &[("peer", name)]);
        let cells = [
            yes(of("peer_connected") > 0.0),
            number(of("peer_waiting")),
            format!("{} s", number(of("peer_oldest_seconds"))),
            number(of("peer_forwarded")),
        ];
        if name.chars().count() < NAME_COLUMNS {
            row(out, name, cells);
        } else {
            line(out, &format!("  {name}"));
            row(out, "", cells);
        }
        let more = [
            ("refused", "peer_refused"),
            ("put off", "peer_put_off"),
            ("expired", "peer_expired"),
            ("copied here", "peer_replicated"),
        ];
        let more = more.map(|(shown, metric)| (shown, of(metric)));
        let more: Vec<String> = more
            .iter()
            .filter(|(_, count)| *count > 0.0)
            .map(|(shown, count)| format!("{shown} {}", number(*count)))
            .collect();
        if !more.is_empty() {
            line(out, &format!("    {}", more.join(", ")));
        }
    }
}

/// What stands in no table: a count without labels always, one with labels when there is something to say.
/// So a metric that is new is seen here without anybody's doing.
fn rest(out: &mut String, samples: &[Sample]) {
    const SHOWN: [&str; 6] = [
        "parcels_taken",
        "parcels_stored",
        "stored_bytes",
        "parcels_refused",
        "queued_parcels",
        "ready",
    ];
    let is_shown = |name: &str| {
        SHOWN.contains(&name)
            || ["log_", "peer_", "append_seconds"].iter().any(|begin| name.starts_with(begin))
    };
    line(out, "\neverything else");
    for sample in samples.iter().filter(|sample| !is_shown(&sample.name)) {
        if sample.labels.is_empty() || sample.value > 0.0 {
            let labels: Vec<&str> = sample.labels.iter().map(|(_, value)| value.as_str()).collect();
            let comma = if labels.is_empty() { "" } else { ", " };
            let name = format!("{}{comma}{}", sample.name.replace('_', " "), labels.join(", "));
            line(out, &format!("{:>COUNT_COLUMNS$}  {name}", number(sample.value)));
        }
    }
}

fn header<const N: usize>(out: &mut String, name: &str, columns: &[&str; N]) {
    line(out, "");
    cells(out, name, columns);
}

fn row<const N: usize>(out: &mut String, name: &str, values: [String; N]) {
    cells(out, &format!("  {name}"), &values);
}

fn cells(out: &mut String, name: &str, values: &[impl AsRef<str>]) {
    let mut text = format!("{name:<NAME_COLUMNS$}");
    for value in values {
        // Fails only without memory.
        write!(text, " {:>VALUE_COLUMNS$}", value.as_ref()).unwrap_or_default();
    }
    line(out, text.trim_end());
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let name = name.strip_prefix("chappe_relay_")?;
    if name.ends_with("_bucket") {
        return None;
    }
    let labels = labels.trim_end_matches('}').split(',').filter_map(|label| {
        let (name, value) = label.split_once('=')?;
        Some((name.to_owned(), value.trim_matches('"').to_owned()))
    });
    Some(Sample {
        name: name.strip_suffix("_total").unwrap_or(name).to_owned(),
        labels: labels.collect(),
        value: value.parse().ok()?,
    })
}

/// The value of this series; nothing when the relay does not have it.
fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |sample: &Sample| {
        labels
            .iter()
            .all(|(label, value)| sample.labels.iter().any(|(own, of)| own == label && of == value))
    };
    samples.iter().find(|sample| sample.name == name && has(sample)).map_or(0.0, |one| one.value)
}

/// The different values of a label, in the order in which they come.
fn values_of<'a>(
    samples: &'a [Sample],
    name: &str,
    label: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let mut found: Vec<&str> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.name == name) {
        for (_, value) in sample.labels.iter().filter(|(own, _)| own == label) {
            if !found.contains(&value.as_str()) {
                found.push(value);
            }
        }
    }
    found.into_iter()
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "NO" }.to_owned()
}

/// A whole number with commas; in millions where it would not fit its column.
fn number(value: f64) -> String {
    if value < 1e9 { with_commas(value) } else { format!("{} M", with_commas(value / 1e6)) }
}

fn with_commas(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn size(octets: f64) -> String {
    let mut left = octets;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if left < 1024.0 {
            return if unit == "B" { format!("{left:.0} B") } else { format!("{left:.1} {unit}") };
        }
        left /= 1024.0;
    }
    format!("{left:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# TYPE chappe_relay_parcels_taken counter
chappe_relay_parcels_taken_total{precedence=\"FLASH\"} 378
chappe_relay_parcels_taken_total{precedence=\"ROUTINE\"} 123456789012
chappe_relay_stored_bytes_total{precedence=\"ROUTINE\"} 295308
chappe_relay_parcels_refused_total{precedence=\"ROUTINE\",reason=\"payload_too_long\"} 7
chappe_relay_parcels_refused_total{precedence=\"ROUTINE\",reason=\"expired\"} 0
chappe_relay_append_seconds_sum{log=\"rest\"} 0.7079160239999996
chappe_relay_append_seconds_count{log=\"rest\"} 171
chappe_relay_append_seconds_bucket{le=\"0.1\",log=\"rest\"} 171
chappe_relay_log_failed{log=\"flash\"} 1
chappe_relay_log_recovered{log=\"rest\"} 1
chappe_relay_peer_connected{peer=\"north-with-a-name-of-thirty-two-\"} 0
chappe_relay_peer_waiting{peer=\"north-with-a-name-of-thirty-two-\"} 262144
chappe_relay_peer_refused_total{peer=\"north-with-a-name-of-thirty-two-\"} 3
chappe_relay_connections 2
chappe_relay_hellos_refused_total{reason=\"not_admitted\"} 4
chappe_relay_something_new 5
";

    fn row_of(name: &str) -> String {
        let shown = text("ready", METRICS);
        shown.lines().find(|line| line.trim().starts_with(name)).unwrap_or(&shown).to_owned()
    }

    #[test]
    fn no_line_is_longer_than_a_terminal_is_wide() {
        for line in text("reading old records", METRICS).lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
        }
    }

    #[test]
    fn values_stand_under_their_precedence() {
        let shown = text("ready", METRICS);
        let header = shown.lines().find(|line| line.starts_with("parcels")).unwrap();
        let ends = |line: &str, text: &str| line.find(text).unwrap() + text.len();
        assert_eq!(ends(&row_of("taken up"), "378"), ends(header, "FLASH"));
        assert_eq!(ends(&row_of("their octets"), "288.4 KiB"), ends(header, "ROUTINE"));
        assert_eq!(ends(&row_of("refused, payload_too_long"), "7"), ends(header, "ROUTINE"));
        assert!(!shown.contains("expired"), "nobody was refused for that");
    }

    #[test]
    fn what_is_wrong_is_shown_though_it_counts_nothing() {
        assert!(row_of("works").contains("NO"));
        let shown = text("ready", METRICS);
        let peer = shown.lines().skip_while(|line| !line.contains("north")).nth(1).unwrap();
        assert!(peer.contains("NO") && peer.contains("262,144"), "{peer}");
        assert!(shown.contains("refused 3"));
    }

    #[test]
    fn a_mean_is_of_what_was_counted() {
        assert!(row_of("a group is durable after").ends_with(" 4.1 ms"));
        assert!(row_of("a group is durable after").contains(" - "));
    }

    #[test]
    fn what_no_table_knows_is_shown_all_the_same() {
        assert!(row_of("5 ").ends_with("5  something new"));
        assert!(row_of("4 ").ends_with("4  hellos refused, not_admitted"));
    }
}
