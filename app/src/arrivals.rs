//! Telling what came in, and anchoring what was signed.

use crate::changes;
use crate::device::Device;
use crate::device::anchoring;
use crate::device::contacts::{Contact, display_name};
use crate::device::content::{Content, Outside, outside};
use crate::device::received::{Known, Received};
use crate::device::station::{Arrival, Changed, Message, Retimed, Signed};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::report::Report;
use crate::said;
use crate::signal;
use crate::text;
use crate::transcript::MessageLine;
use chappe_anchor::client::{Anchored, ClientError, LedgerClient};
use chappe_codec::account::Account;
use chappe_codec::envelope::{OpenEnvelope, OpenError};
use chappe_codec::identity::Limit;
use chappe_codec::statement::{Evidence, Vouching, Whereabouts, waits_for_signature};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How often it is told that a revoked device tries to speak.
const REVOKED_EVERY: Duration = Duration::from_secs(600);

/// What is told and anchored, in the order it came.
pub(crate) struct Desk<'a> {
    device: &'a Device,
    contacts: Vec<Contact>,
    ledger: Option<LedgerClient>,
    report: Report,
    /// Signed, and waiting for the ledger.
    waiting: VecDeque<Signed>,
    /// Of devices that were revoked, when it was last told that they try.
    revoked: BTreeMap<(Account, u8), Told>,
}

/// When something was told last, and how often it was not since.
#[derive(Debug, Default)]
struct Told {
    at: Option<Instant>,
    unsaid: u64,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        device: &'a Device,
        contacts: Vec<Contact>,
        ledger: Option<LedgerClient>,
        report: Report,
    ) -> Self {
        Self {
            device,
            contacts,
            ledger,
            report,
            waiting: VecDeque::new(),
            revoked: BTreeMap::new(),
        }
    }

    /// What was told before a restart is not told again, what a crash kept back is; what lacks a
    /// receipt is taken up.
    pub(crate) fn resume(&mut self, known: Known) -> Outcome<()> {
        for arrival in known.told {
            if let Arrival::Signed(signed) = arrival
                && !self.device.has_receipt(&signed)?
            {
                self.waiting.push_back(*signed);
            }
        }
        for (content, arrivals) in known.untold {
            self.arrived(&content, arrivals);
        }
        Ok(())
    }

    /// Tells what an envelope brought.
    pub(crate) fn arrived(&mut self, content: &Content, arrivals: Vec<Arrival>) {
        for arrival in arrivals {
            match arrival {
                Arrival::Message(message) => self.tell_message(content, &message),
                Arrival::Changed(change) => self.tell_change(&change),
                Arrival::Retimed(retimed) => self.tell_time(&retimed),
                // Answered by whoever can send.
                Arrival::Asked(_) => {}
                Arrival::PostQuantum(account) => {
                    let name = display_name(&self.contacts, account);
                    self.report.event(
                        "post-quantum",
                        &format!("what {name} seals to you is safe from quantum computers to come"),
                        json!({"author": account.to_string()}),
                    );
                }
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

    /// Tells that an envelope was refused, and what it brought all the same.
    pub(crate) fn turned_away(
        &mut self,
        received: &mut Received<'_>,
        envelope: &[u8],
        refusal: OpenError,
    ) -> Outcome<()> {
        match received.revoked_author(envelope)? {
            Some((account, device)) if refusal == OpenError::Revoked => {
                self.tell_revoked(account, device, envelope);
            }
            _ => self.refused(envelope, refusal),
        }
        for changed in received.heed(envelope) {
            self.tell_change(&changed);
        }
        Ok(())
    }

    /// "At most once in ten minutes for each device" (spec/11-session.md, "Refusals").
    fn tell_revoked(&mut self, account: Account, device: u8, envelope: &[u8]) {
        let told = self.revoked.entry((account, device)).or_default();
        if told.at.is_some_and(|at| at.elapsed() < REVOKED_EVERY) {
            told.unsaid = told.unsaid.saturating_add(1);
            return;
        }
        let more = std::mem::take(&mut told.unsaid);
        told.at = Some(Instant::now());
        let name = display_name(&self.contacts, account.id());
        let before = if more == 0 { String::new() } else { format!(", {more} more since") };
        self.report.event(
            "refused",
            &format!(
                "refused {} octets: device {device} of {name}, which was REVOKED, or somebody who \
                 repeats it, is trying to speak{before}",
                envelope.len()
            ),
            json!({
                "what": "envelope",
                "kind": OpenError::Revoked.name(),
                "message": OpenError::Revoked.to_string(),
                "account": account.id().to_string(),
                "device": device,
                "more": more,
                "size": envelope.len(),
                "octets": hex::encode(envelope),
            }),
        );
    }

    /// What was seen before is not worth a word.
    fn refused(&self, envelope: &[u8], refusal: OpenError) {
        if refusal == OpenError::Replay {
            return;
        }
        if refusal == OpenError::UnknownAccount
            && let Ok(Outside::Open(open)) = outside(envelope)
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

    /// Begins to anchor the first that waits, in a task of its own: what comes in must not wait for
    /// the ledger.
    pub(crate) fn begin_anchoring(&self) -> Outcome<Option<Anchoring>> {
        let (Some(ledger), Some(signed)) = (self.ledger.clone(), self.waiting.front()) else {
            return Ok(None);
        };
        let (evidence, submission) = self.device.prepare_submission(signed)?;
        let began = Instant::now();
        let task = tokio::spawn(async move { ledger.submit(&submission).await });
        Ok(Some(Anchoring { evidence, began, task }))
    }

    /// Keeps the receipt and tells of it. On a failure the statement goes on waiting.
    pub(crate) fn finish_anchoring(
        &mut self,
        (evidence, began): (Evidence, Instant),
        answer: Result<Anchored, ClientError>,
        received: &mut Received<'_>,
    ) -> Outcome<()> {
        let anchored = answer.map_err(anchoring::failure)?;
        let Some(signed) = self.waiting.pop_front() else { return Ok(()) };
        self.device.keep_receipt(&signed, &anchored)?;
        let name = display_name(&self.contacts, signed.author.id());
        let verified = &anchored.verified;
        let text = anchored.receipt.to_text();
        self.report.event(
            "anchored",
            &format!(
                "anchored: {} messages of {name}, leaf {} of {}; the receipt is kept",
                signed.ids.len(),
                verified.index,
                verified.size()
            ),
            json!({
                "author": signed.author.id().to_string(),
                "ids": texts(&signed),
                "evidence": hex::encode(&evidence.to_bytes()),
                "index": verified.index,
                "tree_size": verified.size(),
                "size": text.len(),
                "receipt": text,
                "microseconds": u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            }),
        );
        for arrival in received.station.anchored(&signed)? {
            if let Arrival::Retimed(retimed) = arrival {
                self.tell_time(&retimed);
            }
        }
        Ok(())
    }

    /// Anchors everything that waits.
    pub(crate) async fn anchor_all(&mut self, received: &mut Received<'_>) -> Outcome<()> {
        while let Some(anchoring) = self.begin_anchoring()? {
            let (kept, answer) = anchoring.finished().await?;
            self.finish_anchoring(kept, answer, received)?;
        }
        Ok(())
    }

    /// "An open envelope of an unknown account is shown as an *unverified claim*, never hidden."
    fn tell_claim(&self, envelope: &[u8], open: &OpenEnvelope<'_>) {
        for item in &open.items {
            let summary = said::describe(item);
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

    fn tell_message(&self, content: &Content, message: &Message) {
        let name = display_name(&self.contacts, message.author.id());
        let item = message.item();
        let summary = said::describe(&item);
        let class = match (message.sealed, message.stranger) {
            (true, true) => "sealed by a STRANGER, an unverified claim",
            (true, false) => "sealed",
            (false, _) => "open",
        };
        let line = line(content, message);
        if message.is_step() {
            // The session's own affair; it has an id, which statements hold.
            let text = format!("{name}: new keys for what is said from now on");
            let value = json!({"author": message.author.id().to_string(), "line": line});
            return self.report.event("step", &text, value);
        }
        let limits: Vec<String> = message.not_permitted.iter().map(ToString::to_string).collect();
        let waits = waits_for_signature(&item);
        let (here, vouched) = (Whereabouts::OnDevice, Vouching::Authenticated);
        let missing = vouched.missing().unwrap_or_default();
        let act = match (limits.is_empty(), waits) {
            (false, _) => format!("; NOT PERMITTED for this device: {}", limits.join(", ")),
            (true, true) => format!("; wait: {missing}"),
            (true, false) => format!(", {missing}"),
        };
        self.report.event(
            "message",
            &format!("{name}: {summary} ({class}; {here}, {vouched}{act})"),
            json!({
                "author": message.author.id().to_string(),
                "summary": summary,
                "sealed": message.sealed,
                "id": line.id,
                "parcel": line.envelope,
                "size": content.size,
                "signal": signal::to_json(&item),
                "text": text::of_item(&item).and_then(Result::ok),
                "whereabouts": here.word(),
                "vouching": vouched.word(),
                "not_permitted": limits,
                "wait": waits,
                "line": line,
            }),
        );
    }

    /// Tells what changed about an account.
    pub(crate) fn tell_change(&self, changed: &Changed) {
        let name = |account| display_name(&self.contacts, account);
        changes::report(self.report, &changed.change, &changed.endorsement, name);
    }

    /// How the time of a message stands to its device's certificate, once more is known of it.
    pub(crate) fn tell_time(&self, retimed: &Retimed) {
        let Retimed { author, id, is_outside, clocks_disagree, by_author, received } = retimed;
        let name = display_name(&self.contacts, author.id());
        let verdict = if *is_outside {
            format!("NOT PERMITTED for this device: {}", Limit::Time)
        } else {
            "its time is permitted for this device".to_owned()
        };
        let at = |seconds: u64| {
            let time = i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok());
            time.map_or_else(|| format!("{seconds} s"), |time| time.to_string())
        };
        let clocks = match received {
            Some(received) if *clocks_disagree => format!(
                "; the author's clock and ours disagree: signed {}, received {}",
                at(by_author.earliest_seconds()),
                at(*received)
            ),
            _ if *clocks_disagree => "; the author's clock and the ledger's disagree".to_owned(),
            _ => String::new(),
        };
        self.report.event(
            "time",
            &format!("{name}: message {id}: {verdict}{clocks}"),
            json!({
                "author": author.id().to_string(),
                "id": id.to_string(),
                "permitted": !is_outside,
                "clocks_disagree": clocks_disagree,
                "signed": by_author.earliest_seconds(),
                "received": received,
            }),
        );
    }

    fn tell_signed(&self, signed: &Signed, event: &str) {
        let name = display_name(&self.contacts, signed.author.id());
        let vouched = Vouching::Signed;
        let missing = vouched.missing().filter(|_| event == vouched.word());
        let missing = missing.map(|missing| format!(", {missing}")).unwrap_or_default();
        self.report.event(
            event,
            &format!("{event}: {} messages of {name}{missing}", signed.ids.len()),
            json!({
                "author": signed.author.id().to_string(),
                "ids": texts(signed),
                "evidence": hex::encode(&signed.evidence.to_bytes()),
            }),
        );
    }
}

/// A submission under way.
pub(crate) struct Anchoring {
    evidence: Evidence,
    began: Instant,
    task: JoinHandle<Result<Anchored, ClientError>>,
}

/// What [`Desk::finish_anchoring`] needs.
pub(crate) type Answer = ((Evidence, Instant), Result<Anchored, ClientError>);

impl Anchoring {
    /// Waits for the ledger's answer. Safe to give up and to call again.
    pub(crate) async fn wait(&mut self) -> Outcome<Answer> {
        let answer = (&mut self.task)
            .await
            .map_err(|error| Failure::new(Exit::Failure, "ledger", error.to_string()))?;
        Ok(((self.evidence.clone(), self.began), answer))
    }

    async fn finished(mut self) -> Outcome<Answer> {
        self.wait().await
    }
}

fn texts(signed: &Signed) -> Vec<String> {
    signed.ids.iter().map(ToString::to_string).collect()
}

/// The message as a transcript holds it; who reads it writes the names in.
fn line(content: &Content, message: &Message) -> MessageLine {
    let item = message.item();
    let signal = signal::with_message(&item, signal::to_nested_json).unwrap_or_default();
    MessageLine {
        at: String::new(),
        author: String::new(),
        sealed: message.sealed,
        device: message.position.device,
        epoch: message.position.epoch,
        counter: message.position.counter,
        chain: message.chain.to_string(),
        salt: hex::encode(&message.salt.0),
        item: hex::encode(&item.canonical().unwrap_or_default()),
        id: message.id.map(|id| id.to_string()).unwrap_or_default(),
        envelope: hex::encode(&content.envelope),
        signal,
    }
}
