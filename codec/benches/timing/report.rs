//! The table, and the same as JSON.

use super::measure::{LEAK, Outcome, Wanted};
use chappe_codec::signal::DateTime;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// Prints the table and keeps it, with the moment in its name.
pub(crate) fn write(seconds: u64, seed: u64, results: &[Outcome]) {
    let moment = DateTime::from_unix_seconds(seconds).to_string();
    let table = table(&moment, seed, results);
    print!("{table}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/timing");
    std::fs::create_dir_all(&folder).unwrap();
    let name = moment.replace(':', "-");
    std::fs::write(folder.join(format!("{name}.txt")), table).unwrap();
    let subjects: Vec<_> = results.iter().map(subject).collect();
    let document =
        json!({ "moment": moment, "seed": seed, "leak_above": LEAK, "subjects": subjects });
    std::fs::write(folder.join(format!("{name}.json")), format!("{document:#}\n")).unwrap();
}

fn table(moment: &str, seed: u64, results: &[Outcome]) -> String {
    let mut out = format!("{moment}, seed {seed}; a leak is |t| > {LEAK}\n");
    writeln!(out, "{:<56} {:>8} {:>10} {:>10} {:>8}", "", "measured", "ns", "ns", "t").unwrap();
    for result in results {
        let Outcome { name, measurements, means: [a, b], t, .. } = result;
        let verdict = match (result.leaks(), result.is_as_wanted()) {
            (false, true) => "no leak found",
            (true, true) => "a leak, as it must be",
            (true, false) => "A LEAK",
            (false, false) => "NOT FOUND OUT: this run says nothing",
        };
        writeln!(out, "{name:<56} {measurements:>8} {a:>10.0} {b:>10.0} {t:>8.2}  {verdict}")
            .unwrap();
    }
    out
}

fn subject(result: &Outcome) -> serde_json::Value {
    json!({
        "name": result.name,
        "control": result.wanted == Wanted::Leak,
        "measurements": result.measurements,
        "mean_nanoseconds": result.means,
        "t": result.t,
        "leaks": result.leaks(),
        "as_wanted": result.is_as_wanted(),
    })
}
