//! A message for a person, in words and field by field, or for a program.

mod page;
mod summary;
mod table;
mod when;

use chappe_codec::signal::{
    Message, check,
    names::{ENGLISH, Names},
};
use page::Page;
use serde_json::{Value, json};
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
    pub(super) fn to_json(&self, message: &Message<'_>) -> Value {
        let mut fields = Vec::new();
        message.visit(|view| {
            fields.push(json!({
                "field": view.field.name,
                "name": self.names.field(view.field),
                "section": view.field.section,
                "bit_offset": view.bit_offset,
                "bit_length": view.bit_length,
                "value": view.value.to_string(),
                "meaning": self.names.of_field(message, &view),
            }));
        });
        json!({
            "message": message.to_string(),
            "language": self.names.tag(),
            "bits": message.standard_bits(),
            "fields": fields,
            "violations": violations(message, self.names),
        })
    }

    /// What it says, in words; then, if asked for, every field. An empty line ends it.
    pub(super) fn to_text(&self, message: &Message<'_>) -> String {
        let mut page = Page::new(self.names);
        summary::write(message, &self.zone, &mut page);
        if self.fields {
            table::write(message, &mut page);
        }
        page.finish()
    }
}

/// The rules a message breaks.
pub(super) fn violations(message: &Message<'_>, names: Names) -> Vec<Value> {
    check::violations(message)
        .into_iter()
        .map(
            |one| json!({"field": one.field, "rule": one.rule, "message": names.rule(one.message)}),
        )
        .collect()
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
