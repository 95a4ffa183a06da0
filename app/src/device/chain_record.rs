//! What is known of one chain of another device: its messages' ids, what signs them, and what is
//! missing (spec/04-statement.md).

use super::content::Message;
use super::judging::Validity;
use super::station::{Arrival, Retimed, Signed};
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Timing;
use chappe_codec::limits::MISSING_IDS_MAX;
use chappe_codec::statement::{Evidence, Ids, Proof, Request, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Statements kept for a chain while messages they cover are still missing.
const PENDING_STATEMENTS_MAX: usize = 64;

/// Proofs kept for a chain while their messages are still missing.
const PENDING_PROOFS_MAX: usize = 64;

/// Requests of one kind sent at once for one statement.
const REQUESTS_AT_ONCE: usize = 4;

/// What is known of one chain.
#[derive(Debug)]
pub(super) struct ChainRecord {
    author: Account,
    pub(super) sealed: bool,
    /// Of messages received.
    ids: BTreeMap<u32, MessageId>,
    /// Of messages that were not, as somebody named them: they count where a statement's root says
    /// that they are right.
    named: BTreeMap<u32, MessageId>,
    /// Of messages received under a certificate.
    times: BTreeMap<u32, Told>,
    /// By first counter: what the author signed, verified against the ids.
    signed: BTreeMap<u32, Stated>,
    /// Counters of messages of which a proof held.
    proved: BTreeSet<u32>,
    pending: Vec<Stated>,
    proofs: Vec<(Proof, Option<u64>)>,
}

/// A statement that verified.
#[derive(Debug, Clone)]
struct Stated {
    evidence: Evidence,
    /// When it was received, by this device's clock if it has one.
    received: Option<u64>,
}

/// When a message was received, and how its time stands to its device's certificate.
#[derive(Debug, Clone, Copy)]
struct Told {
    received: Option<u64>,
    validity: Validity,
    is_outside: bool,
    clocks_disagree: bool,
}

/// What a statement covers and this device does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// The statement's hash.
    pub(crate) statement: [u8; 32],
    /// When it was received.
    pub(crate) received: Option<u64>,
    pub(crate) author: Account,
    pub(crate) device: u8,
    /// What to ask for.
    pub(crate) requests: Vec<Request>,
}

/// When a statement was anchored, if it was.
pub(super) type AnchoredAt<'a> = &'a dyn Fn(&Statement) -> Option<u64>;

impl ChainRecord {
    pub(super) const fn of(author: Account) -> Self {
        Self {
            author,
            sealed: false,
            ids: BTreeMap::new(),
            named: BTreeMap::new(),
            times: BTreeMap::new(),
            signed: BTreeMap::new(),
            proved: BTreeSet::new(),
            pending: Vec::new(),
            proofs: Vec::new(),
        }
    }

    /// A message was received, under a certificate that holds so long, if one was held.
    pub(super) fn receive(
        &mut self,
        counter: u32,
        id: MessageId,
        received: Option<u64>,
        validity: Option<Validity>,
    ) {
        self.ids.insert(counter, id);
        self.named.remove(&counter);
        if let Some(validity) = validity {
            let is_outside = validity.excludes(Timing::unsigned(received).counting().time);
            let told = Told { received, validity, is_outside, clocks_disagree: false };
            self.times.insert(counter, told);
        }
    }

    /// A statement of the chain verified.
    pub(super) fn state(&mut self, evidence: Evidence, received: Option<u64>) {
        let is_known = self.pending.iter().any(|known| known.evidence == evidence);
        if !is_known && self.pending.len() < PENDING_STATEMENTS_MAX {
            self.pending.push(Stated { evidence, received });
        }
    }

    /// The statement of a proof verified.
    pub(super) fn prove(&mut self, proof: Proof, received: Option<u64>) {
        if !self.pending.iter().any(|known| known.evidence.statement == proof.statement) {
            self.state(Evidence { statement: proof.statement.clone(), salt: None }, received);
        }
        if self.proofs.len() < PENDING_PROOFS_MAX {
            self.proofs.push((proof, received));
        }
    }

    /// Somebody named ids. Those no pending statement covers are nothing.
    pub(super) fn name(&mut self, ids: &Ids) {
        for (counter, id) in ids.iter() {
            let mut ranges = self.pending.iter().map(|stated| range(&stated.evidence.statement));
            if !self.ids.contains_key(&counter) && ranges.any(|range| holds(&range, counter)) {
                self.named.insert(counter, id);
            }
        }
    }

    /// Looks again at the statements and proofs that waited for messages.
    pub(super) fn settle(&mut self, anchored: AnchoredAt<'_>) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for stated in std::mem::take(&mut self.pending) {
            match self.judge(&stated.evidence) {
                Judgement::Waiting => self.pending.push(stated),
                Judgement::Known => {}
                Judgement::Holds => {
                    let counters = self.received(&stated.evidence.statement);
                    let ids = counters.iter().map(|(_, id)| *id).collect();
                    arrivals.push(Arrival::Signed(self.signed(&stated.evidence, ids)));
                    let first = stated.evidence.statement.claim.first;
                    let at = anchored(&stated.evidence.statement);
                    arrivals.extend(self.look_at_times(&stated, &counters, at));
                    self.signed.insert(first, stated);
                }
                Judgement::Contradicts(ids) => {
                    arrivals.push(Arrival::Contradiction(self.signed(&stated.evidence, ids)));
                }
            }
        }
        for (proof, received) in std::mem::take(&mut self.proofs) {
            arrivals.extend(self.settle_proof(proof, received, anchored));
        }
        arrivals
    }

    /// Looks again at the times of what a statement signed that is anchored now.
    pub(super) fn anchored(&mut self, statement: &Statement, at: u64) -> Vec<Arrival> {
        let known = self.signed.values().chain(&self.pending);
        let stated = known.into_iter().find(|known| known.evidence.statement == *statement);
        let Some(stated) = stated.cloned() else { return Vec::new() };
        let is_whole = self.signed.values().any(|known| known.evidence.statement == *statement);
        let mut counters = self.received(statement);
        counters.retain(|(counter, _)| is_whole || self.proved.contains(counter));
        self.look_at_times(&stated, &counters, Some(at))
    }

    /// What is missing for the signatures of messages that were received: few ids that were not, or
    /// else a proof of each message that was (spec/04-statement.md, "Asking for what is missing").
    pub(super) fn missing(&self, chain: ChainId) -> Vec<Missing> {
        let account = self.author.id();
        let requests = |statement: &Statement| -> Vec<Request> {
            let received = self.received(statement);
            let vouched = |counter: &u32| self.is_signed(*counter);
            let unsigned: Vec<u32> =
                received.iter().map(|(counter, _)| *counter).filter(|c| !vouched(c)).collect();
            if unsigned.is_empty() {
                return Vec::new();
            }
            let count = usize::from(statement.claim.count).saturating_sub(received.len());
            let runs = self.missing_runs(statement);
            if count <= usize::from(MISSING_IDS_MAX) && runs.len() <= REQUESTS_AT_ONCE {
                let ask =
                    |(first, count): &(u32, u16)| Request::ids(account, chain, *first, *count);
                return runs.iter().filter_map(ask).collect();
            }
            let ask = |counter: &u32| Request::Proof { account, chain, counter: *counter };
            unsigned.iter().take(REQUESTS_AT_ONCE).map(ask).collect()
        };
        let missing = self.pending.iter().map(|stated| Missing {
            statement: stated.evidence.statement.hash(),
            received: stated.received,
            author: self.author,
            device: stated.evidence.statement.claim.device,
            requests: requests(&stated.evidence.statement),
        });
        missing.filter(|missing| !missing.requests.is_empty()).collect()
    }

    /// First counter and length of each run of ids that are neither received nor named.
    fn missing_runs(&self, statement: &Statement) -> Vec<(u32, u16)> {
        let mut runs: Vec<(u32, u16)> = Vec::new();
        for counter in range(statement) {
            let Ok(counter) = u32::try_from(counter) else { break };
            if self.ids.contains_key(&counter) || self.named.contains_key(&counter) {
                continue;
            }
            match runs.last_mut() {
                Some((first, count)) if first.checked_add((*count).into()) == Some(counter) => {
                    *count = count.saturating_add(1);
                }
                _ => runs.push((counter, 1)),
            }
        }
        runs
    }

    fn is_signed(&self, counter: u32) -> bool {
        let mut signed = self.signed.values();
        self.proved.contains(&counter)
            || signed.any(|stated| holds(&range(&stated.evidence.statement), counter))
    }

    /// The messages of a statement that were received.
    fn received(&self, statement: &Statement) -> Vec<(u32, MessageId)> {
        let ids = self.ids.range(statement.claim.first..);
        let ids = ids.take_while(|(counter, _)| holds(&range(statement), **counter));
        ids.map(|(counter, id)| (*counter, *id)).collect()
    }

    fn judge(&mut self, evidence: &Evidence) -> Judgement {
        let statement = &evidence.statement;
        let received: Vec<MessageId> =
            self.received(statement).into_iter().map(|(_, id)| id).collect();
        if self.signed.values().any(|known| known.evidence.statement == *statement) {
            return Judgement::Known;
        }
        // Two that overlap are evidence against their author (spec/04-statement.md).
        if self.signed.values().any(|known| known.evidence.statement.contradicts(statement)) {
            return Judgement::Contradicts(received);
        }
        let count = usize::from(statement.claim.count);
        if received.len() == count {
            let holds = statement.claim.holds(&received);
            return if holds { Judgement::Holds } else { Judgement::Contradicts(received) };
        }
        let all: Option<Vec<MessageId>> =
            range(statement).map(|counter| self.id_of(u32::try_from(counter).ok()?)).collect();
        let Some(all) = all else { return Judgement::Waiting };
        if statement.claim.holds(&all) {
            return Judgement::Holds;
        }
        // What somebody named is nobody's word: it says nothing against the author.
        self.named.retain(|counter, _| !holds(&range(statement), *counter));
        Judgement::Waiting
    }

    fn id_of(&self, counter: u32) -> Option<MessageId> {
        self.ids.get(&counter).or_else(|| self.named.get(&counter)).copied()
    }

    fn settle_proof(
        &mut self,
        proof: Proof,
        received: Option<u64>,
        anchored: AnchoredAt<'_>,
    ) -> Vec<Arrival> {
        let counter = proof.counter;
        if self.is_signed(counter) {
            return Vec::new();
        }
        let Some(id) = self.ids.get(&counter).copied() else {
            self.proofs.push((proof, received));
            return Vec::new();
        };
        let known = self.signed.values();
        let contradicts = |known: &Stated| known.evidence.statement.contradicts(&proof.statement);
        if !proof.leads_from(&id) || known.into_iter().any(contradicts) {
            return Vec::new();
        }
        self.proved.insert(counter);
        let evidence = Evidence { statement: proof.statement, salt: None };
        let mut arrivals = vec![Arrival::Signed(self.signed(&evidence, vec![id]))];
        let at = anchored(&evidence.statement);
        arrivals.extend(self.look_at_times(&Stated { evidence, received }, &[(counter, id)], at));
        arrivals
    }

    /// "Only its time is looked at again … if the answer is another, that is told"
    /// (spec/10-identity.md, "What a certificate limits").
    fn look_at_times(
        &mut self,
        stated: &Stated,
        counters: &[(u32, MessageId)],
        anchored: Option<u64>,
    ) -> Vec<Arrival> {
        let claim = &stated.evidence.statement.claim;
        let mut arrivals = Vec::new();
        for (counter, id) in counters {
            let Some(told) = self.times.get_mut(counter) else { continue };
            let timing = Timing {
                author: claim.time,
                received: told.received,
                stated: stated.received,
                anchored,
            };
            let counting = timing.counting();
            let is_outside = told.validity.excludes(counting.time);
            let now = (is_outside, counting.clocks_disagree);
            if now == (told.is_outside, told.clocks_disagree) {
                continue;
            }
            (told.is_outside, told.clocks_disagree) = now;
            arrivals.push(Arrival::Retimed(Box::new(Retimed {
                author: self.author,
                id: *id,
                is_outside,
                clocks_disagree: counting.clocks_disagree,
                by_author: claim.time,
                received: told.received,
            })));
        }
        arrivals
    }

    fn signed(&self, evidence: &Evidence, ids: Vec<MessageId>) -> Box<Signed> {
        let (author, sealed, evidence) = (self.author, self.sealed, evidence.clone());
        Box::new(Signed { author, sealed, evidence, ids })
    }
}

/// How a statement stands to the messages received.
enum Judgement {
    Waiting,
    Known,
    Holds,
    Contradicts(Vec<MessageId>),
}

/// The counters a statement is over; the one behind the last may be 2^32.
fn range(statement: &Statement) -> Range<u64> {
    let first = u64::from(statement.claim.first);
    first..first.saturating_add(u64::from(statement.claim.count))
}

fn holds(range: &Range<u64>, counter: u32) -> bool {
    range.contains(&u64::from(counter))
}

/// What a message's counter and id are, if it has one.
pub(super) fn place_of(message: &Message) -> Option<(u32, MessageId)> {
    Some((message.position.counter, message.id?))
}
