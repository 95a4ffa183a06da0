//! The prekeys a device keeps: the one in its card, and those of the cards before it
//! (spec/10-identity.md, "Card"; spec/11-session.md, "Life of a prekey").

use super::SoftwareKeys;
use crate::error::ErrorKind;
use crate::framing::{Parsed, field, octets, refuse};
use crate::limits::{
    PREKEY_AFTER_EXPIRY_SECONDS, PREKEY_LIFE_SECONDS, PREKEY_RENEWAL_SECONDS, PREKEYS_MAX,
};
use crate::time::{SECONDS_MAX, read_seconds, seconds_to_bytes};
use alloc::vec::Vec;
use core::fmt;
use nom::number::complete::u8;
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Octets of one prekey as it is kept: seed (32) ‖ expiry (u40).
pub(crate) const PREKEY_OCTETS: usize = 37;

/// The seeds of a device's prekeys, the present one first. Wiped when dropped, never shown.
///
/// There is always one. No clock and no randomness enters: the time and the seed are handed in, and
/// what is returned says what is to be written before anything follows from it.
#[derive(Clone)]
pub struct Prekeys {
    present: Prekey,
    /// The newest first, at most two.
    former: Vec<Prekey>,
}

#[derive(Clone)]
struct Prekey {
    seed: Zeroizing<[u8; 32]>,
    expiry: u64,
}

impl Prekey {
    fn public(&self) -> [u8; 32] {
        PublicKey::from(&StaticSecret::from(*self.seed)).to_bytes()
    }
}

impl Prekeys {
    /// Those of a new device: one, from a seed of a healthy random source. `now` is in seconds since
    /// 1970, 0 where no time is known.
    #[must_use]
    pub fn first(seed: &[u8; 32], now: u64) -> Self {
        Self::expiring_at(seed, now.saturating_add(PREKEY_LIFE_SECONDS))
    }

    /// One that ends at this time.
    #[must_use]
    pub fn expiring_at(seed: &[u8; 32], expiry: u64) -> Self {
        let expiry = expiry.min(SECONDS_MAX);
        Self { present: Prekey { seed: Zeroizing::new(*seed), expiry }, former: Vec::new() }
    }

    /// Whether the present one is to be replaced: "when less than half of its 30 days is left".
    #[must_use]
    pub const fn is_due(&self, now: u64) -> bool {
        self.present.expiry < now.saturating_add(PREKEY_RENEWAL_SECONDS)
    }

    /// Makes a seed from a healthy random source the present prekey. "Its expiry lies 30 days ahead,
    /// and behind that of the one before it in any case"; of more than three the oldest is destroyed.
    pub fn renew(&mut self, seed: &[u8; 32], now: u64) {
        let behind = self.present.expiry.saturating_add(1);
        let expiry = now.saturating_add(PREKEY_LIFE_SECONDS).max(behind).min(SECONDS_MAX);
        let present = Prekey { seed: Zeroizing::new(*seed), expiry };
        let before = core::mem::replace(&mut self.present, present);
        let former = core::iter::once(before).chain(core::mem::take(&mut self.former));
        self.former = former.take(PREKEYS_MAX.saturating_sub(1)).collect();
    }

    /// Destroys the former ones whose 90 days behind their expiry are over, and says how many. The
    /// present one stays until it has a successor.
    pub fn destroy_ended(&mut self, now: u64) -> usize {
        let before = self.former.len();
        self.former
            .retain(|prekey| now <= prekey.expiry.saturating_add(PREKEY_AFTER_EXPIRY_SECONDS));
        before.saturating_sub(self.former.len())
    }

    /// Destroys all former ones, and says how many: for a device that may have been read.
    pub fn destroy_former(&mut self) -> usize {
        core::mem::take(&mut self.former).len()
    }

    /// How many there are, the present one included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.former.len().saturating_add(1)
    }

    /// When the present one expires, in seconds since 1970: the card says it.
    #[must_use]
    pub const fn expiry(&self) -> u64 {
        self.present.expiry
    }

    /// The public half of the present one: the card has it.
    #[must_use]
    pub fn present(&self) -> [u8; 32] {
        self.present.public()
    }

    /// Public halves and expiries, the present one first.
    #[must_use]
    pub fn public(&self) -> Vec<([u8; 32], u64)> {
        self.newest_first().map(|prekey| (prekey.public(), prekey.expiry)).collect()
    }

    /// Gives all of them to a key store that has none yet.
    pub(super) fn fill(&self, keys: &mut SoftwareKeys) {
        for prekey in self.former.iter().rev().chain([&self.present]) {
            keys.add_prekey(&prekey.seed, prekey.expiry);
        }
    }

    /// How many (1), then each, the present one first.
    pub(crate) fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let count = u8_of(self.count());
        let room = self.count().saturating_mul(PREKEY_OCTETS).saturating_add(1);
        // Room for all of it from the start: a buffer that grows leaves copies behind.
        let mut out = Zeroizing::new(Vec::with_capacity(room));
        out.push(count);
        for prekey in self.newest_first() {
            out.extend_from_slice(&*prekey.seed);
            out.extend_from_slice(&seconds_to_bytes(prekey.expiry));
        }
        out
    }

    /// Reads what [`Prekeys::to_octets`] gave, from the front of the input.
    pub(crate) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (mut rest, count) = field("prekeys", u8)(input)?;
        if count == 0 || usize::from(count) > PREKEYS_MAX {
            return refuse(ErrorKind::OutOfRange, "prekeys", input);
        }
        let (after, present) = read_prekey(rest)?;
        rest = after;
        let mut prekeys = Self { present, former: Vec::with_capacity(PREKEYS_MAX) };
        for _ in 1..count {
            let (after, prekey) = read_prekey(rest)?;
            let newer = prekeys.former.last().unwrap_or(&prekeys.present);
            if prekey.expiry >= newer.expiry {
                return refuse(ErrorKind::NotCanonical, "prekey expiry", rest);
            }
            prekeys.former.push(prekey);
            rest = after;
        }
        Ok((rest, prekeys))
    }

    fn newest_first(&self) -> impl Iterator<Item = &Prekey> {
        core::iter::once(&self.present).chain(&self.former)
    }
}

fn read_prekey(input: &[u8]) -> Parsed<'_, Prekey> {
    let (rest, seed) = field("prekey seed", octets::<32>)(input)?;
    let seed = Zeroizing::new(seed);
    let (rest, expiry) = read_seconds("prekey expiry", rest)?;
    Ok((rest, Prekey { seed, expiry }))
}

/// At most three.
fn u8_of(count: usize) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}

impl PartialEq for Prekeys {
    fn eq(&self, other: &Self) -> bool {
        bool::from(self.to_octets().as_slice().ct_eq(other.to_octets().as_slice()))
    }
}

impl Eq for Prekeys {}

impl fmt::Debug for Prekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} prekeys, the present one until {}", self.count(), self.expiry())
    }
}
