use super::*;
use crate::device::limits::GAP_COUNTERS_MAX;
use chappe_codec::time::TimeInterval;
use proptest::prelude::*;

const ANA: Sender = Sender { account: Account([1; 32]), device: 1 };
const CHAIN: ChainId = ChainId([1; 8]);
const OTHER: ChainId = ChainId([2; 8]);
const HOME: RelayKey = [7; 32];
const NEVER: u64 = u64::MAX;

/// A statement over so many counters from the first on, behind another, as its claim and its hash.
fn claim(chain: ChainId, first: u32, count: u16, previous: [u8; 32]) -> (Claim, [u8; 32]) {
    let (account, time) = (ANA.account.id(), TimeInterval::UNKNOWN);
    let root = [0; 32];
    let claim = Claim { account, device: ANA.device, chain, first, count, root, previous, time };
    let mut hash = [9; 32];
    hash[..4].copy_from_slice(&first.to_be_bytes());
    hash[4..6].copy_from_slice(&count.to_be_bytes());
    (claim, hash)
}

fn state(gaps: &mut Gaps, first: u32, count: u16, previous: [u8; 32], at: u64) -> [u8; 32] {
    let (claim, hash) = claim(CHAIN, first, count, previous);
    gaps.state(&ANA.account, &claim, hash, at);
    hash
}

fn receive(gaps: &mut Gaps, counters: &[u32], at: u64) {
    counters.iter().for_each(|counter| gaps.receive(ANA, CHAIN, *counter, at));
}

/// What a look found to tell.
#[derive(Debug, Default, PartialEq, Eq)]
struct Looked {
    open: BTreeMap<Sender, Lacking>,
    closed: BTreeMap<(Sender, Closing), Lacking>,
}

/// Looks with all that is open expected.
fn look(gaps: &mut Gaps) -> Looked {
    look_with(gaps, NEVER, None, &|_, _| true)
}

fn look_with(
    gaps: &mut Gaps,
    noticed_by: u64,
    blind_from: Option<u64>,
    expects: Expects<'_>,
) -> Looked {
    let closed = gaps.close(blind_from, expects);
    Looked { open: gaps.open(noticed_by, &[HOME], &|sender| *sender == ANA), closed }
}

fn counters(lacking: Option<&Lacking>) -> Vec<u32> {
    lacking.map(|one| one.counters.iter().map(|(_, one)| *one).collect()).unwrap_or_default()
}

fn open(looked: &Looked) -> Vec<u32> {
    counters(looked.open.get(&ANA))
}

fn closed(looked: &Looked, how: Closing) -> Vec<u32> {
    counters(looked.closed.get(&(ANA, how)))
}

/// As after a restart: what was taken in, with what was kept put back where it was written.
fn put_back(gaps: &mut Gaps) {
    for standing in gaps.changed() {
        gaps.put_back(standing);
    }
}

#[test]
fn a_gap_is_told_as_long_as_it_is_open_and_its_end_once() {
    let mut gaps = Gaps::default();
    receive(&mut gaps, &[0, 3], 10);
    assert!(gaps.has_news());
    assert!(open(&look_with(&mut gaps, 9, None, &|_, _| true)).is_empty(), "it may still come");
    let looked = look(&mut gaps);
    assert_eq!(open(&looked), [1, 2]);
    let lacking = &looked.open[&ANA];
    assert_eq!((lacking.since, &lacking.homes), (10, &BTreeSet::from([HOME])));
    assert!(!gaps.has_news());
    put_back(&mut gaps);
    assert_eq!(open(&look(&mut gaps)), [1, 2], "again");
    assert!(gaps.changed().is_empty(), "nothing new is to be kept");
    receive(&mut gaps, &[2], 20);
    let looked = look(&mut gaps);
    assert_eq!((open(&looked), closed(&looked, Closing::Arrived)), (vec![1], vec![2]));
    put_back(&mut gaps);
    assert!(look(&mut gaps).closed.is_empty(), "once");
    assert!(!gaps.is_quiet());
    receive(&mut gaps, &[1], 30);
    look(&mut gaps);
    assert!(gaps.is_quiet());
}

#[test]
fn what_a_restarted_sender_skips_is_not_missing_before_a_statement_says_so() {
    let mut gaps = Gaps::default();
    receive(&mut gaps, &[0, 1, 64], 10);
    assert!(open(&look(&mut gaps)).is_empty(), "the rest of the block may never have been used");
    receive(&mut gaps, &[4], 20);
    assert_eq!(open(&look(&mut gaps)), [2, 3], "but for those that one behind them came of");
    state(&mut gaps, 0, 7, [0; 32], 30);
    assert_eq!(open(&look(&mut gaps)), [2, 3, 5, 6], "and what its author says was said");
}

#[test]
fn what_the_sender_never_said_is_not_missing() {
    let mut gaps = Gaps::default();
    receive(&mut gaps, &[2, 3, 6], 10);
    assert_eq!(open(&look(&mut gaps)), [0, 1, 4, 5]);
    let first = state(&mut gaps, 2, 2, [0; 32], 20);
    let looked = look(&mut gaps);
    assert_eq!((open(&looked), closed(&looked, Closing::NeverSaid)), (vec![4, 5], vec![0, 1]));
    // A statement that does not follow one that is known says nothing of what is before it.
    state(&mut gaps, 6, 1, [5; 32], 20);
    assert_eq!(open(&look(&mut gaps)), [4, 5]);
    let (claim, hash) = claim(CHAIN, 5, 2, first);
    let mut other = Gaps::default();
    receive(&mut other, &[2, 3, 6], 10);
    state(&mut other, 2, 2, [0; 32], 20);
    other.state(&ANA.account, &claim, hash, 30);
    assert_eq!(open(&look(&mut other)), [5], "4 was never said");
}

#[test]
fn what_no_key_is_left_for_or_may_have_expired_is_given_up() {
    let mut gaps = Gaps::default();
    receive(&mut gaps, &[0, 3, 5], 10);
    assert_eq!(open(&look(&mut gaps)), [1, 2, 4]);
    let looked = look_with(&mut gaps, NEVER, None, &|_, counter| counter != 2);
    assert_eq!((open(&looked), closed(&looked, Closing::GivenUp)), (vec![1, 4], vec![2]));
    receive(&mut gaps, &[7], 20);
    let looked = look_with(&mut gaps, NEVER, Some(20), &|_, _| true);
    assert_eq!(open(&looked), [1, 4], "6 may have expired, and was never told");
    assert!(looked.closed.is_empty());
    put_back(&mut gaps);
    let looked = look_with(&mut gaps, NEVER, Some(0), &|_, _| true);
    assert_eq!(closed(&looked, Closing::GivenUp), [1, 4]);
    assert!(gaps.is_quiet());
}

#[test]
fn only_what_known_senders_say_is_told_and_statements_speak_of_their_own_chains() {
    let mut gaps = Gaps::default();
    let stranger = Sender { account: Account([2; 32]), device: 1 };
    gaps.receive(stranger, OTHER, 5, 10);
    let (claim, hash) = claim(OTHER, 0, 20, [0; 32]);
    gaps.state(&ANA.account, &claim, hash, 10);
    assert_eq!(look(&mut gaps), Looked::default());
    // Of a chain of which nothing came nothing is known.
    state(&mut gaps, 0, 9, [0; 32], 10);
    assert!(open(&look(&mut gaps)).is_empty());
}

#[test]
fn a_hostile_sender_fills_nothing() {
    let mut gaps = Gaps::default();
    for number in 0..200_u32 {
        let chain = ChainId([number.to_be_bytes(), [0; 4]].concat().try_into().unwrap());
        for counter in (63..20_000).step_by(640) {
            gaps.receive(ANA, chain, counter, 10);
            let (mut claim, hash) = claim(chain, counter + 1, 1024, hash_of(counter));
            claim.chain = chain;
            gaps.state(&ANA.account, &claim, hash, 10);
        }
    }
    assert_eq!(gaps.chains.len(), GAP_CHAINS_MAX);
    assert_eq!(open(&look(&mut gaps)).len(), GAP_CHAINS_MAX * GAP_COUNTERS_MAX);
}

fn hash_of(counter: u32) -> [u8; 32] {
    let mut hash = [3; 32];
    hash[..4].copy_from_slice(&counter.to_be_bytes());
    hash
}

/// What happens to a chain.
#[derive(Debug, Clone)]
enum Step {
    /// So many messages are said.
    Say(u8),
    /// The sender takes a counter and dies before it writes down what it said.
    Lose,
    /// The sender dies with its block: it goes on behind it.
    Restart,
    /// What is unsigned is signed. Statements are read beside the chain here.
    Sign,
    /// One of the messages under way comes.
    Deliver(prop::sample::Index),
    /// All homes have been read.
    Look(Option<Death>),
    /// The reader starts again from its journal.
    Restarted,
}

/// Where a reader dies that has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// Behind telling what has closed.
    ClosedUnwritten,
    /// Behind writing down what is open.
    OpenUntold,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..5_u8).prop_map(Step::Say),
        1 => Just(Step::Lose),
        1 => Just(Step::Restart),
        2 => Just(Step::Sign),
        8 => any::<prop::sample::Index>().prop_map(Step::Deliver),
        3 => Just(Step::Look(None)),
        1 => Just(Step::Look(Some(Death::ClosedUnwritten))),
        1 => Just(Step::Look(Some(Death::OpenUntold))),
        1 => Just(Step::Restarted),
    ]
}

/// A record of the reader's journal.
#[derive(Debug, Clone)]
enum Written {
    Received(u32, u64),
    Stated(Claim, [u8; 32], u64),
    Kept(Standing),
}

fn replay(journal: &[Written]) -> Gaps {
    let mut gaps = Gaps::default();
    for written in journal {
        match written {
            Written::Received(counter, at) => gaps.receive(ANA, CHAIN, *counter, *at),
            Written::Stated(claim, hash, at) => gaps.state(&ANA.account, claim, *hash, *at),
            Written::Kept(standing) => gaps.put_back(standing.clone()),
        }
    }
    gaps
}

/// A sender, what it has said, and a reader with a journal.
#[derive(Default)]
struct World {
    next: u32,
    said: BTreeSet<u32>,
    lost: BTreeSet<u32>,
    signed: u32,
    previous: [u8; 32],
    under_way: Vec<u32>,
    delivered: BTreeSet<u32>,
    gaps: Gaps,
    journal: Vec<Written>,
    /// What a person was told of, and what of it has closed.
    told: BTreeSet<u32>,
    ended: BTreeSet<u32>,
    /// What may be told to have closed again, since it died before it wrote that down.
    ended_twice: BTreeSet<u32>,
    now: u64,
}

impl World {
    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.now += 1;
        match step {
            Step::Say(count) => {
                let counters = self.next..self.next + u32::from(*count);
                self.said.extend(counters.clone());
                self.under_way.extend(counters);
                self.next += u32::from(*count);
            }
            Step::Lose => {
                self.lost.insert(self.next);
                self.next += 1;
            }
            Step::Restart => self.next = self.next.next_multiple_of(64),
            Step::Sign => self.sign(),
            Step::Deliver(which) => {
                if !self.under_way.is_empty() {
                    let counter = self.under_way.remove(which.index(self.under_way.len()));
                    self.gaps.receive(ANA, CHAIN, counter, self.now);
                    self.journal.push(Written::Received(counter, self.now));
                    self.delivered.insert(counter);
                }
            }
            Step::Look(death) => self.look(*death)?,
            Step::Restarted => self.gaps = replay(&self.journal),
        }
        Ok(())
    }

    /// One statement for each run without a gap.
    fn sign(&mut self) {
        let mut unsigned = self.said.range(self.signed..).copied().peekable();
        let mut first = unsigned.peek().copied();
        while let (Some(begin), Some(counter)) = (first, unsigned.next()) {
            if unsigned.peek() == Some(&(counter + 1)) {
                continue;
            }
            first = unsigned.peek().copied();
            let count = u16::try_from(counter + 1 - begin).unwrap();
            let (claim, hash) = claim(CHAIN, begin, count, self.previous);
            self.gaps.state(&ANA.account, &claim, hash, self.now);
            self.journal.push(Written::Stated(claim, hash, self.now));
            (self.previous, self.signed) = (hash, counter + 1);
        }
    }

    fn look(&mut self, death: Option<Death>) -> Result<(), TestCaseError> {
        let closed = Looked { closed: self.gaps.close(None, &|_, _| true), ..Looked::default() };
        let given_up = self::closed(&closed, Closing::GivenUp);
        let arrived = self::closed(&closed, Closing::Arrived);
        let never = self::closed(&closed, Closing::NeverSaid);
        prop_assert!(given_up.is_empty() || self.next > 64, "{given_up:?}");
        prop_assert!(arrived.iter().all(|counter| self.delivered.contains(counter)));
        prop_assert!(never.iter().all(|counter| self.lost.contains(counter)));
        // A gap ends once, and only one that was told or was about to be.
        for counter in [given_up, arrived, never].concat() {
            prop_assert!(self.told.contains(&counter), "{counter} was not told");
            let is_first = self.ended.insert(counter);
            prop_assert!(is_first || self.ended_twice.contains(&counter), "{counter} ended twice");
            if death == Some(Death::ClosedUnwritten) {
                self.ended_twice.insert(counter);
            }
        }
        if death == Some(Death::ClosedUnwritten) {
            self.gaps = replay(&self.journal);
            return Ok(());
        }
        self.write_down();
        let open = Looked { open: self.gaps.open(NEVER, &[HOME], &|_| true), ..Looked::default() };
        let open: BTreeSet<u32> = self::open(&open).into_iter().collect();
        self.write_down();
        // Nothing is told to be missing that came or was never used.
        prop_assert!(open.is_disjoint(&self.delivered), "{open:?}");
        let used: BTreeSet<u32> = self.said.union(&self.lost).copied().collect();
        prop_assert!(open.is_subset(&used), "{open:?}");
        // What its author signed is, within what a session keeps keys of, and so is what was told before.
        if self.next <= 64 && self.is_heard_before_stated() {
            let signed: BTreeSet<u32> = self.said.range(..self.signed).copied().collect();
            let missing: BTreeSet<u32> = signed.difference(&self.delivered).copied().collect();
            prop_assert!(missing.is_subset(&open), "{missing:?} and {open:?}");
        }
        // So is what another of its block came behind; what statements leave out is not.
        if self.next <= 64 {
            let newest = self.delivered.last().copied().unwrap_or(0);
            let passed: BTreeSet<u32> = self.said.range(..newest).copied().collect();
            let missing: BTreeSet<u32> = passed.difference(&self.delivered).copied().collect();
            prop_assert!(missing.is_subset(&open), "{missing:?} and {open:?}");
        }
        if self.is_heard_before_stated() {
            let never: BTreeSet<u32> = self.lost.range(..self.signed).copied().collect();
            prop_assert!(never.is_disjoint(&open), "{never:?} and {open:?}");
        }
        if self.next <= 64 {
            let left: BTreeSet<u32> = self.told.difference(&self.ended).copied().collect();
            prop_assert!(left.is_subset(&open), "{left:?} and {open:?}");
        }
        self.told.extend(open);
        if death == Some(Death::OpenUntold) {
            self.gaps = replay(&self.journal);
        }
        Ok(())
    }

    fn write_down(&mut self) {
        let kept = self.gaps.changed();
        self.journal.extend(kept.into_iter().map(Written::Kept));
    }

    /// Whether the statements came behind the first message: before it they say nothing.
    fn is_heard_before_stated(&self) -> bool {
        let received = |one: &Written| matches!(one, Written::Received(..));
        let stated = |one: &Written| matches!(one, Written::Stated(..));
        let first = self.journal.iter().find(|one| received(one) || stated(one));
        first.is_some_and(received)
    }
}

proptest! {
    /// Whatever a sender loses and a reader forgets: what is told to be missing was said, has not come, and
    /// is told until it has; its end is told once. A reader that starts again knows the same.
    #[test]
    fn what_is_told_is_missing_and_ends_once(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::default();
        for step in &steps {
            world.step(step)?;
            let again = replay(&world.journal);
            prop_assert_eq!(again.has_news(), world.gaps.has_news());
            prop_assert_eq!(again.is_quiet(), world.gaps.is_quiet());
        }
        // In the end everything comes, and nothing is left but what never could.
        for counter in std::mem::take(&mut world.under_way) {
            world.gaps.receive(ANA, CHAIN, counter, world.now);
            world.journal.push(Written::Received(counter, world.now));
            world.delivered.insert(counter);
        }
        world.look(None)?;
        let left: BTreeSet<u32> = world.told.difference(&world.ended).copied().collect();
        prop_assert!(left.is_subset(&world.lost), "{left:?}");
        prop_assert_eq!(look(&mut replay(&world.journal)), look(&mut world.gaps));
    }

    /// Nothing a sender says makes it hold more than it may, or panic.
    #[test]
    fn any_numbers_are_bounded(
        heard in prop::collection::vec((0..4_u8, any::<u32>(), any::<u16>(), any::<bool>()), 0..200),
    ) {
        let mut gaps = Gaps::default();
        for (chain, number, count, is_statement) in heard {
            let chain = ChainId([chain; 8]);
            if is_statement {
                let (claim, hash) = claim(chain, number, count, [0; 32]);
                gaps.state(&ANA.account, &claim, hash, 0);
            } else {
                gaps.receive(ANA, chain, number, 0);
            }
        }
        let looked = look(&mut gaps);
        prop_assert!(open(&looked).len() <= 4 * GAP_COUNTERS_MAX);
    }
}
