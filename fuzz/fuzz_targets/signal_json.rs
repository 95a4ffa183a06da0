//! JSON: whatever is accepted is written in both shapes, and both read back to the same message.
#![no_main]

use chappe_codec::signal::Message;
use libfuzzer_sys::fuzz_target;

// The program's own reader; a program is no library, so its files are taken as they are.
#[allow(dead_code)]
#[path = "../../app/src/signal/flaw.rs"]
mod flaw;
#[path = "../../app/src/signal/json.rs"]
mod json;
#[allow(dead_code)]
#[path = "../../app/src/signal/limits.rs"]
mod limits;

fn message(pairs: &json::Pairs) -> Option<Message<'_>> {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Message::from_pairs(&pairs).ok()
}

fuzz_target!(|text: &str| {
    let Ok(pairs) = json::read(text) else { return };
    let Some(first) = message(&pairs) else { return };
    for shape in [json::flat(&first), json::nested(&first)] {
        let again = json::read(&shape.to_string()).expect("what was written is read");
        assert_eq!(message(&again), Some(first));
    }
});
