//! What each rule is for: taken out, the model finds what it keeps away, and the shortest way to it.

use chappe_session_model::without::{Without, given_up, rules};

fn assert_found(without: &Without) {
    let outcome = without.explore(|_| ());
    println!("{}: {outcome}", without.rule);
    assert!(without.is_found(&outcome), "{}: {outcome}", without.rule);
}

#[test]
fn every_rule_is_missed_when_it_is_taken_out() {
    rules().iter().for_each(assert_found);
}

#[test]
fn what_the_specification_gives_up_is_found() {
    given_up().iter().for_each(assert_found);
}
