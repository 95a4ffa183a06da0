//! What each rule is for: taken out, the model finds what it keeps away, and the shortest way to it.

use chappe_session_model::explore::explore;
use chappe_session_model::scope::{
    ALL_RULES, Rules, Scope, Size, agreement, counters, healing, secrecy, strangers,
};

/// The property is violated, and these steps, in this order, are part of the way there.
fn assert_way(scope: &Scope, property: &str, steps: &[&str]) {
    let outcome = explore(scope, |line| eprintln!("{line}"));
    println!("{outcome}");
    assert!(outcome.violation.is_some(), "there should be a way: {outcome}");
    let Some(violation) = outcome.violation else { return };
    assert!(violation.property.starts_with(property), "{violation}");
    let mut trace = violation.trace.iter();
    for step in steps {
        assert!(trace.any(|line| line.starts_with(step)), "{step} is missing: {violation}");
    }
}

#[test]
fn without_replay_memory_a_first_flight_is_accepted_twice() {
    let rules = Rules { replay_memory: false, ..ALL_RULES };
    let flight = "B opens the first flight of A, session 0, counter 0";
    assert_way(
        &Scope { rules, ..agreement(Size::Short) },
        "injective agreement",
        &["A seals counter 0", flight, flight],
    );
}

#[test]
fn without_key_deletion_what_was_read_long_ago_is_lost() {
    let rules = Rules { key_deletion: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..secrecy(Size::Short) },
        "forward secrecy",
        &["B opens", "the attacker reads all that B holds"],
    );
}

#[test]
fn with_the_root_kept_for_the_next_step_a_whole_epoch_is_lost() {
    let rules = Rules { split_root: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..secrecy(Size::Short) },
        "forward secrecy",
        &["B opens", "the attacker reads all that"],
    );
}

#[test]
fn without_reservation_a_crash_uses_a_key_twice() {
    let rules = Rules { reservation: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..counters(Size::Short) },
        "one key, one envelope",
        &["A seals counter 0", "A crashes", "A seals counter 0"],
    );
}

#[test]
fn a_device_put_back_with_its_prekeys_accepts_a_flight_again() {
    let rules = Rules { prekeys_not_restored: false, ..ALL_RULES };
    let scope = Scope { rules, crashes: 0, ..counters(Size::Short) };
    assert_way(
        &scope,
        "injective agreement",
        &["B opens the first flight", "B is put back", "B opens the first flight"],
    );
}

#[test]
fn without_steps_a_session_never_heals() {
    let rules = Rules { ratchet: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..healing(Size::Short) },
        "healing",
        &[
            "the attacker reads all that B holds",
            "B seals counter 0 of session 0 in epoch 0 with a new offer",
        ],
    );
}

#[test]
fn without_the_parties_a_copied_card_turns_a_message_to_another() {
    let rules = Rules { parties: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..agreement(Size::Short) },
        "agreement",
        &["A begins session 1 with the card of account E, which holds the keys of B", "B opens"],
    );
}

#[test]
fn with_claims_not_bound_a_stranger_gets_another_name() {
    let rules = Rules { claims_bound: false, ..ALL_RULES };
    assert_way(
        &Scope { rules, ..strangers(Size::Short) },
        "strangers",
        &[
            "the attacker makes B a first flight as A with the identity key of E",
            "A's card comes to B",
        ],
    );
}

/// Not a rule taken out: what the specification gives up, shown.
#[test]
fn who_has_read_a_prekey_poses_as_anyone_towards_its_owner() {
    let scope = Scope { prekey_impersonation_expected: false, ..agreement(Size::Short) };
    assert_way(
        &scope,
        "agreement: the attacker poses as another towards the owner of a prekey",
        &["the attacker reads the prekey of B", "the attacker makes B a first flight as A"],
    );
}

/// Not a rule taken out: epoch 0 is lost with the initiator's device until it has an answer.
#[test]
fn who_reads_the_initiator_before_an_answer_reads_its_first_flights() {
    let scope =
        Scope { early_epochs_given_up: false, prekey_expires: false, ..secrecy(Size::Short) };
    assert_way(
        &scope,
        "forward secrecy",
        &["A seals counter 0", "the attacker reads all that A holds"],
    );
}

/// Not a rule taken out: a session that healed is lost back to the first reading by a second one that
/// still finds a private half of the step between.
#[test]
fn who_reads_a_device_twice_reads_the_epoch_between() {
    let scope = Scope {
        second_reading_given_up: false,
        reveal_keys: false,
        prekey_expires: false,
        reveals: 2,
        ..secrecy(Size::Short)
    };
    let reads = "the attacker reads all that B holds";
    assert_way(
        &scope,
        "secrecy",
        &[reads, "B seals counter 0 of session 0 in epoch 0 with a new offer", "B opens", reads],
    );
}
