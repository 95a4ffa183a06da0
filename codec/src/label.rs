//! Labels: what stands on the radio for a mailbox (spec/05-radio.md, "Label").

use crate::digest;
use crate::realm::Realm;
use core::fmt;

/// Seconds in a label epoch: one day.
pub const LABEL_EPOCH_SECONDS: u64 = 86_400;

/// Three octets that name a mailbox on the air for one epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(pub [u8; 3]);

impl Label {
    /// The public topic of the field: what open messages are addressed to.
    pub const FIELD: Self = Self([0; 3]);

    /// `MAC(label key, "chappe-label/1", realm, epoch)[..3]`, and never [`Label::FIELD`].
    #[must_use]
    pub fn new(key: &LabelKey, realm: Realm, epoch: u32) -> Self {
        let parts: [&[u8]; 2] = [&realm.to_bytes(), &epoch.to_be_bytes()];
        match digest::first(&digest::mac(&key.0, "chappe-label/1", &parts)) {
            // spec/05-radio.md: "A derivation that yields it gives `000001` instead."
            [0, 0, 0] => Self([0, 0, 1]),
            label => Self(label),
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key a mailbox's labels come from: known to those who hold its owner's card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LabelKey(pub [u8; 16]);

impl fmt::Debug for LabelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LabelKey")
    }
}

/// The epoch of a time in seconds since 1970.
#[must_use]
pub fn label_epoch(seconds: u64) -> u32 {
    u32::try_from(seconds / LABEL_EPOCH_SECONDS).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::Mode;

    #[test]
    fn a_label_changes_with_epoch_realm_and_key() {
        let live = Realm { mode: Mode::Live, network: 1 };
        let exercise = Realm { mode: Mode::Exercise, network: 1 };
        let key = LabelKey([1; 16]);
        let label = Label::new(&key, live, 20_000);
        assert_ne!(label, Label::new(&key, live, 20_001));
        assert_ne!(label, Label::new(&key, exercise, 20_000));
        assert_ne!(label, Label::new(&LabelKey([2; 16]), live, 20_000));
    }
}
