//! A device: keys, sessions, a disk that is always in time, and chance that a seed repeats.

use chappe_codec::account::Account;
use chappe_codec::envelope::OpenError;
use chappe_codec::identity::SoftwareKeys;
use chappe_codec::item::{Item, Reference};
use chappe_codec::key_store::KeyStore;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::session::{Party, Received, Recipient, Sent, Sessions, Steps, Window};

pub(crate) const REALM: Realm = Realm { mode: Mode::Exercise, network: 1 };

/// Octets an envelope may have wherever its length does not matter.
pub(crate) const SPACE: usize = 16_384;

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }

    pub(crate) fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// True in so many of 100.
    pub(crate) const fn percent(&mut self, share: u64) -> bool {
        self.next() % 100 < share
    }
}

pub(crate) struct Device {
    pub(crate) keys: SoftwareKeys,
    pub(crate) me: Party,
    pub(crate) window: Window,
    pub(crate) sessions: Sessions,
    pub(crate) chance: Chance,
    pub(crate) steps: Steps,
}

impl Device {
    pub(crate) fn new(seed: u64, window: Window) -> Self {
        let mut chance = Chance(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let mut keys = SoftwareKeys::from_seeds(&chance.octets(), &chance.octets());
        keys.add_prekey(&chance.octets(), 0);
        let account = Account(chance.octets());
        let me = Party { account, device: 1, identity: keys.identity_key() };
        let sessions = Sessions::new(REALM, me, window);
        Self { keys, me, window, sessions, chance, steps: Steps::default() }
    }

    /// Two who hold each other's cards.
    pub(crate) fn pair(seed: u64, window: Window) -> (Self, Self) {
        let (mut a, mut b) = (Self::new(2 * seed + 1, window), Self::new(2 * seed + 2, window));
        a.admit(&b);
        b.admit(&a);
        (a, b)
    }

    /// Two who have both spoken: chain envelopes from here on.
    pub(crate) fn acquainted(seed: u64, window: Window) -> (Self, Self) {
        let (mut a, mut b) = Self::pair(seed, window);
        for _ in 0..2 {
            a.tell(&mut b);
            b.tell(&mut a);
        }
        (a, b)
    }

    pub(crate) fn admit(&mut self, peer: &Self) {
        self.sessions.admit(&self.keys, &peer.me, None).unwrap();
    }

    /// All sessions forgotten, the peer admitted anew.
    pub(crate) fn anew(&mut self, peer: &Self) {
        self.sessions = Sessions::new(REALM, self.me, self.window);
        self.admit(peer);
    }

    pub(crate) fn recipient(&self, knows_us: bool) -> Recipient {
        Recipient { party: self.me, prekey: self.keys.prekeys()[0], knows_us }
    }

    /// Sees to it that an item can be sealed: reserves, and stores.
    pub(crate) fn prepare(&mut self, to: &Recipient) {
        let chance = &mut self.chance;
        let mut fresh = |out: &mut [u8]| chance.fill(out);
        let reserved =
            self.sessions.reserve(&self.keys, to, 1, self.steps, None, &mut fresh).unwrap();
        if reserved.must_store {
            let snapshot = self.sessions.snapshot(reserved.session).unwrap();
            self.sessions.stored(snapshot);
        }
    }

    pub(crate) fn send(&mut self, to: &Recipient, item: Item<'_>) -> Sent {
        self.prepare(to);
        self.sessions.seal(to, &[item], SPACE).unwrap()
    }

    pub(crate) fn say(&mut self, to: &Recipient) -> Sent {
        self.send(to, Item::text(b"said", Reference::None))
    }

    /// What arrives at once.
    pub(crate) fn tell(&mut self, other: &mut Self) {
        let sent = self.say(&other.recipient(true));
        other.open(&sent.envelope).unwrap();
    }

    pub(crate) fn open(&mut self, envelope: &[u8]) -> Result<Received, OpenError> {
        self.sessions.open(&self.keys, envelope, None)
    }

    /// Octets of its longest snapshot.
    pub(crate) fn snapshot_octets(&self) -> usize {
        let all = self.sessions.all().into_iter();
        all.map(|number| self.sessions.snapshot(number).unwrap().octets().len()).max().unwrap()
    }
}
