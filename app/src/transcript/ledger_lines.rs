//! The lines about statements, receipts and what was decided on them.

use super::shown::{Shown, ShownMessage, ShownSignal, message_id, refused};
use crate::exit::Outcome;
use crate::hex;
use chappe_anchor::receipt::Receipt;
use chappe_codec::id::MessageId;
use chappe_codec::signal::{MessageCode, ReferenceIndicator};
use chappe_codec::statement::Evidence;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer parties than this make no agreement.
const PARTIES_MIN: usize = 2;

/// Q20: a request for area access.
const AREA_ACCESS: u8 = 0x20;

/// Requests by their ids, and the account that received each.
type Requests = BTreeMap<MessageId, [u8; 32]>;

impl Shown {
    /// "the author's signature; the root over ids; every id is a `message` line of this author and
    /// chain, in order".
    pub(super) fn check_statement(
        &mut self,
        author: &str,
        evidence: &str,
        ids: &[String],
    ) -> Outcome<()> {
        let evidence = Evidence::parse(&hex::decode("a statement", evidence)?)?;
        let statement = &evidence.statement;
        statement
            .verify(self.account(author)?.signer_in_force(statement.claim.device)?, self.realm)
            .map_err(|error| refused(&error.to_string()))?;
        let ids = ids.iter().map(|id| message_id(id)).collect::<Outcome<Vec<MessageId>>>()?;
        if !statement.claim.holds(&ids) {
            return Err(refused("the statement is not over these messages"));
        }
        for (id, counter) in ids.iter().zip(statement.claim.first..) {
            let fits = |said: &ShownMessage| {
                said.author == author
                    && said.chain == statement.claim.chain.to_string()
                    && said.counter == counter
            };
            if !self.messages.get(id).is_some_and(fits) {
                return Err(refused("the statement covers a message that was not shown"));
            }
        }
        self.signed.extend(&ids);
        self.statements.insert(statement.hash(), ids);
        Ok(())
    }

    /// "the receipt under the ledger's key; the evidence opens its leaf; the statement is a
    /// `statement` line".
    pub(super) fn check_receipt(
        &mut self,
        author: &str,
        evidence: &str,
        receipt: &str,
    ) -> Outcome<()> {
        let evidence = Evidence::parse(&hex::decode("evidence", evidence)?)?;
        let verified = Receipt::parse(receipt.as_bytes())?
            .verify(std::slice::from_ref(&self.ledger), self.realm)
            .map_err(|error| refused(&error.to_string()))?;
        verified
            .verify_evidence(
                &evidence,
                self.account(author)?.signer(evidence.statement.claim.device)?,
            )
            .map_err(|error| refused(&error.to_string()))?;
        let Some(ids) = self.statements.get(&evidence.statement.hash()) else {
            return Err(refused("the receipt is for a statement that was not shown"));
        };
        self.anchored.extend(ids);
        Ok(())
    }

    /// GO: "one comply, Q20(8), of each of the asked, at least two".
    pub(super) fn check_go(&self, by: &str, because: &[MessageId]) -> Outcome<()> {
        let requests = self.requests(by)?;
        let mut complied = BTreeSet::new();
        for id in because {
            let (said, signal) = self.signal(id)?;
            if !is_answer(signal, ReferenceIndicator::COMPLY)
                || !self.answers(&requests, said, signal)
            {
                return Err(refused("GO rests on something that is not a comply"));
            }
            if !self.signed.contains(id) || !self.anchored.contains(id) {
                return Err(refused("GO rests on a comply that is not signed and anchored"));
            }
            complied.insert(self.account(&said.author)?.account.0);
        }
        let asked: BTreeSet<[u8; 32]> = requests.values().copied().collect();
        if complied != asked || complied.len() < PARTIES_MIN || because.len() != complied.len() {
            return Err(refused("GO without every party"));
        }
        self.check_no_objection(&requests)
    }

    /// "No earlier `message` line is a comply or reject … that refers to anything but one of these
    /// requests, and none is a reject of one of them": a recorder that leaves out whom it did not like
    /// to ask is caught by that party's answer.
    fn check_no_objection(&self, requests: &Requests) -> Outcome<()> {
        for said in self.messages.values() {
            let Some(signal) = &said.signal else { continue };
            let rejects = is_answer(signal, ReferenceIndicator::REJECT);
            let complies = is_answer(signal, ReferenceIndicator::COMPLY);
            if rejects || (complies && !self.answers(requests, said, signal)) {
                return Err(refused("GO although a party rejects, or answers what was not shown"));
            }
        }
        Ok(())
    }

    /// The requests of an account, whichever of its devices made them, and the account that received
    /// each.
    fn requests(&self, by: &str) -> Outcome<Requests> {
        let by = self.account(by)?.account.0;
        let is_own = |said: &ShownMessage| {
            self.accounts.get(&said.author).is_some_and(|author| author.account.0 == by)
                && said
                    .signal
                    .as_ref()
                    .is_some_and(|signal| is_answer(signal, ReferenceIndicator::ORIGINAL))
        };
        let is_at_home = |said: &ShownMessage| {
            self.accounts.get(&said.at).is_some_and(|reader| reader.account.0 == by)
        };
        let own = self.messages.iter().filter(|(_, said)| is_own(said) && !is_at_home(said));
        let requests = own
            .map(|(id, said)| Ok((*id, self.account(&said.at)?.account.0)))
            .collect::<Outcome<Requests>>()?;
        let asked: BTreeSet<&[u8; 32]> = requests.values().collect();
        if asked.len() != requests.len() {
            return Err(refused("one account was asked twice: a decision cannot be told apart"));
        }
        Ok(requests)
    }

    /// WITHDRAWN: "`because` names one reject, Q20(9), signed, of the request its author received".
    pub(super) fn check_withdrawn(&self, by: &str, because: &[MessageId]) -> Outcome<()> {
        let [id] = because else { return Err(refused("WITHDRAWN rests on one reject")) };
        let requests = self.requests(by)?;
        let (said, signal) = self.signal(id)?;
        if !is_answer(signal, ReferenceIndicator::REJECT)
            || !self.answers(&requests, said, signal)
            || !self.signed.contains(id)
        {
            return Err(refused("WITHDRAWN without a signed reject"));
        }
        Ok(())
    }

    /// Whether it refers to the request its author's account received.
    fn answers(&self, requests: &Requests, said: &ShownMessage, signal: &ShownSignal) -> bool {
        let author = self.accounts.get(&said.author).map(|author| author.account.0);
        author.is_some() && requests.get(&signal.referenced).copied() == author
    }

    fn signal(&self, id: &MessageId) -> Outcome<(&ShownMessage, &ShownSignal)> {
        self.messages
            .get(id)
            .and_then(|said| Some((said, said.signal.as_ref()?)))
            .ok_or_else(|| refused("a decision rests on a message that was not shown"))
    }
}

/// Whether a signal is a Q20 with this reference indicator.
fn is_answer(signal: &ShownSignal, indicator: ReferenceIndicator) -> bool {
    signal.code == MessageCode::RequestSignal
        && signal.subject == AREA_ACCESS
        && signal.reference == indicator
}
