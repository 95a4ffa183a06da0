//! What it costs that an author cannot deny: octets a message beyond the message's own envelope, for
//! statements over so many messages, where some envelopes are lost.
//!
//! The statement is sent until it arrives. Who lost messages of its range cannot compute its root, and
//! of the forms there are two help: the lost envelopes again, unchanged (their ids come with them), or a
//! proof of each message that did arrive, which has the statement inside. Both are made, sealed, lost as
//! often as anything else, opened and verified here. That the author learns what arrived is not counted,
//! nor is the recipient's own talk.

use super::device::{Chance, Device, REALM};
use super::figure;
use chappe_codec::account::Account;
use chappe_codec::chain::ChainId;
use chappe_codec::id::MessageId;
use chappe_codec::identity::Signer;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::key_store::KeyStore;
use chappe_codec::session::{Opened, Recipient, Window};
use chappe_codec::statement::{Claim, Proof, Statement};
use chappe_codec::time::TimeInterval;
use std::collections::BTreeMap;

/// Trials of each number and loss.
const TRIALS: u64 = 100;

/// A packed signal in the median (`make bench-codec`), as the text it might be.
const BODY: [u8; 13] = *b"thirteen oct.";

/// Ids by chain and counter.
type Ids = BTreeMap<(ChainId, u32), MessageId>;

/// After so many messages the recipient says something, so that the session goes on.
const ANSWER_AFTER: usize = 8;

#[derive(Default)]
struct Octets {
    statement: usize,
    again: usize,
    proofs: usize,
}

pub(crate) fn measure() {
    for count in [8, 32, 128] {
        for loss in [0, 10, 30] {
            let mut all = Octets::default();
            for trial in 0..TRIALS {
                let one = Trial::new(count, loss, trial).run();
                all.statement += one.statement;
                all.again += one.again;
                all.proofs += one.proofs;
            }
            let messages = (count * TRIALS as usize) as f64;
            let name = |what| format!("{what}, {count}, {loss} %");
            figure(&name("statement"), all.statement as f64 / messages);
            figure(
                &name("statement and lost envelopes"),
                (all.statement + all.again) as f64 / messages,
            );
            figure(&name("proofs"), all.proofs as f64 / messages);
        }
    }
}

struct Trial {
    author: Device,
    reader: Device,
    signer: Signer,
    chance: Chance,
    loss: u64,
    count: usize,
}

impl Trial {
    fn new(count: usize, loss: u64, trial: u64) -> Self {
        let seed = trial + 1_000 * (loss + 100 * count as u64);
        let (author, reader) = Device::acquainted(seed, Window::STATION);
        let account: Account = author.me.account;
        let signer = Signer { account, device: author.me.device, key: author.keys.signing_key() };
        Self { author, reader, signer, chance: Chance(seed), loss, count }
    }

    fn run(mut self) -> Octets {
        let to = self.reader.recipient(true);
        // Ids of all that was said since the last statement; what the reader holds; what was lost.
        let mut said: Ids = BTreeMap::new();
        let mut held: Ids = BTreeMap::new();
        let mut lost = Vec::new();
        for number in 0..self.count {
            let sent = self.author.send(&to, Item::text(&BODY, Reference::None));
            said.extend(ids_of(&sent.said));
            if self.chance.percent(self.loss) {
                lost.push(sent.envelope);
            } else {
                held.extend(self.take(&sent.envelope));
            }
            if number % ANSWER_AFTER == ANSWER_AFTER - 1 {
                let heard = self.reader.say(&self.author.recipient(true));
                if !self.chance.percent(self.loss) {
                    self.author.open(&heard.envelope).unwrap();
                }
            }
        }
        let statements = self.statements(&said);
        let mut octets = Octets::default();
        for statement in &statements {
            octets.proofs += self.prove(&to, statement, &said, &held);
            octets.statement +=
                self.until_it_arrives(&to, Family::STATEMENT, &statement.to_bytes()).0;
        }
        for envelope in lost {
            // The same octets: a relay has them, and the keys of passed-over counters are kept.
            octets.again += envelope.len();
            while self.chance.percent(self.loss) {
                octets.again += envelope.len();
            }
            held.extend(self.take(&envelope));
        }
        for statement in &statements {
            assert!(statement.claim.holds(&covered(statement, &held)));
            statement.verify(&self.signer, REALM).unwrap();
        }
        octets
    }

    /// One, mostly. An envelope of two items is not put across a multiple of 64, and the counter it
    /// leaves out parts two ranges; and silence begins a session, whose chain is another.
    fn statements(&self, said: &Ids) -> Vec<Statement> {
        let mut runs: Vec<(ChainId, u32, Vec<MessageId>)> = Vec::new();
        for ((chain, counter), id) in said {
            match runs.last_mut() {
                Some((of, first, ids)) if of == chain && *first + ids.len() as u32 == *counter => {
                    ids.push(*id);
                }
                _ => runs.push((*chain, *counter, vec![*id])),
            }
        }
        let mut previous = [0; 32];
        let sign = |(chain, first, ids): (ChainId, u32, Vec<MessageId>)| {
            let (account, device) = (self.signer.account.id(), self.signer.device);
            let time = TimeInterval::new(1_790_000_000, 2);
            let claim = Claim::over(account, device, chain, first, &ids, previous, time);
            let statement = claim.unwrap().sign(&self.author.keys, REALM).unwrap();
            previous = statement.hash();
            statement
        };
        runs.into_iter().map(sign).collect()
    }

    fn take(&mut self, envelope: &[u8]) -> Ids {
        ids_of(&self.reader.open(envelope).unwrap().opened)
    }

    /// Octets of a proof of each of the author's words that the reader holds.
    fn prove(&mut self, to: &Recipient, statement: &Statement, said: &Ids, held: &Ids) -> usize {
        let ids = covered(statement, said);
        let mut octets = 0;
        for ((chain, counter), id) in held {
            if *chain != statement.claim.chain {
                continue;
            }
            let Some(proof) = Proof::new(statement.clone(), *counter, &ids) else { continue };
            let (sealed, body) = self.until_it_arrives(to, Family::PROOF, &proof.to_bytes());
            Proof::parse(&body).unwrap().verify(id, &self.signer, REALM).unwrap();
            octets += sealed;
        }
        octets
    }

    /// The octets of all envelopes until one arrives, and what it brought; without the octets of steps
    /// of the ratchet that went along.
    fn until_it_arrives(
        &mut self,
        to: &Recipient,
        family: Family,
        body: &[u8],
    ) -> (usize, Vec<u8>) {
        let mut octets = 0;
        let item = Item { family, revision: 0, reference: Reference::None, body };
        loop {
            let sent = self.author.send(to, item.clone());
            let all = sent.said.every_message();
            let alone = sent.envelope.len();
            // Several items have two octets of length each.
            let steps: usize = all[1..].iter().map(|m| m.item.body.len() + 4).sum();
            octets += alone - steps - if all.len() > 1 { 2 } else { 0 };
            if self.chance.percent(self.loss) {
                self.reader.tell(&mut self.author);
                continue;
            }
            let received = self.reader.open(&sent.envelope).unwrap();
            self.reader.tell(&mut self.author);
            return (octets, received.opened.messages()[0].item.body.to_vec());
        }
    }
}

fn ids_of(opened: &Opened) -> Ids {
    let all = opened.every_message();
    all.iter().map(|m| ((opened.chain(), m.counter), m.id.unwrap())).collect()
}

/// Those ids that are in a statement's range.
fn covered(statement: &Statement, all: &Ids) -> Vec<MessageId> {
    let claim = &statement.claim;
    let end = claim.first + u32::from(claim.count);
    all.range((claim.chain, claim.first)..(claim.chain, end)).map(|(_, id)| *id).collect()
}
