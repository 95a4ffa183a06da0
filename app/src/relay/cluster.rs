//! Where a relay keeps its parcels: in a folder of its own, or on a cluster that several relays share
//! (docs/cluster.md). The second needs a program built with the feature `cluster`.

use super::config::Config;
use super::measured::{MeasuredStore, Measures};
use crate::exit::{Exit, Failure, Outcome};
use chappe_relay::server::{StoreSinks, Stores};
use chappe_store::{FolderOptions, FolderStore, StoreError};
use std::path::Path;

/// Opens both logs of a relay whose settings [`look`] was content with.
pub(crate) fn open_stores(
    config: &Config,
    folder: &Path,
    [flash, rest]: [Measures; 2],
    sinks: StoreSinks,
) -> Result<Stores, StoreError> {
    if is_cluster(config) {
        return open_cluster(config, [flash, rest], sinks);
    }
    let options = folder_options(config);
    let open = |name, sink, measures: Measures| {
        let store = FolderStore::open(folder.join(name), options, measures.sink(sink))?;
        Ok(Box::new(MeasuredStore { store, measures }))
    };
    Ok(Stores { flash: open("flash", sinks.flash, flash)?, rest: open("rest", sinks.rest, rest)? })
}

/// How logs in the relay's own folder are kept.
pub(crate) fn folder_options(config: &Config) -> FolderOptions {
    FolderOptions {
        segment_octets: config.octets("store.segment"),
        scrub_octets_per_second: config.octets("store.scrub"),
        ..FolderOptions::default()
    }
}

fn is_cluster(config: &Config) -> bool {
    config.get("store.kind") == "cluster"
}

/// Whether the settings of a cluster belong together, and this program can use one.
pub(crate) fn look(config: &Config) -> Outcome<()> {
    if !is_cluster(config) {
        return Ok(());
    }
    if cfg!(not(feature = "cluster")) {
        let message = "store.kind = \"cluster\" needs a program built with the feature cluster";
        return Err(Failure::new(Exit::Failure, "cluster", message.to_owned()));
    }
    if config.get("cluster.servers").is_empty() {
        return Err(flaw("store.kind = \"cluster\" needs cluster.servers"));
    }
    for (one, other) in [
        ("cluster.user", "cluster.password_file"),
        ("cluster.certificate_file", "cluster.key_file"),
    ] {
        if config.get(one).is_empty() != config.get(other).is_empty() {
            return Err(flaw(&format!("{one} and {other} go together")));
        }
    }
    for name in ["password_file", "ca_file", "certificate_file", "key_file"] {
        let name = format!("cluster.{name}");
        if let Some(path) = config.path(&name)
            && let Err(error) = std::fs::File::open(&path)
        {
            return Err(flaw(&format!("{name}: {}: {error}", path.display())));
        }
    }
    Ok(())
}

fn flaw(message: &str) -> Failure {
    Failure::new(Exit::Failure, "cluster", message.to_owned())
}

/// The servers of a value, apart by commas; why it does not do. A password in an address would be shown
/// wherever settings are.
pub(crate) fn servers(value: &str) -> Result<Vec<String>, &'static str> {
    let servers = value.split(',').map(str::trim).filter(|server| !server.is_empty());
    servers
        .map(|server| {
            let address = server.strip_prefix("nats://").or_else(|| server.strip_prefix("tls://"));
            let (host, port) = address
                .and_then(|address| address.rsplit_once(':'))
                .ok_or("is no list of servers: say nats://HOST:PORT or tls://HOST:PORT")?;
            if server.contains('@') {
                return Err("must not hold a user: see cluster.user and cluster.password_file");
            }
            let is_whole = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
            is_whole.then(|| server.to_owned()).ok_or("has a server without host or port")
        })
        .collect()
}

#[cfg(not(feature = "cluster"))]
fn open_cluster(_: &Config, _: [Measures; 2], _: StoreSinks) -> Result<Stores, StoreError> {
    let source = std::io::ErrorKind::Unsupported.into();
    Err(StoreError::Io { doing: "use", name: "a cluster".to_owned(), source })
}

#[cfg(feature = "cluster")]
fn open_cluster(
    config: &Config,
    [flash, rest]: [Measures; 2],
    sinks: StoreSinks,
) -> Result<Stores, StoreError> {
    use chappe_store::{JetStreamOptions, JetStreamStore};
    let servers = servers(config.get("cluster.servers")).unwrap_or_default();
    let user = config.get("cluster.user").to_owned();
    let open = |log, sink, measures: Measures| {
        let options = JetStreamOptions {
            name: config.get("cluster.name").to_owned(),
            login: config.path("cluster.password_file").map(|file| (user.clone(), file)),
            root_certificates: config.path("cluster.ca_file"),
            client_certificate: config
                .path("cluster.certificate_file")
                .zip(config.path("cluster.key_file")),
            ..JetStreamOptions::new(servers.clone(), log)
        };
        let store = JetStreamStore::open(options, measures.sink(sink))?;
        Ok(Box::new(MeasuredStore { store, measures }))
    };
    Ok(Stores { flash: open("flash", sinks.flash, flash)?, rest: open("rest", sinks.rest, rest)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = "[store]\nkind = \"cluster\"\n";

    fn said(text: &str) -> String {
        look(&Config::of(text).unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_needs_nothing_more() {
        assert!(look(&Config::of("").unwrap()).is_ok());
    }

    #[cfg(not(feature = "cluster"))]
    #[test]
    fn a_program_without_the_feature_says_so() {
        assert!(said(CLUSTER).contains("the feature cluster"), "{}", said(CLUSTER));
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn what_does_not_belong_together_is_named() {
        let servers =
            "[cluster]\nservers = [\"nats://10.0.0.1:4222\", \"tls://n2.example:4222\"]\n";
        assert!(said(CLUSTER).contains("cluster.servers"));
        for (more, why) in [
            ("user = \"relay\"", "cluster.password_file go together"),
            ("key_file = \"/nowhere\"", "cluster.key_file go together"),
            ("ca_file = \"/nowhere/ca.pem\"", "cluster.ca_file: /nowhere/ca.pem"),
        ] {
            let said = said(&format!("{CLUSTER}{servers}{more}\n"));
            assert!(said.contains(why), "{said}");
        }
        assert!(look(&Config::of(&format!("{CLUSTER}{servers}")).unwrap()).is_ok());
    }

    #[test]
    fn servers_have_scheme_host_and_port_and_no_password() {
        let good = servers("nats://10.0.0.1:4222, tls://[::1]:4222").unwrap();
        assert_eq!(good, ["nats://10.0.0.1:4222", "tls://[::1]:4222"]);
        for bad in ["10.0.0.1:4222", "nats://10.0.0.1", "nats://:4222", "nats://a:b@c:1"] {
            assert!(servers(bad).is_err(), "{bad}");
        }
    }
}
