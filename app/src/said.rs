//! What the sending commands share: reports of what was written, and items that are no signals.

use crate::device::content::Message;
use crate::device::sent::Written;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::report::Report;
use crate::text;
use chappe_codec::identity::Carried;
use chappe_codec::item::{Family, Item, Reference};
use chappe_codec::precedence::Precedence;
use chappe_codec::signal::packed;
use chappe_codec::statement::{Ids, Request};
use serde_json::json;

/// Longest line taken as a signal or a command, in octets.
pub(crate) const SIGNAL_LINE_OCTETS_MAX: u64 = 32 * 1024;

/// A statement as an item (spec/04-statement.md, "Carried as an item").
pub(crate) const fn statement_item(body: &[u8]) -> Item<'_> {
    Item { family: Family::STATEMENT, revision: 0, reference: Reference::None, body }
}

/// A lease as an item (spec/06-relay.md, "Lease").
pub(crate) const fn lease_item(body: &[u8]) -> Item<'_> {
    Item { family: Family::LEASE, revision: 0, reference: Reference::None, body }
}

/// A card as an item (spec/10-identity.md, "Carried as items").
pub(crate) const fn card_item(body: &[u8]) -> Item<'_> {
    Item { family: Family::CARD, revision: 0, reference: Reference::None, body }
}

/// "Test messages never exceed PRIORITY" (spec/00-conventions.md, "Precedence").
pub(crate) fn check_precedence(item: &Item<'_>, precedence: Precedence) -> Outcome<()> {
    if precedence > Precedence::Priority && crate::signal::is_test(item) {
        return Err(Failure::new(
            Exit::Usage,
            "precedence",
            "a test message is never more urgent than priority",
        ));
    }
    Ok(())
}

/// What an item is, in a few words.
pub(crate) fn describe(item: &Item<'_>) -> String {
    let damaged = |what, error| format!("a damaged {what} ({error})");
    if let Some(text) = text::of_item(item) {
        return text.map_or_else(
            |error| damaged("text", error),
            |text| format!("text {}", crate::signal::foreign(&text)),
        );
    }
    match (item.family, item.revision) {
        (Family::SIGNAL, 0 | packed::item::REVISION) => {
            crate::signal::summary(item).unwrap_or_else(|error| damaged("signal", error))
        }
        (Family::STATEMENT, 0) => "statement".into(),
        (Family::LEASE, 0) => "lease".into(),
        (Family::CARD, 0) => "contact card".into(),
        (Family::ENDORSEMENT, 0) => endorsement(item.body),
        (Family::PROOF, 0) => "proof of one message".into(),
        (Family::REQUEST, 0) => request(item.body),
        (Family::IDS, 0) => match Ids::parse(item.body) {
            Ok(ids) => format!("ids of {} messages", ids.iter().count()),
            Err(error) => damaged("list of ids", error),
        },
        (family, revision) => {
            format!("family {:02x} revision {revision}: needs a newer Chappe", family.code())
        }
    }
}

/// What somebody asks for.
fn request(body: &[u8]) -> String {
    match Request::parse(body) {
        Ok(Request::Ids { count, .. }) => format!("asks for the ids of {count} messages"),
        Ok(Request::Proof { .. } | Request::ProofOf(_)) => "asks for a proof of one message".into(),
        Err(error) => format!("a damaged request ({error})"),
    }
}

/// What an endorsement says, whether it holds or not.
fn endorsement(body: &[u8]) -> String {
    match Carried::parse(body) {
        Ok(Carried::Certificate(certificate)) => {
            format!("certificate of device {}", certificate.content().device)
        }
        Ok(Carried::Revocation(revocation)) => {
            format!("revocation of device {}", revocation.content().device)
        }
        Ok(Carried::Succession(_)) => "succession of the account's root".into(),
        Err(error) => format!("a damaged endorsement ({error})"),
    }
}

/// An endorsement as an item (spec/10-identity.md, "Carried as items").
pub(crate) const fn endorsement_item(body: &[u8]) -> Item<'_> {
    Item { family: Family::ENDORSEMENT, revision: 0, reference: Reference::None, body }
}

/// Tells that an envelope is written and on disk.
pub(crate) fn report_envelope(report: Report, written: &Written, to: &str) {
    let messages: Vec<&Message> =
        written.content.messages.iter().filter(|message| !message.is_step()).collect();
    let ids: Vec<String> =
        messages.iter().filter_map(|message| message.id.map(|id| id.to_string())).collect();
    let summary =
        messages.iter().map(|message| describe(&message.item())).collect::<Vec<_>>().join(", ");
    report.event(
        "envelope",
        &format!("queued: {summary} to {to}, {} octets", written.envelope.len()),
        json!({
            "to": to,
            "summary": summary,
            "ids": ids,
            "size": written.envelope.len(),
            "octets": hex::encode(&written.envelope),
        }),
    );
}
