//! Telling what came in, and anchoring what was signed.

use crate::device::Device;
use crate::device::contacts::{Contact, display_name};
use crate::device::station::{Arrival, Message, Signed};
use crate::exit::Outcome;
use crate::hex;
use crate::report::Report;
use crate::said;
use crate::transcript::MessageLine;
use chappe_anchor::client::LedgerClient;
use chappe_codec::digest;
use chappe_codec::envelope::{Envelope, OpenEnvelope, OpenError};
use chappe_codec::item::Family;
use chappe_codec::signal;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Instant;

/// What is told and anchored, in the order it came.
pub(crate) struct Desk<'a> {
    device: &'a Device,
    contacts: Vec<Contact>,
    ledger: Option<LedgerClient>,
    report: Report,
    /// Signed, and waiting for the ledger.
    waiting: VecDeque<Signed>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        device: &'a Device,
        contacts: Vec<Contact>,
        ledger: Option<LedgerClient>,
        report: Report,
    ) -> Self {
        Self { device, contacts, ledger, report, waiting: VecDeque::new() }
    }

    /// What was already known before a restart is not told again; what still lacks a receipt is
    /// taken up.
    pub(crate) fn resume(&mut self, known: Vec<Arrival>) -> Outcome<()> {
        for arrival in known {
            if let Arrival::Signed(signed) = arrival
                && !self.device.has_receipt(&signed)?
            {
                self.waiting.push_back(*signed);
            }
        }
        Ok(())
    }

    /// Tells what an envelope brought.
    pub(crate) fn arrived(&mut self, envelope: &[u8], arrivals: Vec<Arrival>) {
        for arrival in arrivals {
            match arrival {
                Arrival::Message(message) => self.tell_message(envelope, &message),
                Arrival::Signed(signed) => {
                    self.tell_signed(&signed, "signed");
                    self.waiting.push_back(*signed);
                }
                Arrival::Contradiction(signed) => {
                    self.tell_signed(&signed, "contradiction");
                    let name = display_name(&self.contacts, signed.author.id());
                    self.report.note(&format!(
                        "{name} signed something that contradicts what it said; both are kept"
                    ));
                }
            }
        }
    }

    /// Tells that an envelope was refused. What was seen before is not worth a word.
    pub(crate) fn refused(&self, envelope: &[u8], refusal: OpenError) {
        if refusal == OpenError::Replay {
            return;
        }
        if refusal == OpenError::UnknownAccount
            && let Ok(Envelope::Open(open)) = Envelope::parse(envelope)
        {
            return self.tell_claim(envelope, &open);
        }
        self.report.event(
            "refused",
            &format!("refused {} octets: {refusal}", envelope.len()),
            json!({
                "what": "envelope",
                "kind": refusal.name(),
                "message": refusal.to_string(),
                "size": envelope.len(),
                "octets": hex::encode(envelope),
            }),
        );
    }

    /// Whether something waits for the ledger.
    pub(crate) fn has_work(&self) -> bool {
        self.ledger.is_some() && !self.waiting.is_empty()
    }

    /// Anchors what waits. On a failure the rest stays and the next call goes on with it.
    pub(crate) async fn anchor(&mut self) -> Outcome<()> {
        let Some(ledger) = self.ledger.clone() else { return Ok(()) };
        while let Some(signed) = self.waiting.front() {
            let began = Instant::now();
            let done = self.device.anchor(signed, &ledger).await?;
            let name = display_name(&self.contacts, signed.author.id());
            let verified = &done.anchored.verified;
            let text = done.anchored.receipt.to_text();
            self.report.event(
                "anchored",
                &format!(
                    "anchored: {} messages of {name}, leaf {} of {}; receipt in {}",
                    signed.ids.len(),
                    verified.index,
                    verified.size(),
                    done.path.display()
                ),
                json!({
                    "author": signed.author.id().to_string(),
                    "ids": texts(signed),
                    "evidence": hex::encode(&done.evidence.to_bytes()),
                    "index": verified.index,
                    "tree_size": verified.size(),
                    "size": text.len(),
                    "receipt": text,
                    "microseconds":
                        u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
                }),
            );
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// "An open envelope of an unknown account is shown as an *unverified claim*, never hidden."
    fn tell_claim(&self, envelope: &[u8], open: &OpenEnvelope<'_>) {
        for item in &open.items {
            let summary = said::describe(item.family, item.revision, item.body);
            self.report.event(
                "claim",
                &format!("UNVERIFIED CLAIM, account {}: {summary}", open.account),
                json!({
                    "account": open.account.to_string(),
                    "summary": summary,
                    "size": envelope.len(),
                    "octets": hex::encode(envelope),
                }),
            );
        }
    }

    fn tell_message(&self, envelope: &[u8], message: &Message) {
        let name = display_name(&self.contacts, message.author.id());
        let summary = said::describe(message.family, message.revision, &message.body);
        let class = if message.sealed { "sealed" } else { "open" };
        let line = line(envelope, message);
        self.report.event(
            "message",
            &format!("{name}: {summary} ({class}; on device, authenticated, not yet signed)"),
            json!({
                "author": message.author.id().to_string(),
                "summary": summary,
                "sealed": message.sealed,
                "id": line.id,
                "parcel": line.envelope,
                "size": envelope.len(),
                "line": line,
            }),
        );
    }

    fn tell_signed(&self, signed: &Signed, event: &str) {
        let name = display_name(&self.contacts, signed.author.id());
        self.report.event(
            event,
            &format!("{event}: {} messages of {name}", signed.ids.len()),
            json!({
                "author": signed.author.id().to_string(),
                "ids": texts(signed),
                "evidence": hex::encode(&signed.evidence.to_bytes()),
            }),
        );
    }
}

fn texts(signed: &Signed) -> Vec<String> {
    signed.ids.iter().map(ToString::to_string).collect()
}

/// The message as a transcript holds it; who reads it writes the names in.
fn line(envelope: &[u8], message: &Message) -> MessageLine {
    let signal = match (message.family, message.revision) {
        (Family::SIGNAL, 0) => signal::Message::parse_standard(&message.body)
            .map_or(Value::Null, |signal| crate::signal::to_nested_json(&signal)),
        _ => Value::Null,
    };
    MessageLine {
        at: String::new(),
        author: String::new(),
        sealed: message.sealed,
        device: message.position.device,
        epoch: message.position.epoch,
        counter: message.position.counter,
        chain: message.chain.to_string(),
        salt: hex::encode(&message.salt.0),
        item: hex::encode(&message.item),
        id: message.id.map(|id| id.to_string()).unwrap_or_default(),
        envelope: hex::encode(&digest::sha256(envelope)),
        signal,
    }
}
