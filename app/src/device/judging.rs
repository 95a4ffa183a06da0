//! What a station finds of a message when it takes it in (spec/10-identity.md, "What a certificate
//! limits"). It is kept with the message, so that it is the same after a restart.

use super::content::{Content, Message};
use chappe_codec::identity::{Directory, Limit, Permissions, Timing};
use chappe_codec::item::Family;
use chappe_codec::statement::{Evidence, Proof};
use chappe_codec::time::TimeInterval;

/// From when until when a certificate permits anything, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: u64,
    pub(crate) expiry: u64,
}

impl Validity {
    /// Whether a certificate does not permit what was said at that time.
    pub(crate) fn excludes(self, time: TimeInterval) -> bool {
        let Self { not_before, expiry } = self;
        let permissions = Permissions { not_before, expiry, ..Permissions::ALL };
        !permissions.broken_by_what_is_said(None, &[], None, time).is_empty()
    }
}

/// Writes into what an envelope said what its device's certificate does not permit of it, and which
/// of the statements and proofs in it verify. No statement holds it yet, so its time is the
/// reader's.
pub(super) fn judge(content: &mut Content, known: &Directory) {
    let device = content.messages.first().map(|message| message.position.device);
    let certificate = device.and_then(|device| known.certificate(&content.author, device));
    let permissions = certificate.map(|certificate| certificate.permissions);
    let time = Timing::unsigned(content.received).counting().time;
    content.validity =
        permissions.map(|Permissions { not_before, expiry, .. }| Validity { not_before, expiry });
    for message in &mut content.messages {
        message.not_permitted = permissions.as_ref().map_or_else(Vec::new, |permissions| {
            permissions.broken_by(&message.item(), content.precedence, time)
        });
        message.verified = verifies(message, known);
    }
}

/// Whether it is a statement of its author, or anybody's proof, that verifies today.
fn verifies(message: &Message, known: &Directory) -> bool {
    match (message.family, message.revision) {
        (Family::STATEMENT, 0) => Evidence::parse(&message.body).is_ok_and(|evidence| {
            evidence.statement.claim.account == message.author.id()
                && known.verify_statement(&evidence.statement).is_ok()
        }),
        (Family::PROOF, 0) => Proof::parse(&message.body)
            .is_ok_and(|proof| known.verify_statement(&proof.statement).is_ok()),
        _ => false,
    }
}

/// Reads the name of a limit in a journal.
pub(super) fn limit_of_name(name: &str) -> Option<Limit> {
    Limit::ALL.into_iter().find(|limit| limit.name() == name)
}

#[cfg(test)]
mod tests;
