//! Whether the cluster answers, asked beside everything else: a relay that takes nothing new has to say so
//! though nobody publishes.

use super::cluster::Cluster;
use super::limits::{ANSWER_TIMEOUT, PROBE_PAUSE};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

/// Questions in a row that nobody answered: one may have met a change of leader.
const SILENT_MAX: u32 = 3;

/// What the last question brought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Health {
    pub(super) is_well: bool,
    /// When that was asked.
    pub(super) since: Instant,
}

/// Asks until nobody wants to know any more.
pub(super) fn probe(cluster: Cluster) -> watch::Receiver<Health> {
    let (told, health) = watch::channel(Health { is_well: true, since: Instant::now() });
    spawn_local(async move {
        let mut silent = 0_u32;
        while !told.is_closed() {
            let since = Instant::now();
            let answered = matches!(timeout(ANSWER_TIMEOUT, cluster.ends()).await, Ok(Ok(_)));
            silent = if answered { 0 } else { silent.saturating_add(1) };
            if answered || silent >= SILENT_MAX {
                told.send_replace(Health { is_well: answered, since });
            }
            sleep(PROBE_PAUSE).await;
        }
    });
    health
}
