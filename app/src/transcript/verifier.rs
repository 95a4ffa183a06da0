//! Checks a transcript from its first octet to its seal, with public keys alone.
//!
//! Lines are taken in order; each is recomputed from those before it (spec/08-transcript.md).

use super::FORMAT;
use super::line::{Content, FrameState, Line, PublicKeys, Verdict};
use super::shown::{Shown, account_key, message_id, refused};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::digest;
use chappe_codec::key::VerifyKey;
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
    // Nothing is looked at before the recorder's seal has verified over all of it.
    let body = text.strip_suffix('\n').ok_or_else(|| refused("the last line has no end"))?;
    let sealed = body.rfind('\n').map_or(0, |at| at.saturating_add(1));
    let (before, seal) = text.split_at(sealed);
    let seal = verifier.check_seal(seal, before)?;
    for line in before.split_inclusive('\n') {
        verifier.take(line).map_err(|failure| {
            let line = verifier.lines;
            Failure::new(failure.exit, "transcript", format!("line {line}: {failure}"))
        })?;
    }
    if seal.n != verifier.lines || seal.at_ms != verifier.at_ms {
        return Err(refused("the seal bears another number or time than its place"));
    }
    if !verifier.shown.to_be_refused.is_empty() {
        return Err(refused("an envelope by a revoked device that nobody refused"));
    }
    verifier.count("seal");
    Ok(verifier.tally)
}

/// Takes the lines in order.
struct Verifier {
    shown: Shown,
    recorder: VerifyKey,
    lines: u64,
    at_ms: u64,
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
            tally: Tally::new(),
        })
    }

    fn take(&mut self, text: &str) -> Outcome<()> {
        let line = read_line(text)?;
        if line.n != self.lines || line.at_ms < self.at_ms {
            return Err(refused("out of order"));
        }
        let is_head = matches!(line.content, Content::Head { .. });
        if is_head != (self.lines == 0) {
            return Err(refused("the head is the first line, and only that"));
        }
        let kind = self.check(line.content)?;
        self.lines = self.lines.saturating_add(1);
        self.at_ms = line.at_ms;
        self.count(kind);
        Ok(())
    }

    fn count(&mut self, kind: &'static str) {
        let count = self.tally.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    fn check(&mut self, content: Content) -> Outcome<&'static str> {
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
            Content::Revocation { at, octets } => {
                self.shown.check_revocation(&at, &hex::decode("a revocation", &octets)?)?;
                Ok("revocation")
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
            Content::Seal { .. } => Err(refused("the seal is the last line, and only that")),
        }
    }

    /// The last line, if it is the recorder's seal over everything before it.
    fn check_seal(&self, text: &str, before: &str) -> Outcome<Line> {
        let line = read_line(text)?;
        let Content::Seal { lines, sha256, signature } = &line.content else {
            return Err(refused("it is not sealed"));
        };
        let hash = digest::sha256(before.as_bytes());
        if *lines != line.n || hex::encode(&hash) != *sha256 {
            return Err(refused("the seal is over other lines"));
        }
        let signature = hex::decode_array("the seal's signature", signature)?;
        self.recorder
            .verify(FORMAT, self.shown.realm, &[&hash], &signature)
            .map_err(|error| refused(&error.to_string()))?;
        Ok(line)
    }
}

/// Reads a line and holds it against the one form it may be written in.
fn read_line(text: &str) -> Outcome<Line> {
    let malformed =
        |error: serde_json::Error| Failure::new(Exit::Malformed, "json", error.to_string());
    let line: Line = serde_json::from_str(text).map_err(malformed)?;
    let again = serde_json::to_string(&line).map_err(malformed)?;
    if text.strip_suffix('\n') != Some(again.as_str()) {
        return Err(refused("not written in the one form"));
    }
    Ok(line)
}
