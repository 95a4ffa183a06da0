//! A state: what each device holds, what was sent, what the attacker was told.

use crate::Principal;
use crate::term::Term;

/// One way of one epoch, as a device holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Chain {
    /// The epoch.
    pub(crate) epoch: u8,
    /// The chain key of `next`.
    pub(crate) key: Term,
    /// The next counter.
    pub(crate) next: u8,
}

/// A step that was offered and not yet taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Offered {
    /// The private half.
    pub(crate) private: Term,
    /// The decapsulation key, if the offer is a hybrid one.
    pub(crate) decapsulation: Option<Term>,
    /// The next epoch's chain for sending; a hybrid step's is made of the answer.
    pub(crate) send: Option<Chain>,
}

/// The answer to a hybrid offer, until it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Answer {
    /// The ciphertext.
    pub(crate) ciphertext: Term,
    /// The next epoch's chain for sending.
    pub(crate) send: Chain,
    /// The current key of the epoch that is left, where a second encapsulation is allowed.
    pub(crate) kept: Option<(Term, Term)>,
}

/// One device's side of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct End {
    /// Whose side.
    pub(crate) owner: Principal,
    /// The plan's session, [`FORGED`] for one the attacker began.
    pub(crate) session: u8,
    /// Whether the owner began it.
    pub(crate) initiator: bool,
    /// E, which names the session on the wire.
    pub(crate) ephemeral: Term,
    /// The account of the other side, as claimed.
    pub(crate) peer: Principal,
    /// The identity key the session was begun with.
    pub(crate) peer_identity: Term,
    /// Whether the session is shown under the account's name.
    pub(crate) named: bool,
    /// Whether something of the other side's was opened.
    pub(crate) answered: bool,
    /// Whether something was opened in the epoch that is sent in.
    pub(crate) epoch_heard: bool,
    /// What the next step starts from.
    pub(crate) carry: Term,
    /// Where it sends.
    pub(crate) send: Chain,
    /// What lies on durable storage of `send`.
    pub(crate) written: Chain,
    /// The first counter that is not reserved.
    pub(crate) reserved: u8,
    /// Live epochs it receives in, oldest first.
    pub(crate) receive: Vec<Chain>,
    /// Keys of counters passed over: epoch, counter, key.
    pub(crate) skipped: Vec<(u8, u8, Term)>,
    /// Its own current private half.
    pub(crate) own: Option<Term>,
    /// The other side's current public half.
    pub(crate) peer_current: Term,
    /// An offer under way.
    pub(crate) offered: Option<Offered>,
    /// The answer to a hybrid offer under way.
    pub(crate) answer: Option<Answer>,
    /// The first epoch that is post-quantum.
    pub(crate) post_quantum: Option<u8>,
    /// Keys used and kept all the same, where deletion was taken out.
    pub(crate) kept: Vec<Term>,
}

/// The number of a session the attacker began.
pub(crate) const FORGED: u8 = u8::MAX;

/// What travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Envelope {
    /// E, in a first flight.
    pub(crate) flight: Option<Term>,
    /// Account and identity key, in a stranger's.
    pub(crate) claim: Option<(Principal, Term)>,
    /// The ciphertext.
    pub(crate) sealed: Term,
}

/// What an honest author said, and what may become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Message {
    /// The session, way (0 from the initiator) and counter.
    pub(crate) session: u8,
    /// 0 from the initiator, 1 to it.
    pub(crate) way: u8,
    /// The counter.
    pub(crate) counter: u8,
    /// The epoch it was sealed in.
    pub(crate) epoch: u8,
    /// Its text.
    pub(crate) text: Term,
    /// Its author.
    pub(crate) author: Principal,
    /// The account it is for.
    pub(crate) to: Principal,
    /// How often it was opened, two standing for more.
    pub(crate) opened: u8,
    /// Sealed while the attacker could follow, or unopened when its recipient's state was read.
    pub(crate) exposed: bool,
    /// The session was post-quantum when it was sealed, as its author's device said.
    pub(crate) post_quantum: bool,
    /// Something had been read when it was sealed.
    pub(crate) read_before: bool,
    /// Something was read after it was sealed.
    pub(crate) read_after: bool,
}

/// What is claimed of a session after something was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Claim {
    /// Sides that must make an offer before the session has healed: initiator, responder.
    pub(crate) to_heal: (bool, bool),
    /// The epoch from which on it has.
    pub(crate) clean_from: u8,
    /// Epochs whose `carry` was read, as bits.
    pub(crate) carries: u8,
    /// Steps one private half of which was read, as bits by the epoch they lead to.
    pub(crate) halves: u8,
    /// Epochs that a hybrid step leads to, as bits.
    pub(crate) hybrid: u8,
    /// The newest epoch what was read leads to without X25519.
    pub(crate) read_to: Option<u8>,
    /// Whether `e` was read.
    pub(crate) ephemeral: bool,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Sides of sessions, sorted.
    pub(crate) ends: Vec<End>,
    /// What was sent, sorted. The attacker delivers, repeats and withholds at will.
    pub(crate) wire: Vec<Envelope>,
    /// What the attacker was told, sorted.
    pub(crate) read: Vec<Term>,
    /// Ephemeral keys remembered, with who remembers.
    pub(crate) memory: Vec<(Principal, Term)>,
    /// Who has destroyed the prekey.
    pub(crate) expired: Vec<Principal>,
    /// Whether B holds A's card.
    pub(crate) card: bool,
    /// What was said, sorted.
    pub(crate) messages: Vec<Message>,
    /// By planned session.
    pub(crate) claims: Vec<Claim>,
    /// Sessions begun of the plan.
    pub(crate) begun: u8,
    /// What happened of what is limited.
    pub(crate) reveals: u8,
    /// Crashes so far.
    pub(crate) crashes: u8,
    /// Restores so far.
    pub(crate) restores: u8,
    /// Flights of the attacker's that opened.
    pub(crate) forged: u8,
    /// What was accepted and should not have been.
    pub(crate) wrong: Option<&'static str>,
}

impl State {
    /// Sorts what has no order, so that one situation is one state.
    pub(crate) fn canonical(mut self) -> Self {
        self.ends.iter_mut().for_each(|end| {
            end.skipped.sort_unstable();
            end.kept.sort_unstable();
        });
        self.ends.sort_unstable();
        self.wire.sort_unstable();
        self.wire.dedup();
        self.read.sort_unstable();
        self.read.dedup();
        self.memory.sort_unstable();
        self.messages.sort_unstable();
        self
    }
}
