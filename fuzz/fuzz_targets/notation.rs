//! The notation: whatever is accepted is printed in a form that reads back to it.
#![no_main]

use chappe_codec::signal::notation::Sequence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Sequence::parse(text) {
        Ok(sequence) => {
            let printed = sequence.to_string();
            assert_eq!(Sequence::parse(&printed).as_ref(), Ok(&sequence));
            assert_eq!(sequence.references().count(), sequence.judge().len());
        }
        Err(error) => assert!(error.offset <= text.chars().count()),
    }
});
