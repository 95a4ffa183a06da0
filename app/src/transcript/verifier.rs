//! Checks a transcript from its first octet to its seal, with public keys alone.
//!
//! Lines are taken in order; each is recomputed from those before it (spec/08-transcript.md).

use super::FORMAT;
use super::line::{Content, FrameState, Line, PublicKeys, Refused, Verdict};
use super::message_lines::{EnvelopeLine, SaidMessage};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_anchor::key::LedgerKey;
use chappe_codec::digest;
use chappe_codec::id::MessageId;
use chappe_codec::key::AccountKey;
use chappe_codec::realm::Realm;
use chappe_radio::frame::NetworkKey;
use chappe_relay::parcel::Parcel;
use std::collections::{BTreeMap, BTreeSet};

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

/// What the lines so far have shown.
pub(super) struct Verifier {
    pub(super) realm: Realm,
    recorder: AccountKey,
    pub(super) ledger: LedgerKey,
    accounts: BTreeMap<String, AccountKey>,
    lines: u64,
    at_ms: u64,
    sealed: bool,
    tally: Tally,
    /// By SHA-256 of the octets.
    pub(super) envelopes: BTreeMap<[u8; 32], EnvelopeLine>,
    parcels: BTreeSet<[u8; 32]>,
    /// By id.
    pub(super) messages: BTreeMap<MessageId, SaidMessage>,
    /// Hashes of the statements shown, and the ids they hold.
    pub(super) statements: BTreeMap<[u8; 32], Vec<MessageId>>,
    pub(super) signed: BTreeSet<MessageId>,
    pub(super) anchored: BTreeSet<MessageId>,
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
        let accounts = keys
            .accounts
            .iter()
            .map(|(name, key)| Ok((name.clone(), account_key(name, key)?)))
            .collect::<Outcome<_>>()?;
        Ok(Self {
            realm,
            recorder: account_key("the recorder's key", &keys.recorder)?,
            ledger: keys.ledger.parse::<LedgerKey>()?,
            accounts,
            lines: 0,
            at_ms: 0,
            sealed: false,
            tally: Tally::new(),
            envelopes: BTreeMap::new(),
            parcels: BTreeSet::new(),
            messages: BTreeMap::new(),
            statements: BTreeMap::new(),
            signed: BTreeSet::new(),
            anchored: BTreeSet::new(),
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
                if format != FORMAT || realm != self.realm.to_string() {
                    return Err(refused("another format or realm than the keys'"));
                }
                Ok("head")
            }
            Content::Envelope { by, to, octets } => {
                self.check_envelope(by, to, &hex::decode("an envelope", &octets)?)?;
                Ok("envelope")
            }
            Content::Frame { net, octets, state: FrameState::Sent, .. } => {
                self.check_frame(net, &hex::decode("a frame", &octets)?)?;
                Ok("frame")
            }
            Content::Parcel { octets, id, by } => {
                self.account(&by)?;
                self.check_parcel(&hex::decode("a parcel", &octets)?, &id)?;
                Ok("parcel")
            }
            Content::Message(line) => {
                self.check_message(&line)?;
                Ok("message")
            }
            Content::Statement { at, author, evidence, ids } => {
                self.account(&at)?;
                self.check_statement(&author, &evidence, &ids)?;
                Ok("statement")
            }
            Content::Receipt { at, author, evidence, receipt } => {
                self.account(&at)?;
                self.check_receipt(&author, &evidence, &receipt)?;
                Ok("receipt")
            }
            Content::Refusal { at, what, kind, octets } => {
                self.check_refusal(&at, what, &kind, &hex::decode("what was refused", &octets)?)?;
                Ok("refusal")
            }
            Content::Restart { acknowledged, fetched, .. } => {
                self.check_restart(&acknowledged, &fetched)?;
                Ok("restart")
            }
            Content::Decision { by, decision, because } => {
                let because =
                    because.iter().map(|id| message_id(id)).collect::<Outcome<Vec<_>>>()?;
                match decision {
                    Verdict::Go => self.check_go(&by, &because)?,
                    Verdict::Withdrawn => self.check_withdrawn(&by, &because)?,
                }
                Ok("decision")
            }
            Content::Seal { lines, sha256, signature } => {
                self.check_seal(lines, &sha256, &signature, before)?;
                Ok("seal")
            }
        }
    }

    pub(super) fn account(&self, name: &str) -> Outcome<&AccountKey> {
        self.accounts
            .get(name)
            .ok_or_else(|| refused(&format!("{name} is not among the public keys")))
    }

    /// The lines about frames count when the envelope in them is known and, on the public net, the
    /// MIC holds.
    fn check_frame(&self, net: u8, octets: &[u8]) -> Outcome<()> {
        let frame = chappe_radio::frame::Unverified::parse(octets)?;
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

    fn check_parcel(&mut self, octets: &[u8], id: &str) -> Outcome<()> {
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

    fn check_refusal(&self, at: &str, what: Refused, kind: &str, octets: &[u8]) -> Outcome<()> {
        self.account(at)?;
        match (what, kind) {
            (Refused::Frame, "bad_mic") => {
                let frame = chappe_radio::frame::Unverified::parse(octets)?;
                match frame.verify(&NetworkKey::public(), self.realm) {
                    Err(_) if frame.net() == 0 => Ok(()),
                    Err(_) => Err(refused("only frames of net 0 can be checked by everyone")),
                    Ok(_) => Err(refused("the frame said to be damaged is whole")),
                }
            }
            (Refused::Envelope, "unknown_hint") => {
                let hash = digest::sha256(octets);
                match self.envelopes.get(&hash) {
                    Some(envelope) if envelope.sealed && envelope.to != at => {}
                    _ => return Err(refused("the envelope was not sealed to somebody else")),
                }
                if self.messages.values().any(|said| said.envelope == hash && said.at == at) {
                    return Err(refused("the envelope said to be refused was opened"));
                }
                Ok(())
            }
            _ => Err(refused("an unknown kind of refusal")),
        }
    }

    fn check_restart(&self, acknowledged: &[String], fetched: &[String]) -> Outcome<()> {
        let unique: BTreeSet<&String> = fetched.iter().collect();
        if unique.len() != fetched.len() {
            return Err(refused("a parcel was delivered twice"));
        }
        if acknowledged.is_empty() {
            return Err(refused("nothing was acknowledged, so nothing is shown"));
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
            .verify(FORMAT, self.realm, &[&hash], &signature)
            .map_err(|error| refused(&error.to_string()))?;
        self.sealed = true;
        Ok(())
    }
}

/// A line that does not hold.
pub(super) fn refused(reason: &str) -> Failure {
    Failure::new(Exit::Authentication, "transcript", reason)
}

pub(super) fn message_id(text: &str) -> Outcome<MessageId> {
    Ok(MessageId(hex::decode_array("a message id", text)?))
}

fn account_key(what: &str, text: &str) -> Outcome<AccountKey> {
    AccountKey::from_bytes(&hex::decode_array(what, text)?)
        .map_err(|error| Failure::new(Exit::Authentication, error.name(), error.to_string()))
}
