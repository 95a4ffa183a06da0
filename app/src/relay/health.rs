//! Whether a relay can do its work now, and if not, why.

use chappe_relay::node::{LogName, NodeEvent};
use chappe_relay::server::RelayEvent;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// What is known of a relay's state, kept up by its events.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) logs: [LogHealth; 2],
    /// Of what waits for peers.
    pub(crate) queues: [LogHealth; 2],
    is_draining: AtomicBool,
    pub(crate) connections: AtomicI64,
    pub(crate) misbehaved: AtomicU64,
    pub(crate) damages: AtomicU64,
    pub(crate) parcels_recovered: AtomicU64,
}

#[derive(Debug, Default)]
pub(crate) struct LogHealth {
    pub(crate) is_recovered: AtomicBool,
    pub(crate) has_failed: AtomicBool,
}

impl Health {
    /// What an event changes.
    pub(crate) fn note(&self, event: &RelayEvent) {
        match event {
            RelayEvent::Connected => drop(self.connections.fetch_add(1, Ordering::Relaxed)),
            RelayEvent::Disconnected => drop(self.connections.fetch_sub(1, Ordering::Relaxed)),
            RelayEvent::Misbehaved { .. } => drop(self.misbehaved.fetch_add(1, Ordering::Relaxed)),
            RelayEvent::Node(NodeEvent::Recovered { log, parcels, recovery }) => {
                self.log(*log).is_recovered.store(true, Ordering::Relaxed);
                if matches!(log, LogName::Flash | LogName::Rest) {
                    let parcels = u64::try_from(*parcels).unwrap_or(u64::MAX);
                    self.parcels_recovered.store(parcels, Ordering::Relaxed);
                }
                let damages = u64::try_from(recovery.damage.len()).unwrap_or(u64::MAX);
                self.damages.fetch_add(damages, Ordering::Relaxed);
            }
            RelayEvent::Node(NodeEvent::StoreFailed { log, .. }) => {
                self.log(*log).has_failed.store(true, Ordering::Relaxed);
            }
            RelayEvent::Node(NodeEvent::StoreWorksAgain { log, .. }) => {
                self.log(*log).has_failed.store(false, Ordering::Relaxed);
            }
            RelayEvent::Node(NodeEvent::Damaged { .. }) => {
                self.damages.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
    }

    pub(crate) fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Why it is not ready, in a line; `None`: it is.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.is_draining.load(Ordering::Relaxed) {
            return Some("draining: it was told to stop");
        }
        let any = |of: fn(&LogHealth) -> bool| self.logs.iter().any(of);
        if any(|log| log.has_failed.load(Ordering::Relaxed)) {
            return Some("a log failed: look at the disk; publishing is refused until it works");
        }
        if self.queues.iter().any(|queue| queue.has_failed.load(Ordering::Relaxed)) {
            return Some(
                "a forward queue failed: look at the disk; forwards are refused until it works",
            );
        }
        any(|log| !log.is_recovered.load(Ordering::Relaxed))
            .then_some("reading old records: it takes parcels already, readers wait")
    }

    fn log(&self, name: LogName) -> &LogHealth {
        let ([flash, rest], [forward_flash, forward_rest]) = (&self.logs, &self.queues);
        match name {
            LogName::Flash => flash,
            LogName::Rest => rest,
            LogName::ForwardFlash => forward_flash,
            LogName::ForwardRest => forward_rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_with_both_logs_read_none_failed_and_no_end_in_sight() {
        let health = Health::default();
        assert!(health.unready().unwrap().starts_with("reading"));
        for log in [LogName::Flash, LogName::Rest] {
            health.log(log).is_recovered.store(true, Ordering::Relaxed);
        }
        assert_eq!(health.unready(), None);
        health.log(LogName::Rest).has_failed.store(true, Ordering::Relaxed);
        assert!(health.unready().unwrap().starts_with("a log failed"));
        health.drain();
        assert!(health.unready().unwrap().starts_with("draining"));
    }
}
