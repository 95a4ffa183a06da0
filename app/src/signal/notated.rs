//! Sequences of messages in the notation of 2.7: what they refer to, and whether they may.

use super::flaw::Flaw;
use super::form::utf8;
use super::lines::Answer;
use super::terminal::json_line;
use chappe_codec::signal::notation::{
    Element, Judgement, Name, Notated, Referenced, Sequence, Verdict,
};
use serde_json::{Value, json};

/// The canonical form and a verdict on every reference; a forbidden one is not good.
pub(super) fn answer(line: &[u8], json: bool) -> Result<Answer, Flaw> {
    let sequence = Sequence::parse(utf8(line)?)?;
    let judged = sequence.judge();
    let good = !judged.iter().any(|one| matches!(one.verdict, Verdict::Forbidden(_)));
    let text =
        if json { json_line(&to_json(&sequence, &judged)) } else { to_text(&sequence, &judged) };
    Ok(Answer { good, text })
}

fn to_json(sequence: &Sequence<'_>, judged: &[Judgement]) -> Value {
    json!({
        "canonical": sequence.to_string(),
        "messages": sequence.elements().iter().map(message).collect::<Vec<_>>(),
        "references": judged.iter().map(reference).collect::<Vec<_>>(),
    })
}

fn message(element: &Element<'_>) -> Value {
    let Notated { encrypted, code, tested, subject, indicator, originator } = element.message;
    json!({
        "gap": element.gap,
        "back": element.back,
        "encrypted": encrypted,
        "code": code.to_string(),
        "tested": tested.map(|code| code.to_string()),
        "subject": subject.map(|subject| subject.to_string()),
        "indicator": indicator.map(|indicator| indicator.to_string()),
        "originator": originator.map(Name::as_str),
    })
}

/// Messages are numbered from 0, as programs do.
fn reference(judged: &Judgement) -> Value {
    let (from, to) = (judged.reference.referencing, to(judged));
    match judged.verdict {
        Verdict::Forbidden(refusal) => json!({
            "from": from,
            "to": to,
            "verdict": "forbidden",
            "rule": refusal.rule(),
            "message": refusal.message(),
        }),
        verdict => json!({"from": from, "to": to, "verdict": name(verdict)}),
    }
}

const fn to(judged: &Judgement) -> Option<usize> {
    match judged.reference.referenced {
        Referenced::Message(number) => Some(number),
        Referenced::Unseen => None,
    }
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::SameOnly => "same_only",
        Verdict::OtherOnly => "other_only",
        Verdict::Forbidden(_) => "forbidden",
        Verdict::Unknown => "unknown",
    }
}

/// A line for each reference, messages numbered from 1; what is forbidden is marked. An empty line
/// ends it. The notation is ASCII, so nothing in it steers a terminal.
fn to_text(sequence: &Sequence<'_>, judged: &[Judgement]) -> String {
    let shown = |number: usize| {
        let message = sequence.elements().get(number).map(|element| element.message.to_string());
        format!("{} {}", number.saturating_add(1), message.unwrap_or_default())
    };
    let mut text = format!("{sequence}\n");
    for one in judged {
        let from = shown(one.reference.referencing);
        let to = to(one).map_or_else(|| "one that is not shown".into(), shown);
        let (mark, verdict) = match one.verdict {
            Verdict::Forbidden(refusal) => {
                ('!', format!("forbidden: {} ({})", refusal.message(), refusal.rule()))
            }
            Verdict::Allowed => (' ', "allowed".into()),
            Verdict::SameOnly => (' ', "allowed to the same originator only".into()),
            Verdict::OtherOnly => (' ', "allowed to another originator only".into()),
            Verdict::Unknown => (' ', "unknown".into()),
        };
        text.push_str(&format!("{mark} {from} -> {to}  {verdict}\n"));
    }
    text.push('\n');
    text
}
