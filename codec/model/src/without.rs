//! What each rule is for: taken out, the model finds what it keeps away, and the shortest way to it.

use crate::outcome::{Outcome, Progress};
use crate::scope::{
    ALL_RULES, Rules, Scope, Size, agreement, counters, healing, hybrid, secrecy, strangers,
};
use crate::windows;

/// A rule taken out, and what must be found.
pub struct Without {
    /// The rule, in a few words.
    pub rule: &'static str,
    /// Where it is missed.
    scope: AnyScope,
    /// How the violated property begins.
    pub property: &'static str,
    /// How steps of the way there begin, in this order.
    pub steps: &'static [&'static str],
}

enum AnyScope {
    Session(Box<Scope>),
    Windows(windows::Scope),
}

impl Without {
    /// Looks for it.
    pub fn explore(&self, progress: impl FnMut(&Progress)) -> Outcome {
        match &self.scope {
            AnyScope::Session(scope) => scope.explore(progress),
            AnyScope::Windows(scope) => scope.explore(progress),
        }
    }

    /// Whether what was found is what the rule is for.
    #[must_use]
    pub fn is_found(&self, outcome: &Outcome) -> bool {
        outcome.violation.as_ref().is_some_and(|violation| {
            let mut trace = violation.trace.iter();
            violation.property.starts_with(self.property)
                && self.steps.iter().all(|step| trace.any(|line| line.starts_with(step)))
        })
    }
}

/// Every rule that can be taken out.
#[must_use]
pub fn rules() -> Vec<Without> {
    let mut rules = of_sessions();
    rules.extend(of_hybrid_steps());
    rules.extend(of_windows());
    rules
}

/// Not rules taken out, but what the specification gives up, shown.
#[must_use]
pub fn given_up() -> Vec<Without> {
    const READS: &str = "the attacker reads all that B holds";
    let impersonation = "agreement: the attacker poses as another towards the owner of a prekey";
    vec![
        Without {
            rule: "who has read a prekey poses as anyone towards its owner",
            scope: session(Scope {
                prekey_impersonation_expected: false,
                ..agreement(Size::Short)
            }),
            property: impersonation,
            steps: &[
                "the attacker reads the prekey of B",
                "the attacker makes B a first flight as A",
            ],
        },
        Without {
            rule: "who reads the initiator before an answer reads its first flights",
            scope: session(Scope {
                early_epochs_given_up: false,
                prekey_expires: false,
                ..secrecy(Size::Short)
            }),
            property: "forward secrecy",
            steps: &["A seals counter 0", "the attacker reads all that A holds"],
        },
        Without {
            rule: "who reads a device twice, with a step between, reads the epoch between",
            scope: session(Scope {
                second_reading_given_up: false,
                reveal_keys: false,
                prekey_expires: false,
                reveals: 2,
                ..secrecy(Size::Short)
            }),
            property: "secrecy",
            steps: &[
                READS,
                "B seals counter 0 of session 0 in epoch 0 with a new offer",
                "B opens",
                READS,
            ],
        },
        Without {
            rule: "who reads a device while its hybrid offer is under way reads what the step leads to",
            scope: session(Scope { offer_under_way_given_up: false, ..hybrid(Size::Short) }),
            property: "post-quantum: the attacker has",
            steps: &["B seals counter 0 of session 0 in epoch 0 with a new hybrid offer", READS],
        },
    ]
}

fn of_sessions() -> Vec<Without> {
    const FLIGHT: &str = "B opens the first flight of A, session 0, counter 0";
    let missing = |rules, scope: fn(Size) -> Scope| session(Scope { rules, ..scope(Size::Short) });
    vec![
        Without {
            rule: "the replay memory of first flights",
            scope: missing(Rules { replay_memory: false, ..ALL_RULES }, agreement),
            property: "injective agreement",
            steps: &["A seals counter 0", FLIGHT, FLIGHT],
        },
        Without {
            rule: "a key is destroyed with its use",
            scope: missing(Rules { key_deletion: false, ..ALL_RULES }, secrecy),
            property: "forward secrecy",
            steps: &["B opens", "the attacker reads all that B holds"],
        },
        Without {
            rule: "what is carried on does not give the keys of its epoch",
            scope: missing(Rules { split_root: false, ..ALL_RULES }, secrecy),
            property: "forward secrecy",
            steps: &["B opens", "the attacker reads all that"],
        },
        Without {
            rule: "counters are reserved before use",
            scope: missing(Rules { reservation: false, ..ALL_RULES }, counters),
            property: "one key, one envelope",
            steps: &["A seals counter 0", "A crashes", "A seals counter 0"],
        },
        Without {
            rule: "a device put back destroys its prekeys",
            scope: session(Scope {
                rules: Rules { prekeys_not_restored: false, ..ALL_RULES },
                crashes: 0,
                ..counters(Size::Short)
            }),
            property: "injective agreement",
            steps: &["B opens the first flight", "B is put back", "B opens the first flight"],
        },
        Without {
            rule: "a step mixes a fresh secret in",
            scope: missing(Rules { ratchet: false, ..ALL_RULES }, healing),
            property: "healing",
            steps: &[
                "the attacker reads all that B holds",
                "B seals counter 0 of session 0 in epoch 0 with a new offer",
            ],
        },
        Without {
            rule: "the parties stand in the first root",
            scope: missing(Rules { parties: false, ..ALL_RULES }, agreement),
            property: "agreement",
            steps: &[
                "A begins session 1 with the card of account E, which holds the keys of B",
                "B opens",
            ],
        },
        Without {
            rule: "a name only with the identity key of its certificate",
            scope: missing(Rules { claims_bound: false, ..ALL_RULES }, strangers),
            property: "strangers",
            steps: &[
                "the attacker makes B a first flight as A with the identity key of E",
                "A's card comes to B",
            ],
        },
    ]
}

fn of_hybrid_steps() -> Vec<Without> {
    const OFFER: &str = "B seals counter 0 of session 0 in epoch 0 with a new hybrid offer";
    let missing = |rules| session(Scope { rules, ..hybrid(Size::Short) });
    vec![
        Without {
            rule: "a hybrid step mixes the secret of X-Wing in",
            scope: missing(Rules { hybrid_mixed: false, ..ALL_RULES }),
            property: "post-quantum: the attacker has",
            steps: &[OFFER, "A opens", "A seals counter 1"],
        },
        Without {
            rule: "post-quantum is not said for an offer, which may be dropped",
            scope: missing(Rules { post_quantum_not_by_offer: false, ..ALL_RULES }),
            property: "post-quantum: the attacker has what was said so: by B",
            steps: &[OFFER],
        },
        Without {
            rule: "post-quantum is not said for what still goes in the epoch before",
            scope: missing(Rules { post_quantum_by_epoch: false, ..ALL_RULES }),
            property: "post-quantum: the attacker has what was said so: by A",
            steps: &[OFFER, "A opens", "A seals counter 1 of session 0 in epoch 0 with its answer"],
        },
        Without {
            rule: "the decapsulation key is destroyed with its use",
            scope: missing(Rules { decapsulation_key_destroyed: false, ..ALL_RULES }),
            property: "post-quantum: the attacker has",
            steps: &[
                OFFER,
                "A opens",
                "B opens",
                "B seals counter 1",
                "the attacker reads all that B holds",
            ],
        },
        Without {
            rule: "a hybrid offer is answered once",
            scope: missing(Rules { hybrid_answered_once: false, ..ALL_RULES }),
            property: "one epoch, one root",
            steps: &[OFFER, "A opens", "A seals counter 1", "A opens", "B opens"],
        },
    ]
}

fn of_windows() -> Vec<Without> {
    use windows::{ALL_RULES, Rules, handset, station};
    let missing = |rule, rules, property, steps| Without {
        rule,
        scope: AnyScope::Windows(windows::Scope { rules, ..station(Size::Short) }),
        property,
        steps,
    };
    let at_handset = |rule, rules, property, steps| Without {
        scope: AnyScope::Windows(windows::Scope { rules, ..handset(Size::Short) }),
        ..missing(rule, rules, property, steps)
    };
    vec![
        missing(
            "a skipped key is destroyed with its use",
            Rules { key_destroyed: false, ..ALL_RULES },
            "once",
            &["the author", "counter", "counter"],
        ),
        missing(
            "all that fit a hint are tried",
            Rules { all_tried: false, ..ALL_RULES },
            "far",
            &[],
        ),
        missing(
            "trying changes nothing",
            Rules { trying_changes_nothing: false, ..ALL_RULES },
            "foreign",
            &["the author", "a foreign envelope"],
        ),
        missing(
            "keys of counters passed over are kept",
            Rules { passed_over_kept: false, ..ALL_RULES },
            "late",
            &["the author", "counter"],
        ),
        missing(
            "hints of multiples are held far ahead",
            Rules { multiples_held: false, ..ALL_RULES },
            "far",
            &[],
        ),
        missing("random access", Rules { random_access: false, ..ALL_RULES }, "any", &[]),
        missing(
            "the counter nearest to n is taken",
            Rules { nearest: false, ..ALL_RULES },
            "",
            &["the author", "counter"],
        ),
        missing(
            "over a step keys of both epochs are kept",
            Rules { both_epochs_kept: false, ..ALL_RULES },
            "late",
            &["the author", "counter"],
        ),
        missing(
            "no envelope reaches over a multiple",
            Rules { multiples_begin_envelopes: false, ..ALL_RULES },
            "far",
            &[],
        ),
        missing(
            "no envelope reaches over a counter that was opened",
            Rules { opened_not_reached_over: false, ..ALL_RULES },
            "once",
            &["the author", "counter", "counter"],
        ),
        at_handset(
            "a handset expects a restarted author at the next multiple",
            Rules { restart_window: false, ..ALL_RULES },
            "window",
            &[],
        ),
    ]
}

fn session(scope: Scope) -> AnyScope {
    AnyScope::Session(Box::new(scope))
}
