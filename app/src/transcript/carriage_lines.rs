//! The lines about frames, parcels and what became of them.

use super::line::Refused;
use super::shown::{Shown, refused};
use crate::exit::Outcome;
use crate::hex;
use chappe_codec::digest;
use chappe_codec::envelope::Envelope;
use chappe_radio::frame::{NetworkKey, Unverified};
use chappe_relay::Parcel;
use std::collections::BTreeSet;

impl Shown {
    /// The lines about frames count when the envelope in them is known and, on the public net, the
    /// MIC holds.
    pub(super) fn check_frame(&self, net: u8, octets: &[u8]) -> Outcome<()> {
        let frame = Unverified::parse(octets)?;
        if frame.net() != net {
            return Err(refused("the frame is of another net"));
        }
        if net == 0 {
            frame
                .verify(&NetworkKey::public(), self.realm)
                .map_err(|error| refused(&error.to_string()))?;
        }
        let payload = frame.claimed_payload();
        if !payload.is_empty() && !self.envelopes.contains_key(&digest::sha256(payload)) {
            return Err(refused("the frame carries an envelope nobody wrote"));
        }
        Ok(())
    }

    pub(super) fn check_parcel(&mut self, octets: &[u8], id: &str) -> Outcome<()> {
        let parcel = Parcel::parse(octets)?;
        let envelope = digest::sha256(parcel.envelope());
        if hex::encode(&envelope) != id {
            return Err(refused("the parcel's id is not that of its envelope"));
        }
        if !self.envelopes.contains_key(&envelope) {
            return Err(refused("the parcel carries an envelope nobody wrote"));
        }
        self.parcels.insert(envelope);
        Ok(())
    }

    pub(super) fn check_refusal(
        &mut self,
        at: &str,
        what: Refused,
        kind: &str,
        octets: &[u8],
    ) -> Outcome<()> {
        self.account(at)?;
        match (what, kind) {
            (Refused::Frame, "bad_mic") => {
                let frame = Unverified::parse(octets)?;
                match frame.verify(&NetworkKey::public(), self.realm) {
                    Err(_) if frame.net() == 0 => Ok(()),
                    Err(_) => Err(refused("only frames of net 0 can be checked by everyone")),
                    Ok(_) => Err(refused("the frame said to be damaged is whole")),
                }
            }
            (Refused::Envelope, "unknown_hint") => {
                let hash = digest::sha256(octets);
                match self.envelopes.get(&hash) {
                    Some(envelope)
                        if envelope.sealed
                            && (envelope.to != at || self.is_ended_at(at, &envelope.by)) => {}
                    _ => {
                        return Err(refused(
                            "the envelope was not sealed to somebody else, nor by a revoked device",
                        ));
                    }
                }
                if self.messages.values().any(|said| said.envelope == hash && said.at == at) {
                    return Err(refused("the envelope said to be refused was opened"));
                }
                Ok(())
            }
            (Refused::Envelope, "revoked") => self.check_revoked(at, octets),
            _ => Err(refused("an unknown kind of refusal")),
        }
    }

    /// "An open `envelope` line by a device that a `revocation` line with the same `at` names."
    fn check_revoked(&mut self, at: &str, octets: &[u8]) -> Outcome<()> {
        let hash = digest::sha256(octets);
        let shown = self.envelopes.get(&hash).filter(|shown| !shown.sealed);
        let shown = shown.ok_or_else(|| refused("no open envelope that was written"))?;
        let Envelope::Open(open) = Envelope::parse(octets)? else {
            return Err(refused("not an open envelope"));
        };
        if !self.is_revoked_at(at, &shown.by, open.first.device) {
            return Err(refused("the device was not revoked"));
        }
        self.to_be_refused.remove(&hash);
        Ok(())
    }

    pub(super) fn check_restart(&self, acknowledged: &[String], fetched: &[String]) -> Outcome<()> {
        let unique: BTreeSet<&String> = fetched.iter().collect();
        if unique.len() != fetched.len() {
            return Err(refused("a parcel was delivered twice"));
        }
        if acknowledged.is_empty() {
            return Err(refused("nothing was acknowledged, so nothing is shown"));
        }
        for id in fetched {
            if !self.parcels.contains(&hex::decode_array("a parcel id", id)?) {
                return Err(refused("a parcel was fetched that nobody sent"));
            }
        }
        for id in acknowledged {
            if !self.parcels.contains(&hex::decode_array("a parcel id", id)?) {
                return Err(refused("a parcel was acknowledged that nobody sent"));
            }
            if !unique.contains(id) {
                return Err(refused("an acknowledged parcel was lost"));
            }
        }
        Ok(())
    }
}
