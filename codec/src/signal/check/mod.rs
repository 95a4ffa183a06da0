//! Whether a well-formed message keeps the rules of chapter 4.
//!
//! Reading a message and judging it are kept apart: a message that breaks a rule is still read,
//! relayed, anchored and written back bit for bit, so that it can be shown, refused by name, and
//! held against its originator (4.2.1.7). Where the standard contradicts itself or is silent, the
//! decision stands in spec/01-signal.md.

mod management;
mod sign;
mod tables;

use super::code::{MessageCode, ReferenceIndicator};
use super::field::Field;
use super::layout;
use super::message::{Body, Message, ReferencedMessage};
use super::place::{Latitude, Longitude};
use super::reference::{self, Originator, Party};
use alloc::vec::Vec;

/// A rule a message breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The standard's name of the field that breaks it.
    pub field: &'static str,
    /// The section that states it.
    pub rule: &'static str,
    /// What is wrong, for people.
    pub message: &'static str,
}

/// Every rule of chapters 4.2 and 4.3 the message breaks, in the order of its fields. A test is
/// held to the rules of what it tests.
#[must_use]
pub fn violations(message: &Message<'_>) -> Vec<Violation> {
    let mut all = Vec::new();
    visit(message, &mut |violation| all.push(violation));
    all
}

/// As [`violations`], without a buffer.
pub fn visit(message: &Message<'_>, report: &mut dyn FnMut(Violation)) {
    let report = &mut Report { report };
    header(message, report);
    match &message.body {
        Body::Authentication { method, data } => {
            management::authentication(message.reference_indicator, *method, *data, report);
        }
        Body::CryptographicSupport { data_type, data } => {
            management::cryptographic_support(*data_type, *data, report);
        }
        Body::Resource { method, data } => {
            management::resource(message.reference_indicator, *method, *data, report);
        }
        Body::FreeText { .. } => {}
        Body::RequestSignal(sign, objects) => {
            sign::sign(message.body.code(), sign, report);
            sign::request_objects(objects, report);
        }
        Body::ProtectiveSign(sign)
        | Body::EmergencySignal(sign)
        | Body::StatusSignal(sign)
        | Body::DangerSign(sign)
        | Body::InfrastructureSign(sign)
        | Body::MissionSignal(sign) => sign::sign(message.body.code(), sign, report),
    }
}

/// Every rule the message breaks by referring to `referenced`: the tables of 5.4.1, and the
/// location a status signal owes a protective or danger sign (4.3.1.6).
#[must_use]
pub fn reference_violations(
    message: &Message<'_>,
    referenced: Party,
    originator: Originator,
) -> Vec<Violation> {
    let mut all = Vec::new();
    let referencing = Party { code: message.code(), indicator: message.reference_indicator };
    if let Err(refusal) = reference::allowed(referencing, referenced, originator) {
        let field = layout::REFERENCE_INDICATOR.name;
        all.push(Violation { field, rule: refusal.rule(), message: refusal.message() });
    }
    let owes_location =
        matches!(referenced.code, MessageCode::ProtectiveSign | MessageCode::DangerSign);
    if let (Body::StatusSignal(sign), true) = (&message.body, owes_location)
        && (sign.latitude, sign.longitude) == (Latitude::OMITTED, Longitude::OMITTED)
    {
        let field = layout::OBJECT_LATITUDE.name;
        let message = "a status of a protective or danger sign gives its location";
        all.push(Violation { field, rule: layout::OBJECT_LATITUDE.section, message });
    }
    all
}

/// Where violations go.
struct Report<'r> {
    report: &'r mut dyn FnMut(Violation),
}

impl Report<'_> {
    /// Reports a violation of the rules of a field's own section unless they are kept.
    fn require(&mut self, kept: bool, field: &Field, message: &'static str) {
        self.require_by(kept, field, field.section, message);
    }

    /// Reports a violation of another section's rule.
    fn require_by(&mut self, kept: bool, field: &Field, rule: &'static str, message: &'static str) {
        if !kept {
            (self.report)(Violation { field: field.name, rule, message });
        }
    }
}

fn header(message: &Message<'_>, report: &mut Report<'_>) {
    report.require(
        !matches!(message.encryption.to_u8(), b'3'..=b'9'),
        &layout::ENCRYPTION_INDICATOR,
        "3 to 9 are reserved",
    );
    report.require(
        message.reference_indicator <= ReferenceIndicator::REJECT,
        &layout::REFERENCE_INDICATOR,
        "A to F are undefined",
    );
    // 4.2.1.8: an original's identifier is to be ignored; any other one names a message.
    report.require(
        message.test
            || message.reference_indicator == ReferenceIndicator::ORIGINAL
            || message.referenced_message != ReferencedMessage::NONE,
        &layout::REFERENCED_MESSAGE,
        "a message that is not an original names the message it refers to",
    );
}
