//! What a mailbox's owner gives a gateway, so that it carries for that mailbox between the air and
//! the relays (spec/06-relay.md, "Lease").

use crate::delegation::Delegation;
use crate::limits::{DELEGATION_OCTETS, LEASE_LABELS_MAX};
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::framing::{self, field, refuse};
use chappe_codec::label::Label;
use nom::number::complete::{be_u32, u8};

/// A lease: the body of an item of family 11.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Lets the gateway read the mailbox.
    pub delegation: Delegation,
    first_epoch: u32,
    labels: Vec<Label>,
}

impl Lease {
    /// A lease of labels for consecutive epochs from `first_epoch` on.
    ///
    /// # Errors
    /// `out_of_range` in `count` (1 to 32), in `first_epoch` (the last epoch must fit in 32 bits),
    /// in `label` (the field's own label is nobody's).
    pub fn new(
        delegation: Delegation,
        first_epoch: u32,
        labels: Vec<Label>,
    ) -> Result<Self, DecodeError> {
        let out_of_range =
            |field, offset| Err(DecodeError::at_octet(ErrorKind::OutOfRange, field, offset));
        if labels.is_empty() || labels.len() > LEASE_LABELS_MAX {
            return out_of_range("count", DELEGATION_OCTETS.saturating_add(4));
        }
        if !epochs_fit(first_epoch, labels.len()) {
            return out_of_range("first_epoch", DELEGATION_OCTETS);
        }
        if labels.contains(&Label::FIELD) {
            return out_of_range("label", DELEGATION_OCTETS.saturating_add(5));
        }
        Ok(Self { delegation, first_epoch, labels })
    }

    /// Reads a lease. The delegation's signature is not looked at: see [`Delegation::verify`].
    ///
    /// # Errors
    /// As [`Delegation::parse`] and [`Lease::new`]; `truncated`, `trailing`.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        framing::parse_all(octets, Self::read)
    }

    fn read(input: &[u8]) -> framing::Parsed<'_, Self> {
        let (epoch_at, delegation) = Delegation::read(input)?;
        let (count_at, first_epoch) = field("first_epoch", be_u32)(epoch_at)?;
        let (mut rest, count) = field("count", u8)(count_at)?;
        let count = usize::from(count);
        if count == 0 || count > LEASE_LABELS_MAX {
            return refuse(ErrorKind::OutOfRange, "count", count_at);
        }
        if !epochs_fit(first_epoch, count) {
            return refuse(ErrorKind::OutOfRange, "first_epoch", epoch_at);
        }
        let mut labels = Vec::with_capacity(count);
        for _ in 0..count {
            let (after, label) = field("label", framing::octets)(rest)?;
            if Label(label) == Label::FIELD {
                return refuse(ErrorKind::OutOfRange, "label", rest);
            }
            labels.push(Label(label));
            rest = after;
        }
        Ok((rest, Self { delegation, first_epoch, labels }))
    }

    /// The lease's octets: the body of the item.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.delegation.to_bytes();
        out.extend_from_slice(&self.first_epoch.to_be_bytes());
        out.push(u8::try_from(self.labels.len()).unwrap_or(u8::MAX));
        for label in &self.labels {
            out.extend_from_slice(&label.0);
        }
        out
    }

    /// The labels with the epoch each is for.
    pub fn labels(&self) -> impl Iterator<Item = (u32, Label)> + '_ {
        (self.first_epoch..=u32::MAX).zip(self.labels.iter().copied())
    }

    /// The mailbox's label in an epoch, if the lease has one for it.
    #[must_use]
    pub fn label(&self, epoch: u32) -> Option<Label> {
        let index = usize::try_from(epoch.checked_sub(self.first_epoch)?).ok()?;
        self.labels.get(index).copied()
    }
}

/// spec/06-relay.md: "first + n must not pass 2^32".
fn epochs_fit(first: u32, count: usize) -> bool {
    u32::try_from(count.saturating_sub(1)).is_ok_and(|later| first.checked_add(later).is_some())
}
