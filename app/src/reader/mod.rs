//! A device that reads: its mailboxes and topics, at one relay or at all of its home relays
//! (spec/06-relay.md, "Rotation" and "Federation").

mod follow;
mod link;
mod once;
mod tell;

use crate::arrivals::{Anchoring, Desk};
use crate::carrier::{Carrier, Destination};
use crate::clock;
use crate::device::Device;
use crate::device::inquiries::Inquiries;
use crate::device::received::{Received, Taken};
use crate::device::sent::{Path, Sent};
use crate::device::watch::flashes::{Flash, RelayKey};
use crate::exit::{Exit, Outcome};
use crate::network::{self, NamedRelay, Relay};
use crate::outbox;
use crate::report::Report;
use crate::said;
use chappe_codec::chain::ChainId;
use chappe_codec::precedence::Precedence;
use chappe_relay::client::Delivery;
use chappe_relay::{Address, AddressKind, Cursors, ParcelId, rotation};
use std::collections::{BTreeSet, VecDeque};
use tokio::time::Instant;

/// Refused envelopes remembered, so that each is told once; the oldest are forgotten first.
const REFUSED_MAX: usize = 1024;

/// Where to read, and through what to answer.
pub(crate) struct Sources {
    /// The relays that are read.
    pub(crate) relays: Vec<NamedRelay>,
    /// The one a person named, if one was.
    pub(crate) named: Option<Relay>,
    /// The public topics read.
    pub(crate) topics: Vec<String>,
}

/// A reader at work.
pub(crate) struct Reader<'a> {
    device: &'a Device,
    sources: Sources,
    received: Received<'a>,
    desk: Desk<'a>,
    inquiries: Inquiries,
    anchoring: Option<Anchoring>,
    /// Before this nothing is submitted.
    anchor_at: Instant,
    /// When it began, in seconds since 1970.
    began: u64,
    /// What was told to be missing since.
    mentioned: BTreeSet<(ChainId, u32)>,
    /// What was refused and told, of several relays: another may bring it, too.
    refused: VecDeque<ParcelId>,
    report: Report,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        device: &'a Device,
        sources: Sources,
        received: Received<'a>,
        desk: Desk<'a>,
        inquiries: Inquiries,
        report: Report,
    ) -> Self {
        Self {
            device,
            sources,
            received,
            desk,
            inquiries,
            anchoring: None,
            anchor_at: Instant::now(),
            began: clock::now_seconds(),
            mentioned: BTreeSet::new(),
            refused: VecDeque::new(),
            report,
        }
    }

    /// The own mailbox of an address epoch and, in the present one, the topics as well.
    fn addresses(&self, epoch: u32) -> Outcome<Vec<Address>> {
        let realm = self.device.realm;
        let own = outbox::mailbox_in(self.device.identity.card(), realm, epoch)?;
        let is_present = epoch == rotation::address_epoch(clock::now_seconds());
        let topics = self.sources.topics.iter().filter(|_| is_present);
        let topics = topics.map(|name| Address::topic(realm, name));
        Ok(std::iter::once(own).chain(topics).collect())
    }

    /// Where to go on reading an address in a relay's log.
    fn cursors(&self, log: u64, address: Address) -> Cursors {
        network::cursors(log, address, |source: &str| self.received.cursor(source))
    }

    /// Takes in what a relay delivered. What came from another relay before is not told again.
    fn take(&mut self, place: usize, log: u64, delivery: Delivery) -> Outcome<()> {
        let (precedence, address) = (delivery.parcel.precedence, delivery.parcel.address);
        let source = network::source(log, address, precedence);
        let is_compared = precedence == Precedence::Flash && address.kind == AddressKind::Mailbox;
        let flash =
            is_compared.then(|| self.flash(place, delivery.parcel.expiry_seconds())).flatten();
        let id = delivery.parcel.id();
        let envelope = delivery.parcel.into_envelope();
        match self.received.take_compared(&envelope, Some(precedence), flash.as_ref())? {
            Ok(Taken { content, arrivals }) => {
                self.inquiries.heard(&arrivals);
                self.desk.arrived(&content, arrivals);
            }
            Err(refusal) => {
                if !self.has_refused(id) {
                    self.desk.turned_away(&mut self.received, &envelope, refusal)?;
                }
            }
        }
        if is_compared
            && let Some(relay) = self.sources.relays.get(place)
            && let Some(was_told) = self.received.had_flash(id, relay.key.to_bytes())
        {
            if was_told {
                self.tell_late(relay, id);
            }
            self.received.settle_flash(id)?;
        }
        self.received.advance(&source, delivery.cursor)
    }

    /// What is to be compared of a FLASH that this relay gave out; nothing where no other is read. What the
    /// device had taken in before it began to compare says nothing.
    fn flash(&self, place: usize, until: u64) -> Option<Flash> {
        let had = self.sources.relays.get(place)?.key.to_bytes();
        let others: BTreeSet<RelayKey> =
            self.keys().into_iter().filter(|key| *key != had).collect();
        let at = clock::now_seconds();
        (!others.is_empty()).then_some(Flash { had, others, at, until, is_told: false })
    }

    /// The keys of the relays that are read.
    fn keys(&self) -> Vec<RelayKey> {
        self.sources.relays.iter().map(|relay| relay.key.to_bytes()).collect()
    }

    /// Whether it was refused before, as far back as that is remembered. With one relay nothing comes
    /// twice that was not said twice.
    fn has_refused(&mut self, id: ParcelId) -> bool {
        if self.sources.relays.len() < 2 {
            return false;
        }
        if self.refused.contains(&id) {
            return true;
        }
        if self.refused.len() >= REFUSED_MAX {
            self.refused.pop_front();
        }
        self.refused.push_back(id);
        false
    }

    fn name_of(&self, place: usize) -> String {
        self.sources.relays.get(place).map(ToString::to_string).unwrap_or_default()
    }

    /// Asks for what statements cover and did not come, and answers who asks. While another `chappe`
    /// sends it waits.
    async fn correspond(&mut self) -> Outcome<()> {
        let now = clock::now_seconds();
        if self.inquiries.is_idle(&self.received, now) {
            return Ok(());
        }
        let mut sent = match Sent::open(self.device, Path::Relay { post_quantum: false }) {
            Ok(sent) => sent,
            Err(failure) if failure.exit == Exit::TryLater => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let written = self.inquiries.write(self.device, &mut self.received, &mut sent, now)?;
        if written.is_empty() {
            return Ok(());
        }
        let mut carrier = Carrier::answering(self.device, self.sources.named, self.report)?;
        let mut carried = Ok(());
        for (contact, written) in written {
            said::report_envelope(self.report, &written, &contact.name);
            let to = Destination::contact(self.device, &contact.name, &contact.card)?;
            match carrier.carry(&to, Precedence::Routine, &written.envelope).await {
                Ok(()) => sent.handed_over(&written.envelope)?,
                // It waits for `chappe send --queued`.
                Err(failure) => carried = Err(failure),
            }
        }
        carrier.close().await;
        carried
    }
}
