//! What a person is told of relays and of what is missing (spec/06-relay.md, "What a relay withholds" and
//! "What did not arrive").

use super::Reader;
use crate::clock;
use crate::device::contacts::{Contact, display_name};
use crate::device::watch::Reading;
use crate::device::watch::flashes::{RelayKey, Withheld};
use crate::device::watch::gaps::{Closing, Lacking, Sender};
use crate::exit::{Exit, Outcome};
use crate::hex;
use crate::network::NamedRelay;
use chappe_codec::chain::ChainId;
use chappe_relay::ParcelId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Runs of numbers that are said to a person; a program is told all.
const RUNS_SAID: usize = 8;

impl Reader<'_> {
    /// "A program says so of a FLASH that one home gave out when the other homes … were read to their end
    /// since … and none of them had it." `is_read` says of a relay whether it was read since a time.
    pub(super) fn tell_withheld(
        &mut self,
        is_read: &dyn Fn(&RelayKey, u64) -> bool,
    ) -> Outcome<()> {
        let homes: BTreeSet<RelayKey> = self.keys().into_iter().collect();
        if homes.len() < 2 {
            return Ok(());
        }
        for withheld in self.received.withheld(&homes, is_read, clock::now_seconds()) {
            self.tell_one_withheld(&withheld);
            self.received.told_withheld(&withheld.ids)?;
        }
        Ok(())
    }

    fn tell_one_withheld(&self, withheld: &Withheld) {
        let had = self.name_of_key(&withheld.had);
        let lacked: Vec<String> = withheld.lacked.iter().map(|key| self.name_of_key(key)).collect();
        let ids: Vec<String> = withheld.ids.iter().map(ParcelId::short).collect();
        self.report.event(
            "withheld",
            &format!(
                "WARNING: FLASH parcels {} came from one of your home relays only, {had}. They were not \
                 at {}: it withholds them or is late, or their sender did not reach it",
                ids.join(", "),
                lacked.join(" nor at "),
            ),
            json!({
                "ids": withheld.ids.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "had": hex::encode(&withheld.had),
                "lacked": keys(&withheld.lacked),
            }),
        );
    }

    pub(super) fn tell_late(&self, relay: &NamedRelay, id: ParcelId) {
        let name = relay.to_string();
        self.report.event(
            "late",
            &format!("{name} has the FLASH parcel {} now, too", id.short()),
            json!({"id": id.to_string(), "relay": name}),
        );
    }

    /// One line a sender: what did not arrive, and what is not missing any more. What was said to be missing
    /// since this began is said again only at the last, when all is.
    pub(super) fn tell_missing(
        &mut self,
        read: &[RelayKey],
        noticed_by: u64,
        is_last: bool,
    ) -> Outcome<()> {
        let homes = self.homes()?;
        let home_keys: Vec<RelayKey> = homes.iter().map(|home| home.key.to_bytes()).collect();
        let (began, now) = (self.began, clock::now_seconds());
        let reading = Reading { read, homes: &home_keys, began, noticed_by, now };
        if !self.received.has_no_gaps() {
            let closed = match self.received.closed_gaps(&reading) {
                // Another chappe has the sessions; it is looked again.
                Err(failure) if failure.exit == Exit::TryLater => return Ok(()),
                closed => closed?,
            };
            let contacts = self.received.station.contacts();
            for ((sender, how), lacking) in &closed {
                self.tell_closed(&contacts, sender, *how, lacking);
            }
            self.received.told_closed(now)?;
            // Only of what is open still it matters that it was mentioned.
            let mentioned = std::mem::take(&mut self.mentioned);
            for (sender, lacking) in &self.received.open_gaps(&reading)? {
                let is_mentioned = lacking.counters.is_subset(&mentioned);
                self.mentioned.extend(&lacking.counters);
                if is_last || !is_mentioned {
                    self.tell_open(&contacts, (sender, lacking), &homes, read);
                }
            }
        }
        self.received.has_read(&reading)
    }

    fn tell_open(
        &self,
        contacts: &[Contact],
        (sender, lacking): (&Sender, &Lacking),
        homes: &[NamedRelay],
        read: &[RelayKey],
    ) {
        let name = name_of(contacts, sender);
        let key = |home: &NamedRelay| home.key.to_bytes();
        let (read, unread): (Vec<&NamedRelay>, Vec<&NamedRelay>) =
            homes.iter().partition(|home| read.contains(&key(home)));
        let present: BTreeSet<RelayKey> = homes.iter().map(key).collect();
        let former = lacking.homes.difference(&present).map(name_of_relay).collect();
        let named = |these: &[&NamedRelay]| these.iter().map(ToString::to_string).collect();
        let places: [(Vec<String>, &str); 3] = [
            (named(&read), "and not given out"),
            (named(&unread), "which could not be read"),
            (former, "which is no home relay of yours any more"),
        ];
        let places = places.iter().filter(|(names, _)| !names.is_empty());
        let place =
            |(names, what): &(Vec<String>, &str)| format!("at {}, {what}", names.join(" or "));
        let places: Vec<String> = places.map(place).collect();
        let mut fields = fields(&name, sender, lacking);
        fields.insert("homes".to_owned(), keys(&lacking.homes).into());
        let unread = unread.into_iter().map(key).collect();
        fields.insert("unread".to_owned(), keys(&unread).into());
        self.report.event(
            "not-arrived",
            &format!(
                "{name}: {} did not arrive, missed since {}: perhaps {}; or still with the sender, or lost \
                 on the way",
                numbers(lacking),
                time(lacking.since),
                places.join("; or "),
            ),
            Value::Object(fields),
        );
    }

    fn tell_closed(&self, contacts: &[Contact], sender: &Sender, how: Closing, lacking: &Lacking) {
        let name = name_of(contacts, sender);
        let (event, what) = match how {
            Closing::Arrived => ("arrived", "arrived in the end"),
            Closing::GivenUp => (
                "given-up",
                "given up: it could not be opened any more if it came, or may have expired before it \
                 could be read",
            ),
            Closing::NeverSaid => ("never-said", "never said, as their sender's signature tells"),
        };
        let (numbers, since) = (numbers(lacking), time(lacking.since));
        let text = format!("{name}: {numbers}, missed since {since}: {what}");
        self.report.event(event, &text, Value::Object(fields(&name, sender, lacking)));
    }

    /// The home relays; where a person named a relay and there are none, that one.
    fn homes(&self) -> Outcome<Vec<NamedRelay>> {
        if self.sources.named.is_none() {
            return Ok(self.sources.relays.clone());
        }
        let homes = NamedRelay::of(self.device, self.device.homes()?.as_slice())?;
        Ok(if homes.is_empty() { self.sources.relays.clone() } else { homes })
    }

    fn name_of_key(&self, key: &RelayKey) -> String {
        let mut relays = self.sources.relays.iter();
        let relay = relays.find(|relay| relay.key.to_bytes() == *key);
        relay.map_or_else(|| name_of_relay(key), ToString::to_string)
    }
}

/// As the contact is called whose device it is.
fn name_of(contacts: &[Contact], sender: &Sender) -> String {
    let contact = contacts.iter().find(|contact| sender.is_of(contact));
    contact
        .map_or_else(|| display_name(contacts, sender.account.id()), |contact| contact.name.clone())
}

/// One of which nothing but its key is known.
fn name_of_relay(key: &RelayKey) -> String {
    format!("relay {}…", hex::encode(key).get(..8).unwrap_or_default())
}

/// How many, and which, for a person: "2 messages (numbers 4 and 7)".
fn numbers(lacking: &Lacking) -> String {
    let all: Vec<(u32, u32)> = runs(lacking).into_values().flatten().collect();
    let word = |(first, last): &(u32, u32)| match last.saturating_sub(*first) {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    let mut said: Vec<String> = all.iter().take(RUNS_SAID).map(word).collect();
    if all.len() > RUNS_SAID {
        said.push("more".to_owned());
    }
    match lacking.counters.len() {
        1 => format!("1 message (number {})", said.join("")),
        count => format!("{count} messages (numbers {})", said.join(", ")),
    }
}

/// First and last of consecutive counters, by chain.
fn runs(lacking: &Lacking) -> BTreeMap<ChainId, Vec<(u32, u32)>> {
    let mut runs: BTreeMap<ChainId, Vec<(u32, u32)>> = BTreeMap::new();
    for (chain, counter) in &lacking.counters {
        let of_chain = runs.entry(*chain).or_default();
        match of_chain.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*counter) => *last = *counter,
            _ => of_chain.push((*counter, *counter)),
        }
    }
    runs
}

fn fields(name: &str, sender: &Sender, lacking: &Lacking) -> Map<String, Value> {
    let chain = |(chain, runs): (ChainId, Vec<(u32, u32)>)| json!({"chain": chain.to_string(), "counters": runs});
    let chains: Vec<Value> = runs(lacking).into_iter().map(chain).collect();
    let fields = [
        ("name", name.into()),
        ("author", sender.account.id().to_string().into()),
        ("device", sender.device.into()),
        ("messages", lacking.counters.len().into()),
        ("since", lacking.since.into()),
        ("chains", chains.into()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn keys(relays: &BTreeSet<RelayKey>) -> Vec<String> {
    relays.iter().map(|key| hex::encode(key)).collect()
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|s| Timestamp::from_second(s).ok());
    time.map_or_else(|| format!("{seconds} s"), |time| time.to_string())
}
