//! What a link has to be told.

use core::time::Duration;

use chappe_codec::label::Label;
use chappe_codec::realm::Realm;

use crate::frame::{NetworkKeys, Pseudonym};
use crate::limits::{ACKNOWLEDGEMENT_OCTETS, ACKNOWLEDGEMENT_SLOTS, LABEL_OCTETS};
use crate::modulation::Modulation;

/// The settings of a link. Everything that would have to come from chance or storage is in here.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// What this sender goes by. A sender that no longer knows its last sequence takes a new one.
    pub pseudonym: Pseudonym,
    /// The realm every frame belongs to.
    pub realm: Realm,
    /// The keys of the nets this link takes part in.
    pub keys: NetworkKeys,
    /// Whose frames are for this link.
    pub role: Role,
    /// The channel: deadlines follow from its times on air.
    pub modulation: Modulation,
    /// The pause between a frame and its acknowledgement.
    pub turnaround: Duration,
    /// Times a frame that wants an acknowledgement is sent at most (1 to `LINK_TRIES_MAX`).
    pub tries: u8,
    /// The sequence of the first frame.
    pub first_sequence: u16,
    /// The seed of back-off jitter. Two links with the same seed keep colliding: take a random one.
    pub seed: u64,
}

impl LinkConfig {
    /// The pause between a frame and its acknowledgement when nothing else is said: a half-duplex
    /// sender needs some of it to listen again.
    pub const TURNAROUND: Duration = Duration::from_millis(20);

    /// Times a frame is sent at most when nothing else is said.
    pub const TRIES: u8 = 5;

    /// The settings of spec/05-radio.md for a member of the public net.
    #[must_use]
    pub fn new(pseudonym: Pseudonym, realm: Realm, role: Role, modulation: Modulation) -> Self {
        Self {
            pseudonym,
            realm,
            keys: NetworkKeys::new(),
            role,
            modulation,
            turnaround: Self::TURNAROUND,
            tries: Self::TRIES,
            first_sequence: 0,
            seed: 0,
        }
    }

    /// When, after the end of a frame, the acknowledgement in this slot begins.
    pub(super) fn slot_offset(&self, slot: u8) -> Duration {
        self.turnaround.saturating_add(self.slot().saturating_mul(u32::from(slot)))
    }

    /// How long after the end of a frame an acknowledgement may still arrive: all slots, and one
    /// turnaround more for clocks and schedulers that run late.
    pub(super) fn acknowledgement_window(&self) -> Duration {
        self.slot_offset(ACKNOWLEDGEMENT_SLOTS).saturating_add(self.turnaround)
    }

    fn slot(&self) -> Duration {
        self.modulation.time_on_air(ACKNOWLEDGEMENT_OCTETS).saturating_add(self.turnaround)
    }
}

/// Whose frames a link takes in and acknowledges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Takes in every data frame and every broadcast and acknowledges both.
    Gateway {
        /// The slot it answers in, 1 to 3: 0 belongs to the owner of the label. Gateways that hear
        /// one another take different ones.
        slot: u8,
    },
    /// Takes in data frames for its labels, which it acknowledges, and those for the field and
    /// every broadcast, which it does not.
    Station {
        /// The labels of its mailboxes, of the days around now.
        labels: Vec<Label>,
    },
}

impl Role {
    /// A gateway alone in its field.
    pub const GATEWAY: Self = Self::Gateway { slot: 1 };

    /// Whether data frames for this label are for us. Those for the field are for everyone.
    pub(super) fn takes_in(&self, label: Label) -> bool {
        match self {
            Self::Gateway { .. } => true,
            Self::Station { labels } => label == Label::FIELD || labels.contains(&label),
        }
    }
}

const _: () = assert!(LABEL_OCTETS == size_of::<Label>());
