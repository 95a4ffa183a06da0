//! Turns what the processes report into transcript lines, causes before effects.
//!
//! Reports of different processes can overtake one another on their way to the demo; a line waits
//! until what it rests on has been written down.

use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::transcript::{Content, Recorder, Refused};
use chappe_codec::digest;
use chappe_codec::statement::Evidence;
use chappe_relay::parcel::Parcel;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A transcript in the making.
pub(super) struct Chronicle {
    recorder: Recorder,
    waiting: Vec<Content>,
    envelopes: BTreeSet<[u8; 32]>,
    parcels: BTreeSet<String>,
    messages: BTreeSet<String>,
    statements: BTreeMap<[u8; 32], Vec<String>>,
    signed: BTreeSet<String>,
    anchored: BTreeSet<String>,
}

impl Chronicle {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self {
            recorder,
            waiting: Vec::new(),
            envelopes: BTreeSet::new(),
            parcels: BTreeSet::new(),
            messages: BTreeSet::new(),
            statements: BTreeMap::new(),
            signed: BTreeSet::new(),
            anchored: BTreeSet::new(),
        }
    }

    /// Writes a line now, or as soon as what it rests on is there.
    pub(super) fn note(&mut self, content: Content) -> Outcome<()> {
        self.waiting.push(content);
        loop {
            let mut ready = None;
            for (index, content) in self.waiting.iter().enumerate() {
                if self.is_ready(content)? {
                    ready = Some(index);
                    break;
                }
            }
            let Some(index) = ready else { return Ok(()) };
            let content = self.waiting.remove(index);
            self.remember(&content)?;
            self.recorder.add(content)?;
        }
    }

    /// Ends the transcript. A line still waiting means that something was reported whose cause never
    /// was: the run cannot be shown to be whole.
    pub(super) fn close(self, path: &Path) -> Outcome<()> {
        if let Some(content) = self.waiting.first() {
            let message = format!("the transcript has a loose end: {content:?}");
            return Err(Failure::new(Exit::Failure, "transcript", message));
        }
        let text = self.recorder.seal()?;
        std::fs::write(path, text).map_err(|error| Failure::file(path, &error))
    }

    fn is_ready(&self, content: &Content) -> Outcome<bool> {
        let known = |octets: &[u8]| self.envelopes.contains(&digest::sha256(octets));
        Ok(match content {
            Content::Frame { octets, .. } => {
                let octets = hex::decode("a frame", octets)?;
                let payload = chappe_radio::frame::Unverified::parse(&octets)?.claimed_payload();
                payload.is_empty() || known(payload)
            }
            Content::Parcel { octets, .. } => {
                known(Parcel::parse(&hex::decode("a parcel", octets)?)?.envelope())
            }
            Content::Message(line) => {
                self.envelopes.contains(&hex::decode_array("a hash", &line.envelope)?)
            }
            Content::Statement { ids, .. } => ids.iter().all(|id| self.messages.contains(id)),
            Content::Receipt { evidence, .. } => {
                self.statements.contains_key(&statement_hash(evidence)?)
            }
            Content::Refusal { what: Refused::Envelope, octets, .. } => {
                known(&hex::decode("an envelope", octets)?)
            }
            Content::Restart { acknowledged, .. } => {
                acknowledged.iter().all(|id| self.parcels.contains(id))
            }
            Content::Decision { because, .. } => {
                because.iter().all(|id| self.signed.contains(id) && self.anchored.contains(id))
            }
            Content::Head { .. }
            | Content::Envelope { .. }
            | Content::Refusal { what: Refused::Frame, .. }
            | Content::Revocation { .. }
            | Content::Seal { .. } => true,
        })
    }

    fn remember(&mut self, content: &Content) -> Outcome<()> {
        match content {
            Content::Envelope { octets, .. } => {
                self.envelopes.insert(digest::sha256(&hex::decode("an envelope", octets)?));
            }
            Content::Parcel { id, .. } => {
                self.parcels.insert(id.clone());
            }
            Content::Message(line) => {
                self.messages.insert(line.id.clone());
            }
            Content::Statement { evidence, ids, .. } => {
                self.statements.insert(statement_hash(evidence)?, ids.clone());
                self.signed.extend(ids.iter().cloned());
            }
            Content::Receipt { evidence, .. } => {
                let ids = self.statements.get(&statement_hash(evidence)?);
                self.anchored.extend(ids.into_iter().flatten().cloned());
            }
            _ => {}
        }
        Ok(())
    }
}

fn statement_hash(evidence: &str) -> Outcome<[u8; 32]> {
    Ok(Evidence::parse(&hex::decode("evidence", evidence)?)?.statement.hash())
}
