//! Asking for what statements cover and this device does not have, and answering who asks
//! (spec/04-statement.md, "Asking for what is missing").

use super::Device;
use super::contacts::Contact;
use super::received::Received;
use super::sent::{Answer, Audience, Sent, Written};
use super::station::{Arrival, Asked};
use crate::exit::{Exit, Outcome};
use chappe_codec::account::Account;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::precedence::Precedence;
use chappe_codec::statement::Request;
use std::collections::{BTreeMap, VecDeque};

/// "After one minute for the first time": what is missing may still be under way.
const FIRST_AFTER_SECONDS: u64 = 60;

/// "Each time four times as long after the last."
const LONGER_EACH_TIME: u64 = 4;

/// "Six times in all."
const ASKED_TIMES_MAX: u32 = 6;

/// Statements asked about at once; the others have their turn next.
const INQUIRIES_AT_ONCE: usize = 4;

/// Requests answered to one device within [`ANSWERS_WITHIN_SECONDS`].
const ANSWERS_MAX: u32 = 32;
const ANSWERS_WITHIN_SECONDS: u64 = 3600;

/// Requests that wait for their answer; further ones are not answered.
const WAITING_MAX: usize = 64;

/// How often something was asked for, and when last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    times: u32,
    last: u64,
}

impl Patience {
    /// Whether it is to be asked for again; what lacks it was received at that time.
    pub(super) fn is_over(self, received: Option<u64>, now: u64) -> bool {
        if self.times >= ASKED_TIMES_MAX {
            return false;
        }
        let since = if self.times == 0 { received.unwrap_or(0) } else { self.last };
        let pause = FIRST_AFTER_SECONDS.saturating_mul(LONGER_EACH_TIME.saturating_pow(self.times));
        now >= since.saturating_add(pause)
    }

    pub(super) fn ask(&mut self, now: u64) {
        (self.times, self.last) = (self.times.saturating_add(1), now);
    }
}

/// What others asked for.
#[derive(Debug, Default)]
pub(crate) struct Inquiries {
    waiting: VecDeque<Asked>,
    /// By device: since when answers are counted, and how many there were.
    answered: BTreeMap<(Account, u8), (u64, u32)>,
}

impl Inquiries {
    /// Takes down what is asked for.
    pub(crate) fn heard(&mut self, arrivals: &[Arrival]) {
        for arrival in arrivals {
            if let Arrival::Asked(asked) = arrival
                && self.waiting.len() < WAITING_MAX
                && !self.waiting.contains(asked)
            {
                self.waiting.push_back(*asked.clone());
            }
        }
    }

    /// Whether there is nothing to ask for and nothing to answer.
    pub(crate) fn is_idle(&self, received: &Received<'_>, now: u64) -> bool {
        self.waiting.is_empty() && received.wanted(now).is_empty()
    }

    /// Writes what is to be asked for and answered by now: sealed, each to one contact.
    pub(crate) fn write(
        &mut self,
        device: &Device,
        received: &mut Received<'_>,
        sent: &mut Sent<'_>,
        now: u64,
    ) -> Outcome<Vec<(Contact, Written)>> {
        let contacts = device.contacts()?;
        let find = |account: Account, number: u8| {
            let is_it =
                |one: &&Contact| (one.card.account(), one.card.device()) == (account, number);
            contacts.iter().find(is_it).cloned()
        };
        let mut written = Vec::new();
        for missing in received.wanted(now).into_iter().take(INQUIRIES_AT_ONCE) {
            // Also where nobody can be asked: it is not looked for again at once.
            received.asks(&missing, now)?;
            let Some(contact) = find(missing.author, missing.device) else { continue };
            let bodies: Vec<Vec<u8>> = missing.requests.iter().map(Request::to_bytes).collect();
            let items: Vec<Item<'_>> =
                bodies.iter().map(|body| item(Family::REQUEST, body)).collect();
            written.extend(say(sent, &contact, &items)?.map(|said| (contact, said)));
        }
        while let Some(asked) = self.waiting.pop_front() {
            let Some(contact) = find(asked.account, asked.device) else { continue };
            if !self.may_answer(&asked, now) {
                continue;
            }
            for Answer { family, body } in sent.answers(&asked.request, &contact.name) {
                let items = [item(family, &body)];
                written.extend(say(sent, &contact, &items)?.map(|said| (contact.clone(), said)));
            }
        }
        Ok(written)
    }

    /// "At most 32 requests of one device within an hour."
    fn may_answer(&mut self, asked: &Asked, now: u64) -> bool {
        self.answered.retain(|_, (since, _)| now < since.saturating_add(ANSWERS_WITHIN_SECONDS));
        let (_, count) = self.answered.entry((asked.account, asked.device)).or_insert((now, 0));
        *count = count.saturating_add(1);
        *count <= ANSWERS_MAX
    }
}

/// Seals items to a contact; `None` where nothing can be said to it, such as to a revoked device.
fn say(sent: &mut Sent<'_>, contact: &Contact, items: &[Item<'_>]) -> Outcome<Option<Written>> {
    let (name, card) = (contact.name.clone(), Box::new(contact.card.clone()));
    let audience = Audience::Contact { name, card };
    match sent.write_unprompted(&audience, Precedence::Routine, items) {
        Ok(written) => Ok(Some(written)),
        Err(failure) if failure.exit == Exit::Authentication => Ok(None),
        Err(failure) => Err(failure),
    }
}

const fn item(family: Family, body: &[u8]) -> Item<'_> {
    Item { family, revision: 0, reference: Reference::None, body }
}
