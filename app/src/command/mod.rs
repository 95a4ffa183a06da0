//! The subcommands, one file each.

pub(crate) mod card;
pub(crate) mod contact;
pub(crate) mod device;
pub(crate) mod field;
pub(crate) mod gateway;
pub(crate) mod handset;
pub(crate) mod id;
pub(crate) mod lease;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod open;
pub(crate) mod recv;
pub(crate) mod relay;
pub(crate) mod root;
pub(crate) mod seal;
pub(crate) mod send;
pub(crate) mod verify;

/// Completes when this process is asked to end: Ctrl-C or SIGTERM. It listens from the call on, not from when it
/// is waited for first: who says "ready" calls it before.
#[cfg(unix)]
pub(crate) fn shutdown() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    async fn came(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            // It ends the process then, as it does any other.
            Err(_) => std::future::pending().await,
        }
    }
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    async move {
        let [terminate, interrupt] = signals;
        tokio::select! {
            () = came(terminate) => {}
            () = came(interrupt) => {}
        }
    }
}

/// Completes when this process is asked to end: Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn shutdown() {
    tokio::signal::ctrl_c().await.unwrap_or_default();
}
