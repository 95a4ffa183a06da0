//! `chappe relay run`: starts, tells the service manager, reloads, drains.

use super::{ConfigArguments, device};
use crate::command::shutdown;
use crate::device::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::relay::admission::ConfiguredAdmission;
use crate::relay::cluster;
use crate::relay::config::Config;
use crate::relay::health::Health;
use crate::relay::http;
use crate::relay::metrics::Metrics;
use crate::relay::otlp::{self, Export};
use crate::relay::peers::{self, PeersCounted};
use crate::relay::rates;
use crate::report::Report;
use chappe_codec::digest;
use chappe_relay::server::{
    Observer, QueueOptions, RelayEvent, RelayOptions, RelayServer, ServerError,
};
use chappe_relay::{Counts, RelayControl, TransportSecret};
use sd_notify::NotifyState;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, fmt, reload};
use zeroize::Zeroizing;

type Level = reload::Handle<LevelFilter, Registry>;

pub(super) async fn run(arguments: &ConfigArguments, report: Report) -> Outcome<()> {
    let config = arguments.read()?;
    cluster::look(&config)?;
    otlp::look(&config)?;
    let export = otlp::start(&config)?;
    let level = start_log(&config, export.as_ref());
    // Before anything takes long: what comes early must not end the process in the middle of it.
    let hang_up = signal(SignalKind::hangup()).map_err(|error| system(&error))?;
    // Not entered: quinn would keep whatever span it is begun in.
    let starting = tracing::info_span!("start");
    let device = Device::open(&device(&config))?;
    // Not while a passphrase is asked for: Ctrl-C must end that.
    let stopped = shutdown();
    let configured = Configured { arguments, config, device, level };
    let Started { server, reloader, health } = start(configured, report).await?;
    drop(starting);
    notify(&[NotifyState::Ready]);
    tokio::spawn(reloader.run(hang_up));
    tokio::spawn(watchdog());
    let stop = async {
        stopped.await;
        health.drain();
        notify(&[NotifyState::Stopping]);
        tracing::info!("draining");
    };
    server.run(stop).await;
    if let Some(export) = export {
        export.end();
    }
    Ok(())
}

struct Configured<'a> {
    arguments: &'a ConfigArguments,
    config: Config,
    device: Device,
    level: Level,
}

struct Started {
    server: RelayServer,
    reloader: Reloader,
    health: Arc<Health>,
}

async fn start(configured: Configured<'_>, report: Report) -> Outcome<Started> {
    let Configured { arguments, config, device, level } = configured;
    let secret = TransportSecret::from_seed(&device.identity.transport_seed());

    let (health, counts) = (Arc::new(Health::default()), Counts::default());
    peers::refuse_itself(&config, secret.public())?;
    let peers = peers::options(&config, device.realm);
    let counted = PeersCounted::new(&peers);
    let metrics = Arc::new(Metrics::new(counts.clone(), Arc::clone(&health), counted));
    let mut tag_secret = Zeroizing::new([0; 32]);
    let seed = device.identity.transport_seed();
    digest::derive(&*seed, "chappe-relay-tag/1", &[], &mut *tag_secret);
    let admission = ConfiguredAdmission::new(&config, &device, &tag_secret, &counts)?;
    let mut options = RelayOptions::new(device.realm);
    options.admission = admission.judge();
    options.rates = rates::limits(&config);
    options.sender_octets = config.octets("store.sender_quota");
    options.address_octets = config.octets("store.mailbox_quota");
    options.connections = config.number("limits.connections");
    options.counts = counts;
    let noted = Arc::clone(&health);
    options.observer = Observer::new(move |event| {
        noted.note(event);
        show(event);
    });
    let folder = device.subfolder("relay")?;
    options.sums = Some(folder.join("sums"));
    let listen = config.address("listen.address").ok_or_else(no_address)?;
    let server = RelayServer::bind_with(listen, &secret, options, |sinks| {
        cluster::open_stores(&config, &folder, metrics.measures.clone(), sinks)
    })
    .and_then(|server| {
        let octets = config.octets("store.peer_quota");
        let queue = QueueOptions { octets, ..QueueOptions::default() };
        let store = cluster::folder_options(&config);
        server.federate_in(&secret, peers, queue, (&folder, store))
    })
    .map_err(|error| failure(&error))?;
    let address = server.local_addr().map_err(|error| failure(&error))?;

    let control = server.control();
    metrics.watch(control.clone());
    let mut fields = json!({"role": "relay", "address": address.to_string()});
    let mut text = format!("relay on {address}\nkey {}", server.key());
    if let Some(http) = config.address("http.address") {
        let listener = TcpListener::bind(http).await.map_err(|error| {
            Failure::new(Exit::Failure, "http", format!("http.address: {http}: {error}"))
        })?;
        let http = listener.local_addr().map_err(|error| system(&error))?;
        tokio::spawn(http::serve(listener, Arc::clone(&health), metrics));
        text.push_str(&format!("\nhealth and metrics on http://{http}"));
        put(&mut fields, "http", http.to_string());
    }
    put(&mut fields, "key", server.key().to_string());
    report.event("ready", &text, fields);
    let reloader =
        Reloader { arguments: arguments.clone(), config, device, admission, control, level };
    Ok(Started { server, reloader, health })
}

/// Takes up a new configuration on SIGHUP, or stays with the old one.
struct Reloader {
    arguments: ConfigArguments,
    config: Config,
    device: Device,
    admission: ConfiguredAdmission,
    control: RelayControl,
    level: Level,
}

impl Reloader {
    async fn run(mut self, mut hang_up: tokio::signal::unix::Signal) {
        while hang_up.recv().await.is_some() {
            let began = NotifyState::monotonic_usec_now();
            notify(&[NotifyState::Reloading]);
            if let Ok(began) = began {
                notify(&[began]);
            }
            let reload = tracing::info_span!("reload");
            match reload.in_scope(|| self.reload()) {
                Ok(()) => tracing::info!("configuration read again"),
                Err(failure) => tracing::error!("the old configuration holds: {failure}"),
            }
            notify(&[NotifyState::Ready]);
        }
    }

    fn reload(&mut self) -> Outcome<()> {
        let new = self.arguments.read()?;
        let fixed = self.config.needs_restart(&new);
        if !fixed.is_empty() {
            let message = format!("{} changed, which needs a restart", fixed.join(", "));
            return Err(Failure::new(Exit::Failure, "configuration", message));
        }
        self.admission.change(&new, &self.device)?;
        let quotas = ["store.sender_quota", "store.mailbox_quota"].map(|name| new.octets(name));
        self.control.set_quotas(quotas[0], quotas[1]);
        // Where they are the same, buckets must not be full anew.
        if rates::limits(&new) != rates::limits(&self.config) {
            self.control.set_rates(rates::limits(&new));
        }
        self.control.review();
        // Fails only when the log is gone.
        self.level.reload(level(&new)).unwrap_or_default();
        self.config = new;
        Ok(())
    }
}

fn start_log(config: &Config, export: Option<&Export>) -> Level {
    let (filter, handle) = reload::Layer::new(level(config));
    // What other crates log stays out, at every level: quinn names addresses.
    let own = Targets::new().with_target("chappe", LevelFilter::TRACE);
    let registry = tracing_subscriber::registry().with(filter).with(own);
    let registry = registry.with(otlp::layer(export));
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false).with_ansi(false);
    let set = if config.get("log.form") == "json" {
        tracing::subscriber::set_global_default(registry.with(layer.json()))
    } else {
        tracing::subscriber::set_global_default(registry.with(layer.without_time()))
    };
    // One is set already only where this is called twice.
    set.unwrap_or_default();
    handle
}

fn level(config: &Config) -> LevelFilter {
    config.get("log.level").parse().unwrap_or(LevelFilter::INFO)
}

/// One line for what an operator wants to see.
fn show(event: &RelayEvent) {
    use chappe_relay::node::NodeEvent;
    match event {
        RelayEvent::Connected | RelayEvent::Disconnected | RelayEvent::TurnedAway { .. } => {
            tracing::debug!("{event}");
        }
        RelayEvent::Misbehaved { .. }
        | RelayEvent::PeerLost { .. }
        | RelayEvent::SumsLost { .. }
        | RelayEvent::SumsNotSaved { .. } => tracing::warn!("{event}"),
        RelayEvent::Node(
            NodeEvent::StoreFailed { .. }
            | NodeEvent::Damaged { .. }
            | NodeEvent::CompactionFailed { .. },
        ) => tracing::error!("{event}"),
        _ => tracing::info!("{event}"),
    }
}

/// Tells the service manager, if there is one, at half the time it wants to be told in.
async fn watchdog() {
    let mut microseconds = 0;
    if !sd_notify::watchdog_enabled(false, &mut microseconds) {
        return;
    }
    let mut tick = tokio::time::interval(Duration::from_micros((microseconds >> 1).max(1)));
    loop {
        tick.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

/// Without a service manager nobody is told, and nothing is wrong.
fn notify(state: &[NotifyState<'_>]) {
    sd_notify::notify(false, state).unwrap_or_default();
}

fn put(fields: &mut serde_json::Value, name: &str, value: String) {
    if let Some(object) = fields.as_object_mut() {
        object.insert(name.to_owned(), value.into());
    }
}

fn no_address() -> Failure {
    Failure::new(Exit::Malformed, "configuration", "listen.address is not given")
}

fn system(error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failure, "system", error.to_string())
}

fn failure(error: &ServerError) -> Failure {
    Failure::new(Exit::Failure, "relay", error.to_string())
}
