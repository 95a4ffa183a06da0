//! The subcommands, one file each.

pub(crate) mod contact;
pub(crate) mod id;
pub(crate) mod ledger;

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
