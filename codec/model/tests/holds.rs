//! With every rule in place nothing is violated, in the scopes small enough for every change.

use chappe_session_model::explore::explore;
use chappe_session_model::scope::{
    Scope, Size, agreement, counters, crossing, healing, secrecy, strangers,
};

fn holds(scope: fn(Size) -> Scope, at_least: usize, newest_epoch: u8) {
    let outcome = explore(&scope(Size::Short), |line| eprintln!("{line}"));
    println!("{outcome}");
    assert!(outcome.violation.is_none() && outcome.exhausted, "{outcome}");
    // A model that cannot move violates nothing.
    assert!(outcome.states >= at_least, "{outcome}");
    assert_eq!(outcome.newest_epoch, Some(newest_epoch), "{outcome}");
}

#[test]
fn secrecy_holds() {
    holds(secrecy, 5_000, 1);
}

#[test]
fn healing_holds() {
    holds(healing, 5_000, 2);
}

#[test]
fn agreement_holds() {
    holds(agreement, 100, 0);
}

#[test]
fn crossing_sessions_hold() {
    holds(crossing, 100, 0);
}

#[test]
fn strangers_hold() {
    holds(strangers, 100, 0);
}

#[test]
fn counters_hold() {
    holds(counters, 10_000, 1);
}
