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

/// Completes when this process is asked to end: Ctrl-C or SIGTERM.
pub(crate) async fn shutdown() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    ended = interrupt => ended.unwrap_or_default(),
                }
            }
            Err(_) => interrupt.await.unwrap_or_default(),
        }
    }
    #[cfg(not(unix))]
    interrupt.await.unwrap_or_default();
}
