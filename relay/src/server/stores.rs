//! What the stores say, brought to the node.

use super::hub::Shared;
use crate::limits::BATCH_MAX;
use crate::node::LogName;
use chappe_store::{EventSink, StoreEvent};
use std::sync::Arc;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

/// Pieces of old records that wait for the node; then the store's thread waits.
const RECOVERED_MAX: usize = 4;

/// Live parcels of other relays that wait for the node.
const SAID_MAX: usize = 1024;

/// The ways from both stores. Answers to groups and reads are as many as the node asked for.
#[derive(Debug)]
pub(super) struct StoreEvents {
    names: Names,
    flash: UnboundedReceiver<StoreEvent>,
    rest: UnboundedReceiver<StoreEvent>,
    recovered: Receiver<(LogName, StoreEvent)>,
    said: Receiver<(LogName, StoreEvent)>,
}

/// The names of two stores, FLASH first.
pub(super) type Names = (LogName, LogName);

/// Those of the node itself.
pub(super) const OWN: Names = (LogName::Flash, LogName::Rest);
/// Those of the forward queue.
pub(super) const QUEUES: Names = (LogName::ForwardFlash, LogName::ForwardRest);

/// Where both stores' events go.
pub struct StoreSinks {
    /// Those of FLASH.
    pub flash: EventSink,
    /// Those of all else.
    pub rest: EventSink,
}

impl std::fmt::Debug for StoreSinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreSinks")
    }
}

pub(super) fn store_events(names: Names) -> (StoreSinks, StoreEvents) {
    let (to_flash, flash) = mpsc::unbounded_channel();
    let (to_rest, rest) = mpsc::unbounded_channel();
    let (to_recovered, recovered) = mpsc::channel(RECOVERED_MAX);
    let (to_said, said) = mpsc::channel(SAID_MAX);
    let sinks = StoreSinks {
        flash: sink(names.0, to_flash, to_recovered.clone(), to_said.clone()),
        rest: sink(names.1, to_rest, to_recovered, to_said),
    };
    (sinks, StoreEvents { names, flash, rest, recovered, said })
}

fn sink(
    name: LogName,
    events: UnboundedSender<StoreEvent>,
    recovered: Sender<(LogName, StoreEvent)>,
    said: Sender<(LogName, StoreEvent)>,
) -> EventSink {
    Box::new(move |event| match event {
        // These come from a thread nothing else waits for. A relay that is gone wants none of them.
        StoreEvent::Recovered(_) | StoreEvent::RecoveryEnded(_) => {
            drop(recovered.blocking_send((name, event)));
        }
        // What finds no room is lost, as anything live may be.
        StoreEvent::Said(_) => drop(said.try_send((name, event))),
        _ => drop(events.send(event)),
    })
}

impl StoreEvents {
    /// Brings what the stores say to the node, FLASH first, and does its upkeep.
    pub(super) async fn run(mut self, shared: Arc<Shared>) {
        let (flash, rest) = self.names;
        // The node's own do the upkeep of all.
        let does_upkeep = self.names == OWN;
        let mut deadline = Instant::now();
        let mut is_telling = false;
        loop {
            let mut is_flash = false;
            let (name, event) = tokio::select! {
                biased;
                Some(event) = self.flash.recv() => {
                    is_flash = true;
                    (flash, event)
                }
                // Between the parts of a group everybody else had a turn.
                () = tokio::task::yield_now(), if is_telling => {
                    let mut hub = shared.hub();
                    is_telling = hub.node.tell_stored();
                    hub.finish();
                    drop(hub);
                    shared.let_store();
                    continue;
                }
                Some(event) = self.rest.recv() => (rest, event),
                Some(event) = self.said.recv() => event,
                () = shared.held.notified(), if does_upkeep => {
                    deadline = shared.hub().node.deadline().map_or(deadline, Instant::from_std);
                    continue;
                }
                () = tokio::time::sleep_until(deadline), if does_upkeep => {
                    let now = shared.now();
                    let mut hub = shared.hub();
                    hub.node.on_time(now);
                    hub.finish();
                    deadline = hub.node.deadline().map_or(deadline, Instant::from_std);
                    continue;
                }
                Some(event) = self.recovered.recv() => event,
                else => return,
            };
            is_telling = self.take(name, event, &shared);
            if !is_flash {
                // Pages and old records may be thousands, and each is some work: between two of them everybody
                // else has a turn, and the network is looked at.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Takes in one event, and with it what came of FLASH meanwhile. Whether some of a group is still to be
    /// told.
    fn take(&mut self, name: LogName, event: StoreEvent, shared: &Shared) -> bool {
        let now = shared.now();
        let mut hub = shared.hub();
        let mut is_flash = name == self.names.0;
        hub.node.store_event(name, event, now);
        for _ in 0..BATCH_MAX {
            let Ok(event) = self.flash.try_recv() else { break };
            is_flash = true;
            hub.node.store_event(self.names.0, event, now);
        }
        let is_telling = hub.node.tell_stored();
        hub.finish();
        drop(hub);
        if is_flash {
            shared.flash_told.notify_one();
        }
        shared.let_store();
        shared.tell_events();
        is_telling
    }
}
