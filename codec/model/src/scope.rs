//! What is explored: the rules in force, and how much of everything there is.

use crate::Principal;

/// Rules of spec/11-session.md that can be taken out, to see what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// "B remembers SHA-256(E) of every session it has begun."
    pub replay_memory: bool,
    /// "A key is destroyed with its use."
    pub key_deletion: bool,
    /// "A sender reserves counters in blocks before it uses one."
    pub reservation: bool,
    /// A step mixes a fresh shared secret in; without it epochs follow from one another.
    pub ratchet: bool,
    /// The accounts and devices stand in `R_0`.
    pub parties: bool,
    /// What is carried to the next step does not give the keys of this epoch.
    pub split_root: bool,
    /// A session has the name of an account only with the identity key of its certificate.
    pub claims_bound: bool,
    /// A device that was put back destroys its prekeys first.
    pub prekeys_not_restored: bool,
    /// A hybrid step mixes the shared secret of X-Wing in.
    pub hybrid_mixed: bool,
    /// "Encapsulates once", "repeats the one answer".
    pub hybrid_answered_once: bool,
    /// The decapsulation key is destroyed when the step is made.
    pub decapsulation_key_destroyed: bool,
    /// "From that step on": not yet when a hybrid step is offered.
    pub post_quantum_not_by_offer: bool,
    /// "The first epoch that is": not yet for what still goes in the epoch before.
    pub post_quantum_by_epoch: bool,
}

/// Everything in place.
pub const ALL_RULES: Rules = Rules {
    replay_memory: true,
    key_deletion: true,
    reservation: true,
    ratchet: true,
    parties: true,
    split_root: true,
    claims_bound: true,
    prekeys_not_restored: true,
    hybrid_mixed: true,
    hybrid_answered_once: true,
    decapsulation_key_destroyed: true,
    post_quantum_not_by_offer: true,
    post_quantum_by_epoch: true,
};

/// A session that may be begun, and with which card.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// Who begins it.
    pub initiator: Principal,
    /// Whose account the card names.
    pub account: Principal,
    /// Whose identity key and prekey the card holds: the attacker may copy somebody's.
    pub keys: Principal,
    /// Begun with a stranger's flights.
    pub stranger: bool,
}

/// How much of everything there is.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What this scope is for.
    pub name: &'static str,
    /// Rules in force.
    pub rules: Rules,
    /// Sessions honest devices may begin, each once, in this order.
    pub sessions: Vec<Planned>,
    /// Messages each way of each session.
    pub messages: u8,
    /// Ratchet steps of each session.
    pub steps: u8,
    /// Whether a step may be a hybrid one.
    pub hybrid_steps: bool,
    /// The attacker breaks every X25519 agreement, of all he ever recorded. He forges nothing.
    pub breaks_x25519: bool,
    /// Keys and states read by the attacker, in all.
    pub reveals: u8,
    /// Whether single keys are read.
    pub reveal_keys: bool,
    /// Whether whole states are read.
    pub reveal_states: bool,
    /// Whether B destroys its prekey at some time.
    pub prekey_expires: bool,
    /// Crashes, in all.
    pub crashes: u8,
    /// Times a device is put back from a backup.
    pub restores: u8,
    /// First flights the attacker makes himself.
    pub forged_flights: u8,
    /// Whether B holds A's card from the beginning; else it may come at any time.
    pub card_from_start: bool,
    /// Whether posing as others towards B with B's prekey counts as expected (spec: it is possible).
    pub prekey_impersonation_expected: bool,
    /// Whether epochs 0 and 1 may be lost to who reads a device later (spec: until prekey or `e` is gone).
    pub early_epochs_given_up: bool,
    /// Whether a past epoch may be lost to who had read what the epoch before carries on (as in any double
    /// ratchet).
    pub second_reading_given_up: bool,
    /// Whether a hybrid step may be lost to who had read its offerer while the offer was under way.
    pub offer_under_way_given_up: bool,
}

const A_TO_B: Planned =
    Planned { initiator: Principal::A, account: Principal::B, keys: Principal::B, stranger: false };
const B_TO_A: Planned =
    Planned { initiator: Principal::B, account: Principal::A, keys: Principal::A, stranger: false };
/// The attacker's account, on a card with B's keys copied.
const A_TO_COPIED_CARD: Planned =
    Planned { initiator: Principal::A, account: Principal::E, keys: Principal::B, stranger: false };
const STRANGER_TO_B: Planned = Planned { stranger: true, ..A_TO_B };

/// How large a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Seconds: for every change.
    Short,
    /// Minutes: `make model`.
    Full,
}

/// Secrecy: one session, steps, keys and states read at any time, messages in any order.
#[must_use]
pub fn secrecy(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "secrecy and healing",
        sessions: vec![A_TO_B],
        messages: if full { 3 } else { 2 },
        steps: 2,
        reveals: if full { 2 } else { 1 },
        reveal_states: true,
        prekey_expires: true,
        ..nothing()
    }
}

/// Healing: the messages that two steps need, in full one more each way; one state read.
#[must_use]
pub fn healing(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "healing",
        sessions: vec![A_TO_B],
        messages: if full { 4 } else { 3 },
        steps: 2,
        reveals: 1,
        reveal_keys: false,
        reveal_states: true,
        ..nothing()
    }
}

/// Hybrid steps: any step may be one; the attacker breaks X25519; one state read.
#[must_use]
pub fn hybrid(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "hybrid",
        sessions: vec![A_TO_B],
        messages: if full { 4 } else { 3 },
        steps: 2,
        hybrid_steps: true,
        breaks_x25519: true,
        reveals: 1,
        reveal_keys: false,
        reveal_states: true,
        ..nothing()
    }
}

/// Hybrid steps, and an attacker without a quantum computer: what plain steps keep, they keep.
#[must_use]
pub fn hybrid_healing(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "hybrid, healing",
        breaks_x25519: false,
        messages: if full { 4 } else { 2 },
        ..hybrid(size)
    }
}

/// Agreement: sessions both ways and one with a card that copies keys; keys read, flights forged.
#[must_use]
pub fn agreement(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "agreement",
        sessions: if full {
            vec![A_TO_B, A_TO_COPIED_CARD, B_TO_A]
        } else {
            vec![A_TO_B, A_TO_COPIED_CARD]
        },
        messages: 1,
        reveals: if full { 2 } else { 1 },
        forged_flights: 1,
        ..nothing()
    }
}

/// Two sessions between the same two, begun by both at once, with more messages.
#[must_use]
pub fn crossing(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "crossing",
        sessions: vec![A_TO_B, B_TO_A],
        messages: if full { 2 } else { 1 },
        steps: 1,
        reveals: 1,
        ..nothing()
    }
}

/// Strangers: B does not hold A's card at first.
#[must_use]
pub fn strangers(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "strangers",
        sessions: vec![STRANGER_TO_B, A_TO_B],
        messages: if full { 2 } else { 1 },
        reveals: 1,
        forged_flights: if full { 2 } else { 1 },
        card_from_start: false,
        ..nothing()
    }
}

/// Counters: crashes, and devices that are put back.
#[must_use]
pub fn counters(size: Size) -> Scope {
    let full = size == Size::Full;
    Scope {
        name: "counters",
        sessions: vec![A_TO_B],
        messages: 3,
        steps: if full { 2 } else { 1 },
        crashes: if full { 2 } else { 1 },
        restores: 1,
        ..nothing()
    }
}

fn nothing() -> Scope {
    Scope {
        name: "nothing",
        rules: ALL_RULES,
        sessions: Vec::new(),
        messages: 0,
        steps: 0,
        hybrid_steps: false,
        breaks_x25519: false,
        reveals: 0,
        reveal_keys: true,
        reveal_states: false,
        prekey_expires: false,
        crashes: 0,
        restores: 0,
        forged_flights: 0,
        card_from_start: true,
        prekey_impersonation_expected: true,
        early_epochs_given_up: true,
        second_reading_given_up: true,
        offer_under_way_given_up: true,
    }
}
