//! What need not be stored (spec/06-relay.md, "Live").

use super::duplicates::log_of;
use super::fan_out::add_span;
use super::group::NodeLog;
use super::publishing::{is_in_time, may_come};
use super::slots::SlotId;
use super::{Node, Now};
use crate::limits::LIVE_DATAGRAMS_MAX;
use crate::parcel::ParcelRef;
use crate::protocol::put_heard;
use bytes::BytesMut;

/// Octets written for several lanes before they are handed out.
pub(super) const FAN_OUT_OCTETS_MAX: usize = 256 << 10;

impl Node {
    /// Gives a live parcel to those who listen. It "is neither numbered, acknowledged nor refused".
    pub fn live(&mut self, id: SlotId, parcel: &ParcelRef<'_>, now: Now) {
        let Some(lane) = self.lanes.get_mut(id) else { return };
        if may_come(lane.peer.leave, parcel, now).is_err() {
            return;
        }
        say_elsewhere(&mut self.logs, parcel);
        let place = match lane.last_shelf {
            Some((address, place))
                if address == parcel.address
                    && self.shelves.get(place).is_some_and(|shelf| shelf.address == address) =>
            {
                place
            }
            _ => {
                let Some(place) = self.shelves.find(&parcel.address) else { return };
                lane.last_shelf = Some((parcel.address, place));
                place
            }
        };
        self.say_live(place, parcel, now);
    }

    /// The same for a datagram, which belongs to no lane.
    pub fn live_datagram(&mut self, leave: super::Leave, parcel: &ParcelRef<'_>, now: Now) {
        if may_come(leave, parcel, now).is_ok() {
            say_elsewhere(&mut self.logs, parcel);
            self.say_here(parcel, now);
        }
    }

    /// What a client of another relay on the same logs says: it was judged there, and goes no further from here.
    pub(super) fn heard_elsewhere(&mut self, octets: &[u8], now: Now) {
        if let Ok(parcel) = ParcelRef::parse(octets)
            && is_in_time(&parcel, now).is_ok()
        {
            self.say_here(&parcel, now);
        }
    }

    fn say_here(&mut self, parcel: &ParcelRef<'_>, now: Now) {
        if let Some(place) = self.shelves.find(&parcel.address) {
            self.say_live(place, parcel, now);
        }
    }

    fn say_live(&mut self, place: u32, parcel: &ParcelRef<'_>, now: Now) {
        let Some(shelf) = self.shelves.get(place) else { return };
        let listeners = shelf.listeners(parcel.precedence);
        if listeners.is_empty() {
            return;
        }
        let fingerprint = self.fingerprints.of(parcel);
        if !self.live.is_new(fingerprint.short(), now.instant) {
            return;
        }
        self.fan_out.begin();
        for id in listeners {
            let Some(reader) = self.readers.get(*id) else { continue };
            if reader.until_seconds.is_some_and(|until| until <= now.seconds) {
                continue;
            }
            let Some(lane) = self.lanes.get_mut(reader.lane) else { continue };
            // A listener that reads too slowly misses some.
            if !lane.has_room() {
                continue;
            }
            if reader.datagrams {
                if lane.datagrams.len() >= LIVE_DATAGRAMS_MAX {
                    continue;
                }
                let mut octets = BytesMut::new();
                put_heard(&mut octets, reader.number, parcel.head(), parcel.expiry_and_envelope());
                lane.datagrams.push(octets.freeze());
                if !lane.is_ready {
                    lane.is_ready = true;
                    self.ready.push(reader.lane);
                }
                continue;
            }
            let span = self.fan_out.encode(reader.number, 0, |out| {
                put_heard(out, reader.number, parcel.head(), parcel.expiry_and_envelope());
                0
            });
            if add_span(&mut lane.spans, span) {
                self.fan_out.lanes.push(reader.lane);
            }
        }
        if self.fan_out.octets() > FAN_OUT_OCTETS_MAX {
            self.share_out();
        }
    }
}

/// "Relays that share their logs say it to each other" (spec/06-relay.md, "Live").
fn say_elsewhere(logs: &mut [NodeLog], parcel: &ParcelRef<'_>) {
    let log = logs.get_mut(log_of(parcel.precedence));
    if let Some(log) = log.filter(|log| log.is_shared) {
        log.store.say(parcel.octets());
    }
}
