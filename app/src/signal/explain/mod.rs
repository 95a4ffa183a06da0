//! A message for a person, in words and field by field, or for a program.

mod page;
mod summary;
mod table;
mod when;

use super::reading::Reading;
use super::shown;
use chappe_codec::signal::check::Violation;
use chappe_codec::signal::names::{ENGLISH, Names};
use chappe_codec::signal::packed::Packed;
use chappe_codec::signal::{Message, Value as FieldValue};
use page::Page;
use serde_json::{Map, Value, json};
use when::LocalZone;

/// How to explain.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ExplainArguments {
    /// Language of the names: en, fr or ar [default: the locale's, else en]
    #[arg(long, value_name = "TAG", value_parser = parse_language)]
    language: Option<Names>,
    /// Zone of local times: +02:00, Europe/Paris ... [default: this machine's]
    #[arg(long, value_name = "ZONE", value_parser = when::parse_zone, allow_hyphen_values = true)]
    local: Option<LocalZone>,
    /// Every field too, with its place on the standard wire, its value and its meaning
    #[arg(long)]
    fields: bool,
}

impl ExplainArguments {
    /// What was not given comes from the environment, once for all messages.
    pub(super) fn settle(&self) -> Explainer {
        Explainer {
            names: self.language.or_else(language_of_locale).unwrap_or(ENGLISH),
            zone: self.local.clone().unwrap_or_else(when::zone_of_machine),
            fields: self.fields,
        }
    }
}

/// Explains one message after another in one language.
#[derive(Debug, Clone)]
pub(super) struct Explainer {
    names: Names,
    zone: LocalZone,
    fields: bool,
}

impl Explainer {
    /// Every field with its place on the standard wire, its value and the name of its code.
    pub(super) fn to_json(&self, reading: &Reading<'_>) -> Value {
        let mut answer = Map::new();
        let mut say = |key: &str, value: Value| answer.insert(key.into(), value);
        say("message", reading.notation().into());
        say("language", self.names.tag().into());
        if reading.is_reference_unknown() {
            say("reference", "unknown".into());
        }
        match reading.content {
            Packed::Whole(message) => {
                say("bits", message.standard_bits().into());
                say("fields", self.fields(reading, &message).into());
                let violations = reading.violations().unwrap_or_default();
                say("violations", to_json(violations, self.names).into());
            }
            Packed::Repeat(_) => {
                if let Value::Object(repeat) = shown::to_json(reading, false) {
                    answer.extend(repeat);
                }
            }
        }
        Value::Object(answer)
    }

    fn fields(&self, reading: &Reading<'_>, message: &Message<'_>) -> Vec<Value> {
        let mut fields = Vec::new();
        message.visit(|view| {
            let value = match view.value {
                FieldValue::Identifier(_) => reading.identifier(),
                other => other.to_string(),
            };
            fields.push(json!({
                "field": view.field.name,
                "name": self.names.field(view.field),
                "section": view.field.section,
                "bit_offset": view.bit_offset,
                "bit_length": view.bit_length,
                "value": value,
                "meaning": self.names.of_field(message, &view),
            }));
        });
        fields
    }

    /// What it says, in words; then, if asked for, every field. An empty line ends it.
    pub(super) fn to_text(&self, reading: &Reading<'_>) -> String {
        let mut page = Page::new(self.names);
        summary::write(reading, &self.zone, &mut page);
        if let (true, Packed::Whole(message)) = (self.fields, reading.content) {
            table::write(reading, &message, &mut page);
        }
        page.finish()
    }
}

/// The rules a message breaks.
pub(super) fn to_json(violations: Vec<Violation>, names: Names) -> Vec<Value> {
    violations
        .into_iter()
        .map(
            |one| json!({"field": one.field, "rule": one.rule, "message": names.rule(one.message)}),
        )
        .collect()
}

/// A text somebody sent, for a line that is written from left to right.
pub(crate) fn foreign(text: &str) -> String {
    Page::new(ENGLISH).foreign(text)
}

fn parse_language(tag: &str) -> Result<Names, String> {
    Names::of(tag).ok_or_else(|| {
        let all = Names::ALL.iter().map(|names| format!("{} ({})", names.tag(), names.own_name()));
        format!("known are {}", all.collect::<Vec<_>>().join(", "))
    })
}

/// The language of the first of the three variables that is set, as POSIX orders them.
fn language_of_locale() -> Option<Names> {
    let set = |name| std::env::var(name).ok().filter(|locale| !locale.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(set)
        .and_then(|locale| Names::of(&locale))
}
