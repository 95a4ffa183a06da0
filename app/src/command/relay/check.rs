//! `chappe relay check`: what holds, where it comes from, and whether the machine goes along.

use super::ConfigArguments;
use crate::exit::{Exit, Failure, Outcome};
use crate::relay::admission;
use crate::relay::cluster;
use crate::relay::config::{Config, Source};
use crate::relay::peers;
use crate::relay::setting::Kind;
use crate::report::Report;
use serde_json::json;
use std::net::UdpSocket;

/// Columns of a name, as long as the longest is, and of a value.
const NAME_COLUMNS: usize = 24;
const VALUE_COLUMNS: usize = 38;

pub(super) fn run(arguments: &ConfigArguments, report: Report) -> Outcome<()> {
    let config = arguments.read()?;
    for (setting, value, source) in config.iter() {
        let shown = shown(setting.kind, value);
        let line = line(setting.name, &shown, source);
        let (source, meaning) = (source.to_string(), setting.meaning);
        report.event(
            "setting",
            &line,
            json!({"name": setting.name, "value": shown, "source": source, "meaning": meaning}),
        );
    }
    for (line, peer) in peers::lines(&config) {
        let fields = json!({"name": peer.name, "address": peer.address, "topics": peer.topics});
        report.event("peer", &line, fields);
    }
    let flaws = flaws(&config);
    if flaws.is_empty() {
        report.event("check", "\nAll is well: the relay can start.", json!({"flaws": []}));
        return Ok(());
    }
    Err(Failure::new(Exit::Failure, "check", flaws.join("\n")))
}

/// Whom it admits is nobody's business who looks over a shoulder.
fn shown(kind: Kind, value: &str) -> String {
    match kind {
        _ if value.is_empty() => "(none)".to_owned(),
        Kind::Keys => format!("({} keys)", value.split(',').count()),
        Kind::Accounts => format!("({} accounts)", value.split(',').count()),
        _ => value.to_owned(),
    }
}

/// A row of 80 columns; a long value has a line of its own.
fn line(name: &str, value: &str, source: &Source) -> String {
    let source = match source {
        // Which variable it is, the name tells.
        Source::Environment(_) => "environment".to_owned(),
        source => source.to_string(),
    };
    if value.chars().count() > VALUE_COLUMNS {
        return format!("{name:<NAME_COLUMNS$} {:<VALUE_COLUMNS$} {source}\n  {value}", "(below)");
    }
    format!("{name:<NAME_COLUMNS$} {value:<VALUE_COLUMNS$} {source}")
}

/// What would keep a relay of this configuration from starting on this machine.
fn flaws(config: &Config) -> Vec<String> {
    let mut flaws = Vec::new();
    if let Some(folder) = config.path("home.folder") {
        let shown = folder.display();
        if !crate::storage::is_there(&folder) {
            let make = format!("make them with: chappe id new --no-put-away --home {shown}");
            flaws.push(format!("home.folder: {shown} holds no keys; {make}"));
        } else if let Err(error) = tempfile_in(&folder) {
            flaws.push(format!("home.folder: {shown} cannot be written: {error}"));
        }
    }
    if let Some(path) = config.path("home.passphrase_file")
        && let Err(error) = std::fs::File::open(&path)
    {
        flaws.push(format!("home.passphrase_file: {}: {error}", path.display()));
    }
    if let Err(failure) = admission::revocations(config) {
        flaws.push(failure.to_string());
    }
    if let Err(failure) = cluster::look(config) {
        flaws.push(failure.to_string());
    }
    // Given back at once. A relay that runs with this configuration holds them, which is no flaw of it.
    if let Some(address) = config.address("listen.address")
        && let Err(error) = UdpSocket::bind(address)
    {
        let why = match error.kind() {
            std::io::ErrorKind::AddrInUse => "is in use: does the relay run already?".to_owned(),
            _ => format!("cannot be listened on: {error}"),
        };
        flaws.push(format!("listen.address: {address} {why}"));
    }
    flaws
}

/// A file that is made and gone: permissions alone do not tell of a disk mounted read-only.
fn tempfile_in(folder: &std::path::Path) -> std::io::Result<()> {
    let path = folder.join(format!(".check-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)
}
