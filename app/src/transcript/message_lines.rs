//! The lines about envelopes and messages.

use super::line::MessageLine;
use super::shown::{Shown, ShownEnvelope, ShownMessage, ShownSignal, message_id, refused};
use crate::exit::Outcome;
use crate::hex;
use crate::signal;
use chappe_codec::chain::{ChainId, Position};
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, OpenedMessage};
use chappe_codec::id::{MessageId, Salt};
use chappe_codec::item::Item;

impl Shown {
    pub(super) fn check_envelope(&mut self, by: String, to: String, octets: &[u8]) -> Outcome<()> {
        let author = self.account(&by)?;
        let mut to_be_refused = false;
        let sealed = match Envelope::parse(octets)? {
            Envelope::Open(open) => {
                open.verify(author.signer(open.first.device)?, self.realm)?;
                to_be_refused = author.is_revoked(open.first.device);
                if to != "open" {
                    return Err(refused("an open envelope is to everyone"));
                }
                false
            }
            Envelope::Sealed(_) => {
                self.account(&to)?;
                true
            }
            Envelope::Unknown { .. } => return Err(refused("an envelope of a newer Chappe")),
        };
        let line = ShownEnvelope { by, to, sealed, octets: octets.to_vec() };
        let name = digest::sha256(octets);
        if to_be_refused {
            self.to_be_refused.insert(name);
        }
        match self.envelopes.insert(name, line) {
            None => Ok(()),
            Some(_) => Err(refused("an envelope is written once")),
        }
    }

    /// "id; for open ones chain and salt, and that the envelope holds the item at this counter".
    pub(super) fn check_message(&mut self, line: &MessageLine) -> Outcome<()> {
        self.account(&line.at)?;
        let author = self.account(&line.author)?;
        author.signer_in_force(line.device)?;
        let author = author.account;
        let octets = hex::decode("an item", &line.item)?;
        let item = Item::from_canonical(&octets)?;
        let salt = Salt(hex::decode_array("a salt", &line.salt)?);
        let id = message_id(&line.id)?;
        if item.id(&author, &salt) != Some(id) {
            return Err(refused("the id is not that of the item"));
        }
        let envelope = hex::decode_array("an envelope's hash", &line.envelope)?;
        let Some(shown) = self.envelopes.get(&envelope) else {
            return Err(refused("the message came in an envelope nobody wrote"));
        };
        if shown.by != line.author || shown.sealed != line.sealed {
            return Err(refused("the envelope is of another author or class"));
        }
        if line.sealed && shown.to != line.at {
            return Err(refused("the envelope was sealed to somebody else"));
        }
        if !line.sealed {
            self.check_open_message(line, &shown.octets, &item, salt)?;
        }
        let signal = read_signal(&item, &line.signal)?;
        self.messages.entry(id).or_insert(ShownMessage {
            at: line.at.clone(),
            author: line.author.clone(),
            chain: line.chain.clone(),
            counter: line.counter,
            envelope,
            signal,
        });
        Ok(())
    }

    fn check_open_message(
        &self,
        line: &MessageLine,
        envelope: &[u8],
        item: &Item<'_>,
        salt: Salt,
    ) -> Outcome<()> {
        let author = self.account(&line.author)?;
        let chain = ChainId::open(self.realm, &author.account, line.device, line.epoch);
        let Envelope::Open(open) = Envelope::parse(envelope)? else {
            return Err(refused("not an open envelope"));
        };
        let opened = open.verify(author.signer(line.device)?, self.realm)?;
        let position = Position { device: line.device, epoch: line.epoch, counter: line.counter };
        let is_there = |message: &OpenedMessage<'_>| {
            message.item == *item && message.position == position && message.salt == salt
        };
        if chain.to_string() != line.chain || !opened.messages().iter().any(is_there) {
            return Err(refused("the envelope does not hold this message"));
        }
        Ok(())
    }
}

/// Holds a signal against its JSON form; what says no whole message has none.
fn read_signal(item: &Item<'_>, shown: &serde_json::Value) -> Outcome<Option<ShownSignal>> {
    let said = signal::with_message(item, |message| {
        let signal = ShownSignal {
            code: message.code(),
            subject: message.body.sign().map_or(0, |sign| sign.subject.0),
            reference: message.reference_indicator,
            referenced: MessageId(message.referenced_message.0),
        };
        (signal::to_nested_json(message), signal)
    });
    let (json, signal) = said.unzip();
    if json.unwrap_or_default() != *shown {
        return Err(refused("the signal shown is not the one sent"));
    }
    Ok(signal)
}
