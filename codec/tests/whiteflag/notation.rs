//! The vectors of notation.json, and any sequence at all.

use super::given::assert_error;
use chappe_codec::signal::notation::{
    Element, Judgement, Name, Notated, Referenced, Sequence, SequenceError, Verdict,
};
use chappe_codec::signal::{MessageCode, ReferenceIndicator, SubjectCode};
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) fn judge(id: &str, text: &str, vector: &Value) {
    let Some(expected) = vector.get("out") else {
        return assert_error(id, Sequence::parse(text).unwrap_err(), &vector["error"]);
    };
    let sequence = Sequence::parse(text).unwrap_or_else(|error| panic!("{id}: {error}"));
    assert_eq!(sequence.to_string(), expected["canonical"].as_str().unwrap(), "{id}");
    let messages: Vec<_> = sequence.elements().iter().map(element).collect();
    assert_eq!(Value::from(messages), expected["messages"], "{id}");
    let references: Vec<_> = sequence.judge().iter().map(judgement).collect();
    assert_eq!(Value::from(references), expected["references"], "{id}");
    reads_back(&sequence);
}

fn element(element: &Element<'_>) -> Value {
    let message = &element.message;
    json!({
        "gap": element.gap,
        "back": element.back,
        "encrypted": message.encrypted,
        "code": message.code.to_string(),
        "tested": message.tested.map(|code| code.to_string()),
        "subject": message.subject.map(|subject| subject.to_string()),
        "indicator": message.indicator.map(|indicator| indicator.to_string()),
        "originator": message.originator.map(Name::as_str),
    })
}

fn judgement(judged: &Judgement) -> Value {
    let to = match judged.reference.referenced {
        Referenced::Message(number) => Some(number),
        Referenced::Unseen => None,
    };
    let (verdict, rule) = match judged.verdict {
        Verdict::Allowed => ("allowed", None),
        Verdict::SameOnly => ("same_only", None),
        Verdict::OtherOnly => ("other_only", None),
        Verdict::Forbidden(refusal) => ("forbidden", Some(refusal.rule())),
        Verdict::Unknown => ("unknown", None),
    };
    let mut all = json!({ "from": judged.reference.referencing, "to": to, "verdict": verdict });
    if let Some(rule) = rule {
        all["rule"] = rule.into();
    }
    all
}

/// What is printed is read as the same.
fn reads_back(sequence: &Sequence<'_>) {
    let printed = sequence.to_string();
    assert_eq!(Sequence::parse(&printed).as_ref(), Ok(sequence));
    assert_eq!(Sequence::new(sequence.elements().to_vec()).as_ref(), Ok(sequence));
    assert_eq!(sequence.references().count(), sequence.judge().len());
}

fn any_message() -> impl Strategy<Value = Notated<'static>> {
    let names = prop::sample::select(vec!["A", "X", "F0", "un-HQ_2", "Beef"]);
    let code = || prop::sample::select(MessageCode::ALL.to_vec());
    (
        any::<bool>(),
        code(),
        prop::option::of(code()),
        prop::option::of(any::<u8>().prop_map(SubjectCode)),
        prop::option::of((0_u8..16).prop_map(|value| ReferenceIndicator::new(value).unwrap())),
        prop::option::of(names.prop_map(|name| Name::new(name).unwrap())),
    )
        .prop_map(|(encrypted, code, tested, subject, indicator, originator)| {
            let tested = tested.filter(|_| code == MessageCode::Test);
            Notated { encrypted, code, tested, subject, indicator, originator }
        })
}

proptest! {
    #[test]
    fn any_sequence_is_printed_and_read(
        parts in proptest::collection::vec(
            (any::<bool>(), prop::option::weighted(0.8, 0_usize..7), any_message()), 0..12),
    ) {
        // Without those the notation cannot express, most remain.
        let mut elements: Vec<Element<'_>> = Vec::new();
        for (gap, back, message) in parts {
            elements.push(Element { gap, back, message });
            if Sequence::new(elements.clone()).is_err() {
                elements.pop();
            }
        }
        match Sequence::new(elements.clone()) {
            Ok(sequence) => reads_back(&sequence),
            Err(error) => prop_assert!(elements.is_empty() && error == SequenceError::Count),
        }
    }

    #[test]
    fn any_text_is_refused_or_notation(
        text in "\\PC*",
        like in "(\\.\\.\\. )?\\[?[APQTKF:]{1,2}[0-9a-f]{0,3}(\\([0-9g]\\))?[0-9A-Za-z]{0,3}\\]?\
                 ( <{1,2} [APQ][0-9]{2}\\([0-9]\\)[XY]?){0,3}",
    ) {
        for text in [text, like] {
            match Sequence::parse(&text) {
                Ok(sequence) => reads_back(&sequence),
                Err(error) => prop_assert!(error.offset <= text.chars().count()),
            }
        }
    }
}

/// What a message is displayed as is its notation.
pub(crate) fn displayed(message: &chappe_codec::signal::Message<'_>) {
    let notated = Notated { encrypted: false, ..Notated::of(message, None) };
    let displayed = message.to_string();
    assert_eq!(notated.to_string(), displayed);
    let element = Element { gap: false, back: None, message: notated };
    assert_eq!(Sequence::parse(&displayed).unwrap().elements(), [element]);
}

#[test]
fn what_has_no_notation_is_no_sequence() {
    let message = Notated::new(MessageCode::ProtectiveSign);
    let element = Element { gap: false, back: None, message };
    let with = |back, message| Sequence::new(vec![element, Element { back, message, gap: false }]);
    assert_eq!(Sequence::new(vec![]), Err(SequenceError::Count));
    assert_eq!(Sequence::new(vec![element; 65]), Err(SequenceError::Count));
    for back in [None, Some(0), Some(2)] {
        assert_eq!(with(back, message), Err(SequenceError::Pointer(1)));
    }
    for wrong in [
        Notated { originator: Name::new("X"), ..message },
        Notated { tested: Some(MessageCode::FreeText), ..message },
        Notated { tested: Some(MessageCode::Test), ..Notated::new(MessageCode::Test) },
        Notated { subject: Some(SubjectCode(1)), ..Notated::new(MessageCode::Test) },
        Notated { subject: Some(SubjectCode(1)), ..Notated::new(MessageCode::FreeText) },
        Notated { subject: Some(SubjectCode(16)), ..Notated::new(MessageCode::Resource) },
    ] {
        assert_eq!(with(Some(1), wrong), Err(SequenceError::Message(1)));
    }
    for no_name in ["", "1", "-", "a b", "é", &"n".repeat(33)] {
        assert_eq!(Name::new(no_name), None);
    }
}
