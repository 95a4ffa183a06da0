//! What an operator sees of a node that runs, changes in it, and has saved.

use super::Node;
use super::admission::{Applicant, Leave};
use super::group::NodeLog;
use super::lane::Peer;
use crate::protocol::{ConnectionRole, SessionError};
use crate::rotation::address_epoch;
use crate::sums::{Invited, SenderSum, Sums};
use chappe_codec::precedence::Precedence;

/// How much there is of what comes and goes. Nothing in it tells one client or address from another.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Open lanes.
    pub lanes: usize,
    /// Open subscriptions and listens, and fetches that are not answered yet.
    pub reads: usize,
    /// Reads that wait until old records are read.
    pub waiting_reads: usize,
    /// Addresses with something stored or somebody who reads.
    pub addresses: usize,
    /// Senders whose stored octets are counted.
    pub senders: usize,
    /// Of the log of FLASH and of that of the rest.
    pub logs: [LogLevels; 2],
}

/// The same of one log.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct LogLevels {
    /// Parcels that wait for the group under way, or are in it.
    pub queued: usize,
    /// Records known to be in it, expired ones included: after a start they grow until it is recovered.
    pub records: u64,
    /// Their octets.
    pub octets: u64,
    /// Whether its old records are read.
    pub is_recovered: bool,
    /// Whether it failed and does not work yet.
    pub has_failed: bool,
}

impl Node {
    /// How much there is.
    #[must_use]
    pub fn levels(&self) -> Levels {
        Levels {
            lanes: self.lanes.len(),
            reads: self.readers.len(),
            waiting_reads: self.waiting.len(),
            addresses: self.shelves.len(),
            senders: self.senders.len(),
            logs: self.logs.each_ref().map(NodeLog::levels),
        }
    }

    /// Other quotas from now on, in octets of records.
    pub const fn set_quotas(&mut self, sender_octets: u64, address_octets: u64) {
        self.options.sender_octets = sender_octets;
        self.options.address_octets = address_octets;
    }

    /// Judges who is connected once more.
    ///
    /// # Errors
    /// As [`Admission::review`](super::Admission::review).
    pub fn review(&mut self, applicant: &Applicant<'_>) -> Result<Leave, SessionError> {
        if applicant.hello.role == ConnectionRole::Relay {
            return self.admit_peer(applicant);
        }
        self.options.admission.review(applicant)
    }

    /// From now on the lanes of a client may use other precedences.
    pub fn limit(&mut self, peer: &Peer, highest: Precedence) {
        let lanes = self.lanes.range_mut(0..usize::MAX);
        let of_it = lanes.filter(|lane| lane.peer.key == peer.key && lane.peer.leave == peer.leave);
        of_it.for_each(|lane| lane.peer.leave.highest = highest);
    }

    /// Whom invitations have let in, to be saved.
    #[must_use]
    pub fn invited(&self) -> Invited {
        let invited = self.options.admission.invited();
        let epoch = address_epoch(self.seconds);
        // Of an epoch that is over nothing counts.
        if invited.epoch == epoch { invited } else { Invited { epoch, ..Invited::default() } }
    }

    /// What senders in some places have stored; `None` behind the last place, else where to go on.
    pub fn sender_sums(
        &mut self,
        from: usize,
        count: usize,
        into: &mut Vec<SenderSum>,
    ) -> Option<usize> {
        self.senders.sums(from, count, self.seconds, into)
    }

    /// Goes on from what was saved, if its tags are those of the present address epoch.
    pub fn restore(&mut self, sums: Sums, now_seconds: u64) {
        self.seconds = now_seconds;
        if sums.invited.epoch == address_epoch(now_seconds) {
            self.options.admission.restore(sums.invited);
            self.senders.restore(sums.stored);
        }
    }
}
