//! With every rule in place nothing is violated, in the scopes small enough for every change.

use chappe_session_model::outcome::Outcome;
use chappe_session_model::scope::{
    Size, agreement, counters, crossing, healing, hybrid, hybrid_healing, secrecy, strangers,
};
use chappe_session_model::windows::{handset, station};

fn holds(outcome: &Outcome, at_least: usize, newest_epoch: u8) {
    println!("{outcome}");
    assert!(outcome.holds(), "{outcome}");
    // A model that cannot move violates nothing.
    assert!(outcome.states >= at_least, "{outcome}");
    assert_eq!(outcome.newest_epoch, Some(newest_epoch), "{outcome}");
}

#[test]
fn secrecy_holds() {
    holds(&secrecy(Size::Short).explore(|_| ()), 5_000, 1);
}

#[test]
fn healing_holds() {
    holds(&healing(Size::Short).explore(|_| ()), 5_000, 2);
}

#[test]
fn hybrid_steps_hold_against_who_breaks_x25519() {
    holds(&hybrid(Size::Short).explore(|_| ()), 20_000, 2);
}

#[test]
fn hybrid_steps_heal_as_plain_ones_do() {
    holds(&hybrid_healing(Size::Short).explore(|_| ()), 1_000, 1);
}

#[test]
fn agreement_holds() {
    holds(&agreement(Size::Short).explore(|_| ()), 100, 0);
}

#[test]
fn crossing_sessions_hold() {
    holds(&crossing(Size::Short).explore(|_| ()), 100, 0);
}

#[test]
fn strangers_hold() {
    holds(&strangers(Size::Short).explore(|_| ()), 100, 0);
}

#[test]
fn counters_hold() {
    holds(&counters(Size::Short).explore(|_| ()), 10_000, 1);
}

#[test]
fn windows_of_a_station_hold() {
    holds(&station(Size::Short).explore(|_| ()), 5_000, 1);
}

#[test]
fn windows_of_a_handset_hold() {
    holds(&handset(Size::Short).explore(|_| ()), 5_000, 1);
}
