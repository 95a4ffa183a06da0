//! What holds of what waits for peers, whatever they answer, lose and refuse, whatever the disks do, and however
//! often the relay is killed.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/field.rs"]
mod field;
#[path = "support/scripted_store.rs"]
mod scripted_store;

use field::{Field, Step, steps};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn nothing_promised_is_lost(steps in steps()) {
        let mut field = Field::new();
        for step in &steps {
            field.take(step);
        }
        field.heal();
        field.check_promises();
        // And nothing comes again after a start that comes later than the last saving.
        field.wait(3);
        field.settle();
        for queue in [false, true] {
            field.take(&Step::Append { queue, is_stored: true });
            field.take(&Step::Append { queue, is_stored: true });
        }
        let answered = field.answered;
        field.kill(0);
        field.heal();
        prop_assert_eq!(field.federation.waiting(), [0; 2]);
        prop_assert_eq!(field.answered, answered);
    }
}
