//! Changing a relay while it runs.

use super::course::Course;
use super::hub::Shared;
use crate::node::Levels;
use crate::rates::RateLimits;
use std::sync::{Arc, Weak};
use tokio::sync::watch;

/// A hold on a relay that runs. It does not keep it running; once the relay is gone it changes nothing.
#[derive(Debug, Clone)]
pub struct RelayControl {
    shared: Weak<Shared>,
    course: watch::Sender<Course>,
}

impl RelayControl {
    pub(super) fn new(shared: &Arc<Shared>, course: watch::Sender<Course>) -> Self {
        Self { shared: Arc::downgrade(shared), course }
    }

    /// Judges everybody who is connected anew, by what was shown at the beginning. Who is no longer admitted
    /// is closed with `not_admitted`; who may use other precedences now may use those.
    pub fn review(&self) {
        self.course.send_modify(|course| course.reviews = course.reviews.wrapping_add(1));
    }

    /// Other quotas from now on, in octets of records. What is stored stays.
    pub fn set_quotas(&self, sender_octets: u64, address_octets: u64) {
        if let Some(shared) = self.shared.upgrade() {
            shared.hub().node.set_quotas(sender_octets, address_octets);
        }
    }

    /// Other rates from now on; `None`: as fast as everybody can.
    pub fn set_rates(&self, limits: Option<RateLimits>) {
        if let Some(shared) = self.shared.upgrade() {
            shared.set_rates(limits);
        }
    }

    /// How much there is of what comes and goes; `None` once the relay is gone.
    #[must_use]
    pub fn levels(&self) -> Option<Levels> {
        Some(self.shared.upgrade()?.hub().node.levels())
    }
}
