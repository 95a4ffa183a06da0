//! Which parcels repeat one that is stored (spec/06-relay.md, "Parcel").

use super::fingerprint::{Fingerprint, PassedThrough};
use crate::limits::DUPLICATE_SHARDS;
use crate::protocol::GroupId;
use chappe_codec::precedence::Precedence;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

type Table<V> = HashMap<Fingerprint, V, BuildHasherDefault<PassedThrough>>;
/// By precedence.
type Others = Table<[Option<Copy>; 4]>;

/// A stored copy of a parcel in eight octets: expiry (40 bits), precedence (2), whether there are
/// others that neither cover nor are covered by it (1), and the low bits of the group it was stored
/// with (21). An old group that shares its low bits with one that is under way makes a duplicate wait for
/// that one: it is acknowledged one sync later than it could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Copy(u64);

const GROUP_BITS: u32 = 21;
const GROUP_MASK: u64 = (1 << GROUP_BITS) - 1;
const OTHERS: u64 = 1 << GROUP_BITS;

/// The log of a precedence: "FLASH has a place of its own on the disk".
pub(super) const fn log_of(precedence: Precedence) -> usize {
    match precedence {
        Precedence::Flash => 0,
        Precedence::Immediate | Precedence::Priority | Precedence::Routine => 1,
    }
}

impl Copy {
    pub(super) fn new(expiry_seconds: u64, precedence: Precedence, group: u64) -> Self {
        let precedence = u64::from(precedence.to_bits());
        Self((expiry_seconds << 24) | (precedence << 22) | (group & GROUP_MASK))
    }

    const fn expiry_seconds(self) -> u64 {
        self.0 >> 24
    }

    fn precedence(self) -> Precedence {
        Precedence::from_bits(u8::try_from((self.0 >> 22) & 3).unwrap_or(0))
    }

    const fn has_others(self) -> bool {
        self.0 & OTHERS != 0
    }

    pub(super) fn log(self) -> usize {
        log_of(self.precedence())
    }

    /// Whether it may have been stored with this group.
    pub(super) fn is_of(self, group: GroupId) -> bool {
        self.log() == group.log && self.0 & GROUP_MASK == group.number & GROUP_MASK
    }

    /// Whether both are the same copy, whatever else there is beside it.
    pub(super) const fn is_the_same(self, other: Self) -> bool {
        self.0 | OTHERS == other.0 | OTHERS
    }

    /// Whether it was durable when it was noted.
    pub(super) const fn is_of_none(self) -> bool {
        self.0 & GROUP_MASK == 0
    }

    /// Whether a parcel that is offered at `now` repeats this copy.
    fn covers(self, expiry_seconds: u64, precedence: Precedence, now_seconds: u64) -> bool {
        // A copy that has expired makes no duplicates: to acknowledge one nobody will get is a lie.
        let left = self.expiry_seconds().saturating_sub(now_seconds);
        left > 0
            && self.precedence() >= precedence
            && left.saturating_mul(2) >= expiry_seconds.saturating_sub(now_seconds)
    }

    fn is_no_less_than(self, other: Self) -> bool {
        self.precedence() >= other.precedence() && self.expiry_seconds() >= other.expiry_seconds()
    }
}

/// The stored parcels by their fingerprints. 24 octets a parcel and a place in four to two in four free:
/// some 40.
#[derive(Debug)]
pub(super) struct Duplicates {
    /// Parts, so that none is ever copied or cleaned for long.
    shards: Vec<Table<Copy>>,
    /// By precedence, what does not fit one place: the few parcels stored as FLASH for minutes and as
    /// ROUTINE for days.
    others: Others,
    swept: usize,
}

fn shard_of(key: Fingerprint) -> usize {
    let bits = usize::try_from(key.shard() & u64::from(u32::MAX)).unwrap_or(0);
    bits % DUPLICATE_SHARDS
}

impl Default for Duplicates {
    fn default() -> Self {
        let shards = (0..DUPLICATE_SHARDS).map(|_| Table::default()).collect();
        Self { shards, others: Table::default(), swept: 0 }
    }
}

impl Duplicates {
    fn shard(&mut self, key: Fingerprint) -> Option<&mut Table<Copy>> {
        self.shards.get_mut(shard_of(key))
    }

    /// Whether there is a copy of this parcel, of whatever use.
    pub(super) fn knows(&self, key: Fingerprint) -> bool {
        self.shards.get(shard_of(key)).is_some_and(|shard| shard.contains_key(&key))
    }

    /// The stored copy that a parcel repeats, if it does.
    pub(super) fn covering(
        &mut self,
        key: Fingerprint,
        expiry_seconds: u64,
        precedence: Precedence,
        now_seconds: u64,
    ) -> Option<Copy> {
        self.find(key, |copy| copy.covers(expiry_seconds, precedence, now_seconds))
    }

    /// Whether a parcel offered at `now` repeats a copy in this log.
    pub(super) fn is_covered_in(
        &mut self,
        log: usize,
        key: Fingerprint,
        (expiry_seconds, precedence): (u64, Precedence),
        now_seconds: u64,
    ) -> bool {
        let covers =
            |copy: Copy| copy.log() == log && copy.covers(expiry_seconds, precedence, now_seconds);
        self.find(key, covers).is_some()
    }

    /// Whether there is a copy in this log that takes a parcel's place for as long as that one lives.
    pub(super) fn is_outlived_in(
        &mut self,
        log: usize,
        key: Fingerprint,
        (expiry_seconds, precedence): (u64, Precedence),
    ) -> bool {
        let parcel = Copy::new(expiry_seconds, precedence, 0);
        self.find(key, |copy| copy.log() == log && copy.is_no_less_than(parcel)).is_some()
    }

    /// A stored copy of this parcel that is meant.
    fn find(&mut self, key: Fingerprint, is_meant: impl Fn(Copy) -> bool) -> Option<Copy> {
        let copy = *self.shard(key)?.get(&key)?;
        if is_meant(copy) {
            return Some(copy);
        }
        let others = copy.has_others().then(|| self.others.get(&key)).flatten()?;
        others.iter().flatten().copied().find(|other| is_meant(*other))
    }

    /// Notes a copy. Returns what stood in its place, for [`Duplicates::take_back`].
    pub(super) fn insert(
        &mut self,
        key: Fingerprint,
        copy: Copy,
        now_seconds: u64,
    ) -> Option<Copy> {
        self.make_room(key, now_seconds);
        let shard = self.shard(key)?;
        let previous = shard.insert(key, copy)?;
        if previous.has_others() || !copy.is_no_less_than(previous) {
            shard.insert(key, Copy(copy.0 | OTHERS));
            let others = self.others.entry(key).or_default();
            let index = usize::from(previous.precedence().to_bits());
            if let Some(place) = others.get_mut(index)
                && place.is_none_or(|other| previous.is_no_less_than(other))
            {
                *place = Some(previous);
            }
        }
        Some(previous)
    }

    /// Takes a copy of a group that was not stored out again. `previous` is what stood in its place, as
    /// far as that is stored or may still be.
    pub(super) fn take_back(&mut self, key: Fingerprint, group: GroupId, previous: Option<Copy>) {
        let Some(copy) = self.shard(key).and_then(|shard| shard.get(&key).copied()) else { return };
        let is_in_place = copy.is_of(group);
        if let Some(others) = self.others.get_mut(&key) {
            // Behind a later copy, perhaps of another group, what the failed one covered comes back.
            let back = previous.filter(|previous| !is_in_place && !copy.is_no_less_than(*previous));
            for place in others.iter_mut() {
                if place.is_some_and(|other| other.is_of(group)) {
                    *place = back;
                }
            }
        }
        if !is_in_place {
            return;
        }
        let Some(shard) = self.shard(key) else { return };
        match previous {
            Some(previous) => drop(shard.insert(key, previous)),
            None => drop(shard.remove(&key)),
        }
    }

    /// A part that is full forgets what has expired before it grows: it would move all it has anyhow. So
    /// memory follows what lives, and not what came since the last sweep.
    fn make_room(&mut self, key: Fingerprint, now_seconds: u64) {
        let Some(shard) = self.shards.get_mut(shard_of(key)) else { return };
        if shard.len() < shard.capacity() {
            return;
        }
        let before = shard.len();
        forget_expired(shard, &mut self.others, now_seconds);
        let living = shard.len();
        if living <= before / 2 || before.saturating_sub(living) < before / 4 {
            // The library puts in order where it is what is half empty by now, and moves to twice the room what is
            // not.
            return;
        }
        // Moved as well, since places that were taken are not all free at once. A third more, so that this comes
        // once for that many.
        let capacity = living.saturating_add(living / 3).saturating_add(1);
        let mut roomy = Table::with_capacity_and_hasher(capacity, BuildHasherDefault::default());
        roomy.extend(shard.drain());
        *shard = roomy;
    }

    /// Forgets what has expired in the next part.
    pub(super) fn sweep(&mut self, now_seconds: u64) {
        if let Some(shard) = self.shards.get_mut(self.swept) {
            forget_expired(shard, &mut self.others, now_seconds);
            if shard.len() < shard.capacity() / 4 {
                shard.shrink_to_fit();
            }
        }
        self.swept =
            self.swept.checked_add(1).filter(|next| *next < self.shards.len()).unwrap_or(0);
    }

    pub(super) fn len(&self) -> usize {
        self.shards.iter().fold(0, |sum, shard| sum.saturating_add(shard.len()))
    }
}

fn forget_expired(shard: &mut Table<Copy>, others: &mut Others, now_seconds: u64) {
    let lives = |copy: &Copy| copy.expiry_seconds() > now_seconds;
    shard.retain(|key, copy| {
        let is_alive = lives(copy)
            || (copy.has_others()
                && others.get(key).is_some_and(|all| all.iter().flatten().any(lives)));
        if !is_alive && copy.has_others() {
            others.remove(key);
        }
        is_alive
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number spread over all bits, as a hash has them.
    fn key(number: u64) -> Fingerprint {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Fingerprint::of_halves(mixed.rotate_left(29), mixed)
    }

    fn capacity(all: &Duplicates) -> usize {
        all.shards.iter().map(HashMap::capacity).sum()
    }

    /// No sweep comes in between: a flood fills the table faster than that.
    #[test]
    fn memory_follows_what_lives() {
        const A_SECOND: u64 = 4_000;
        const LIVES: u64 = 50;
        let mut all = Duplicates::default();
        let mut most = 0;
        for second in 0..600 {
            for number in 0..A_SECOND {
                let copy = Copy::new(second + LIVES, Precedence::Routine, 0);
                all.insert(key(second * A_SECOND + number), copy, second);
            }
            most = most.max(capacity(&all));
        }
        let living = usize::try_from(A_SECOND * LIVES).unwrap();
        assert!(most < 3 * living, "room for {most} where {living} live");
        let newest = 599 * A_SECOND;
        assert!((newest..newest + A_SECOND).all(|number| all.knows(key(number))));
        let oldest_living = (600 - LIVES) * A_SECOND;
        assert!((oldest_living..newest).all(|number| all.knows(key(number))));
    }

    /// A copy that is covered by none is kept beside the one in its place, also where room is made.
    #[test]
    fn others_that_live_are_kept_where_room_is_made() {
        let mut all = Duplicates::default();
        let kept = key(7);
        all.insert(kept, Copy::new(1_000, Precedence::Routine, 0), 0);
        all.insert(kept, Copy::new(10, Precedence::Flash, 0), 0);
        for number in 100..400_000 {
            all.insert(key(number), Copy::new(20, Precedence::Routine, 0), 100);
        }
        assert!(all.covering(kept, 900, Precedence::Routine, 100).is_some());
        assert!(all.covering(kept, 900, Precedence::Flash, 100).is_none());
    }
}
