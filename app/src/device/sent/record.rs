//! What the journal of said things holds.

use serde::{Deserialize, Serialize};

/// The journal's records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::device) enum Record {
    /// Counters taken and ids given, written before the envelope leaves.
    Said {
        /// When, by the device's clock.
        at: u64,
        to: String,
        precedence: String,
        chain: String,
        first: u32,
        ids: Vec<String>,
        /// Empty once its text was erased (spec/13-storage.md, "Retention").
        envelope: String,
        /// What the statement in it signs. One record, so that a signature never counts as given
        /// while its octets are lost.
        signs: Option<Signs>,
        /// The prekey of our own card in it, if one went with it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prekey: Option<String>,
        /// Whether a person said it. What the program says by itself asks for no statement.
        #[serde(default = "said_by_a_person")]
        prompted: bool,
    },
    /// The envelope reached a relay or a gateway.
    Handed { envelope_hash: String },
    /// The device may have said more than stands before this: it began its open chain anew, and its
    /// sessions (spec/13-storage.md, "Repair").
    Anew { epoch: u16, first: u32 },
}

impl Record {
    /// Whether it is an envelope from before that time.
    pub(super) fn is_older_than(&self, before: u64) -> bool {
        matches!(self, Self::Said { at, envelope, .. } if *at < before && !envelope.is_empty())
    }
}

const fn said_by_a_person() -> bool {
    true
}

/// The messages a statement covers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::device) struct Signs {
    /// Its octets: they answer who asks for a proof.
    pub(super) statement: String,
}
