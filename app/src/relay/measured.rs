//! A store whose work is timed on its way.

use chappe_store::{EventSink, Group, GroupLimits, Keep, ReadRequest, Store, StoreEvent};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// What is measured of one store.
#[derive(Debug, Clone)]
pub(crate) struct Measures {
    /// Seconds from handing a group over until it is durable.
    pub(crate) append_seconds: Histogram,
    /// Groups handed over that are not.
    pub(crate) pending: Gauge,
    begun: Arc<Mutex<HashMap<u64, Instant>>>,
}

impl Measures {
    pub(crate) fn new(append_seconds: Histogram, pending: Gauge) -> Self {
        Self { append_seconds, pending, begun: Arc::default() }
    }

    /// The sink, looked at in passing.
    pub(crate) fn sink(&self, sink: EventSink) -> EventSink {
        let measures = self.clone();
        Box::new(move |event| {
            match &event {
                StoreEvent::Appended { number, .. } => {
                    if let Some(begun) = measures.end(*number) {
                        measures.append_seconds.observe(begun.elapsed().as_secs_f64());
                    }
                }
                StoreEvent::AppendFailed { number, .. } => drop(measures.end(*number)),
                _ => {}
            }
            sink(event);
        })
    }

    fn end(&self, number: u64) -> Option<Instant> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let at = begun.remove(&number);
        self.pending.set(i64::try_from(begun.len()).unwrap_or(i64::MAX));
        at
    }
}

/// A store, timed.
#[derive(Debug)]
pub(crate) struct MeasuredStore<S> {
    pub(crate) store: S,
    pub(crate) measures: Measures,
}

impl<S: Store> Store for MeasuredStore<S> {
    fn identity(&self) -> u64 {
        self.store.identity()
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn group_limits(&self) -> GroupLimits {
        self.store.group_limits()
    }

    fn append(&mut self, group: Group) {
        let mut begun = self.measures.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.insert(group.number, Instant::now());
        self.measures.pending.set(i64::try_from(begun.len()).unwrap_or(i64::MAX));
        drop(begun);
        self.store.append(group);
    }

    fn read(&mut self, request: ReadRequest) {
        self.store.read(request);
    }

    fn discard_before(&mut self, sequence: u64) {
        self.store.discard_before(sequence);
    }

    fn compact(&mut self, keep: Keep) {
        self.store.compact(keep);
    }
}
