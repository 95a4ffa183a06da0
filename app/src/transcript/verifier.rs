//! Checks a transcript from its first octet to its seal, with public keys alone.
//!
//! Lines are taken in order; each is recomputed from those before it (spec/08-transcript.md).

use super::FORMAT;
use super::line::{Content, FrameState, Line, PublicKeys, Verdict};
use super::shown::{Shown, account_key, message_id, refused};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::digest;
use chappe_codec::key::AccountKey;
use std::collections::BTreeMap;

/// A transcript is not longer than this, in octets.
const TRANSCRIPT_OCTETS_MAX: usize = 64 * 1024 * 1024;

/// What was recomputed, by kind of line.
pub(crate) type Tally = BTreeMap<&'static str, u64>;

/// Verifies a whole transcript; the first line that does not hold refuses it.
pub(crate) fn verify(transcript: &[u8], keys: &PublicKeys) -> Outcome<Tally> {
    if transcript.len() > TRANSCRIPT_OCTETS_MAX {
        return Err(Failure::new(Exit::Malformed, "too_long", "the transcript is too long"));
    }
    let mut verifier = Verifier::new(keys)?;
    let text = std::str::from_utf8(transcript)
        .map_err(|_| Failure::new(Exit::Malformed, "bad_character", "not a UTF-8 text"))?;
    let mut offset = 0_usize;
    for line in text.split_inclusive('\n') {
        let before = transcript.get(..offset).unwrap_or_default();
        verifier.take(line, before).map_err(|failure| {
            let line = verifier.lines;
            Failure::new(failure.exit, "transcript", format!("line {line}: {failure}"))
        })?;
        offset = offset.saturating_add(line.len());
    }
    if !verifier.sealed {
        return Err(refused("it is not sealed"));
    }
    Ok(verifier.tally)
}

/// Takes the lines in order.
struct Verifier {
    shown: Shown,
    recorder: AccountKey,
    lines: u64,
    at_ms: u64,
    sealed: bool,
    tally: Tally,
}

impl Verifier {
    fn new(keys: &PublicKeys) -> Outcome<Self> {
        if keys.format != PublicKeys::FORMAT {
            return Err(Failure::new(
                Exit::Malformed,
                "unknown_version",
                "unknown form of key file",
            ));
        }
        let realm = keys
            .realm
            .parse()
            .map_err(|error| Failure::new(Exit::Malformed, "realm", format!("{error}")))?;
        Ok(Self {
            shown: Shown::new(keys, realm)?,
            recorder: account_key("the recorder's key", &keys.recorder)?,
            lines: 0,
            at_ms: 0,
            sealed: false,
            tally: Tally::new(),
        })
    }

    fn take(&mut self, text: &str, before: &[u8]) -> Outcome<()> {
        if self.sealed {
            return Err(refused("there is something behind the seal"));
        }
        let line: Line = serde_json::from_str(text)
            .map_err(|error| Failure::new(Exit::Malformed, "json", error.to_string()))?;
        let again = serde_json::to_string(&line)
            .map_err(|error| Failure::new(Exit::Malformed, "json", error.to_string()))?;
        if text.strip_suffix('\n') != Some(again.as_str()) {
            return Err(refused("not written in the one form"));
        }
        let is_seal = matches!(line.content, Content::Seal { .. });
        if line.n != self.lines || line.at_ms < self.at_ms || (is_seal && line.at_ms != self.at_ms)
        {
            return Err(refused("out of order"));
        }
        let is_head = matches!(line.content, Content::Head { .. });
        if is_head != (self.lines == 0) {
            return Err(refused("the head is the first line, and only that"));
        }
        let kind = self.check(line.content, before)?;
        self.lines = self.lines.saturating_add(1);
        self.at_ms = line.at_ms;
        let count = self.tally.entry(kind).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }

    fn check(&mut self, content: Content, before: &[u8]) -> Outcome<&'static str> {
        match content {
            Content::Head { format, realm } => {
                if format != FORMAT || realm != self.shown.realm.to_string() {
                    return Err(refused("another format or realm than the keys'"));
                }
                Ok("head")
            }
            Content::Envelope { by, to, octets } => {
                self.shown.check_envelope(by, to, &hex::decode("an envelope", &octets)?)?;
                Ok("envelope")
            }
            Content::Frame { net, octets, state: FrameState::Sent, .. } => {
                self.shown.check_frame(net, &hex::decode("a frame", &octets)?)?;
                Ok("frame")
            }
            Content::Parcel { octets, id, by } => {
                self.shown.account(&by)?;
                self.shown.check_parcel(&hex::decode("a parcel", &octets)?, &id)?;
                Ok("parcel")
            }
            Content::Message(line) => {
                self.shown.check_message(&line)?;
                Ok("message")
            }
            Content::Statement { at, author, evidence, ids } => {
                self.shown.account(&at)?;
                self.shown.check_statement(&author, &evidence, &ids)?;
                Ok("statement")
            }
            Content::Receipt { at, author, evidence, receipt } => {
                self.shown.account(&at)?;
                self.shown.check_receipt(&author, &evidence, &receipt)?;
                Ok("receipt")
            }
            Content::Refusal { at, what, kind, octets } => {
                self.shown.check_refusal(
                    &at,
                    what,
                    &kind,
                    &hex::decode("what was refused", &octets)?,
                )?;
                Ok("refusal")
            }
            Content::Restart { role, acknowledged, fetched } => {
                if role != "relay" {
                    return Err(refused("only relays are shown to restart"));
                }
                self.shown.check_restart(&acknowledged, &fetched)?;
                Ok("restart")
            }
            Content::Decision { by, decision, because } => {
                let because =
                    because.iter().map(|id| message_id(id)).collect::<Outcome<Vec<_>>>()?;
                match decision {
                    Verdict::Go => self.shown.check_go(&by, &because)?,
                    Verdict::Withdrawn => self.shown.check_withdrawn(&by, &because)?,
                }
                Ok("decision")
            }
            Content::Seal { lines, sha256, signature } => {
                self.check_seal(lines, &sha256, &signature, before)?;
                Ok("seal")
            }
        }
    }

    fn check_seal(
        &mut self,
        lines: u64,
        sha256: &str,
        signature: &str,
        before: &[u8],
    ) -> Outcome<()> {
        let hash = digest::sha256(before);
        if lines != self.lines || hex::encode(&hash) != sha256 {
            return Err(refused("the seal is over other lines"));
        }
        let signature = hex::decode_array("the seal's signature", signature)?;
        self.recorder
            .verify(FORMAT, self.shown.realm, &[&hash], &signature)
            .map_err(|error| refused(&error.to_string()))?;
        self.sealed = true;
        Ok(())
    }
}
