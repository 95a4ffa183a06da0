//! A device: keys in memory, sessions, and a disk that keeps what was stored.

use chappe_codec::account::Account;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::SoftwareKeys;
use chappe_codec::item::{Item, Reference};
use chappe_codec::key_store::KeyStore;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{
    Event, Party, Received, Recipient, Remembered, SealError, Sent, SessionNumber, Sessions, Steps,
    Window,
};
use std::collections::BTreeMap;

pub(crate) const LIVE: Realm = Realm { mode: Mode::Live, network: 1 };

/// Where everything random of a test comes from: SplitMix64, so that a failure can be replayed.
#[derive(Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// The same, eight octets a draw.
    pub(crate) fn fill_words(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }

    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        out.iter_mut().for_each(|octet| *octet = self.next() as u8);
    }
}

/// A device's keys, drawn by chance.
fn drawn_keys(chance: &mut Chance) -> SoftwareKeys {
    let (signing, identity) = (drawn(chance), drawn(chance));
    let mut keys = SoftwareKeys::from_seeds(&signing, &identity);
    keys.add_prekey(&drawn(chance), 0);
    keys
}

pub(crate) fn drawn(chance: &mut Chance) -> [u8; 32] {
    let mut seed = [0; 32];
    chance.fill(&mut seed);
    seed
}

pub(crate) struct Device {
    pub(crate) keys: SoftwareKeys,
    pub(crate) me: Party,
    pub(crate) realm: Realm,
    pub(crate) window: Window,
    pub(crate) sessions: Sessions,
    pub(crate) chance: Chance,
    pub(crate) now: Option<u64>,
    /// Whether every refusal is checked to have changed nothing: all snapshots, before and after.
    pub(crate) is_watched: bool,
    /// On the disk: snapshots, what is remembered, whom it knows.
    pub(crate) disk: BTreeMap<SessionNumber, Vec<u8>>,
    pub(crate) remembered: Vec<Remembered>,
    pub(crate) known: Vec<Party>,
}

impl Device {
    pub(crate) fn new(number: u64, window: Window) -> Self {
        let mut chance = Chance(number.wrapping_mul(0xD134_2543_DE82_EF95));
        let keys = drawn_keys(&mut chance);
        let account = Account::of_key(&keys.signing_key());
        let me = Party { account, device: 1, identity: keys.identity_key() };
        let sessions = Sessions::new(LIVE, me, window);
        let (disk, remembered, known) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            keys,
            me,
            realm: LIVE,
            window,
            sessions,
            chance,
            now: None,
            is_watched: true,
            disk,
            remembered,
            known,
        }
    }

    /// Two who hold each other's cards.
    pub(crate) fn pair(number: u64, window: Window) -> (Self, Self) {
        let (mut a, mut b) = (Self::new(2 * number + 1, window), Self::new(2 * number + 2, window));
        a.admit(b.me);
        b.admit(a.me);
        (a, b)
    }

    pub(crate) fn admit(&mut self, peer: Party) {
        let events = self.sessions.admit(&self.keys, &peer, self.now).unwrap();
        self.note(&events);
        self.known.push(peer);
    }

    pub(crate) fn recipient(&self, knows_us: bool) -> Recipient {
        Recipient { party: self.me, prekey: self.keys.prekeys()[0], knows_us }
    }

    pub(crate) fn store(&mut self, number: SessionNumber) {
        let snapshot = self.sessions.snapshot(number).unwrap();
        self.disk.insert(number, snapshot.octets().to_vec());
        self.sessions.stored(snapshot);
    }

    pub(crate) fn note(&mut self, events: &[Event]) {
        for event in events {
            match event {
                // It may have gone since.
                Event::Ended(number) if self.sessions.snapshot(*number).is_some() => {
                    self.store(*number);
                }
                Event::Forgotten(number) => drop(self.disk.remove(number)),
                _ => {}
            }
        }
    }

    /// Reserves, stores, seals.
    pub(crate) fn send_with(
        &mut self,
        to: &Recipient,
        items: &[Item<'_>],
        space: usize,
        steps: Steps,
    ) -> Result<Sent, SealError> {
        self.prepare(to, items.len(), steps)?;
        self.sessions.seal(to, items, space)
    }

    /// The same for a relay.
    pub(crate) fn send_padded(
        &mut self,
        to: &Recipient,
        items: &[Item<'_>],
    ) -> Result<Sent, SealError> {
        self.prepare(to, items.len(), Steps::default())?;
        self.sessions.seal_padded(to, items)
    }

    fn prepare(&mut self, to: &Recipient, items: usize, steps: Steps) -> Result<(), SealError> {
        let chance = &mut self.chance;
        let mut fresh = |out: &mut [u8]| chance.fill(out);
        let reserved =
            self.sessions.reserve(&self.keys, to, items.max(1), steps, self.now, &mut fresh)?;
        self.note(&reserved.events);
        if reserved.must_store {
            self.store(reserved.session);
        }
        Ok(())
    }

    pub(crate) fn send(&mut self, to: &Recipient, body: &[u8]) -> Sent {
        let item = Item::text(body, Reference::None);
        self.send_with(to, &[item], 16_384, Steps::default()).unwrap()
    }

    /// Opens and, in one step with what is delivered, stores.
    pub(crate) fn receive(&mut self, envelope: &[u8]) -> Result<Received, OpenError> {
        let before = self.is_watched.then(|| self.octets());
        match self.sessions.open(&self.keys, envelope, self.now) {
            Ok(received) => {
                self.note(&received.events);
                self.remembered.extend(received.remembered);
                if self.sessions.snapshot(received.session).is_some() {
                    self.store(received.session);
                }
                Ok(received)
            }
            Err(error) => {
                if let Some(before) = before {
                    assert_eq!(self.octets(), before, "{error} has changed something");
                }
                Err(error)
            }
        }
    }

    /// Everything the sessions hold, as octets.
    pub(crate) fn octets(&self) -> Vec<Vec<u8>> {
        let all = self.sessions.all().into_iter().chain(self.sessions.ended());
        let mut octets: Vec<Vec<u8>> =
            all.map(|n| self.sessions.snapshot(n).unwrap().octets().to_vec()).collect();
        octets.push(format!("{:?}", self.sessions.size()).into_bytes());
        octets
    }

    /// Stops without warning and starts from the disk.
    pub(crate) fn reboot(&mut self) {
        let disk = self.disk.values().map(Vec::as_slice);
        self.sessions = Sessions::resume(self.realm, self.me, self.window, disk).unwrap();
        self.start();
    }

    /// Starts from a backup: "a backup holds neither sessions nor prekeys".
    pub(crate) fn put_back(&mut self) {
        self.disk.clear();
        self.remembered.clear();
        self.keys.destroy_old_prekeys(u64::MAX);
        self.keys.add_prekey(&drawn(&mut self.chance), 0);
        self.sessions = Sessions::new(self.realm, self.me, self.window);
        self.start();
    }

    fn start(&mut self) {
        for party in self.known.clone() {
            self.sessions.admit(&self.keys, &party, self.now).unwrap();
        }
        for remembered in &self.remembered {
            self.sessions.remember(*remembered);
        }
    }
}

pub(crate) fn bodies(received: &Received) -> Vec<Vec<u8>> {
    received.opened.messages().iter().map(|m| m.item.body.to_vec()).collect()
}
