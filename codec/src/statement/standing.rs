//! What a person is told about a message: one word of each row (spec/04-statement.md, "Who acts on
//! what").

use core::fmt;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whereabouts {
    /// Written, and still here.
    Queued,
    /// Sent over the air.
    Sent,
    /// A relay or a gateway has it: never more than that.
    Relayed,
    /// The recipient's device has it.
    OnDevice,
    /// Its recipient has seen it.
    Seen,
    /// Its recipient has agreed to it.
    Complied,
    /// Its recipient has refused it.
    Rejected,
}

/// What vouches for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vouching {
    /// Its envelope opened or verified.
    Authenticated,
    /// A statement that holds its id verified.
    Signed,
    /// A receipt for that statement verified.
    Anchored,
    /// A third party has confirmed what it says.
    Validated,
}

impl Whereabouts {
    /// All, in the order of the row.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sent,
        Self::Relayed,
        Self::OnDevice,
        Self::Seen,
        Self::Complied,
        Self::Rejected,
    ];

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Relayed => "relayed",
            Self::OnDevice => "on device",
            Self::Seen => "seen",
            Self::Complied => "complied",
            Self::Rejected => "rejected",
        }
    }
}

impl Vouching {
    /// All, in the order of the row.
    pub const ALL: [Self; 4] = [Self::Authenticated, Self::Signed, Self::Anchored, Self::Validated];

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authenticated => "authenticated",
            Self::Signed => "signed",
            Self::Anchored => "anchored",
            Self::Validated => "validated",
        }
    }

    /// "A word that is not reached is named as such": the words for the next one, if there is one.
    #[must_use]
    pub const fn missing(self) -> Option<&'static str> {
        match self {
            Self::Authenticated => Some("not yet signed"),
            Self::Signed => Some("not yet anchored"),
            Self::Anchored => Some("not yet validated"),
            Self::Validated => None,
        }
    }
}

impl fmt::Display for Whereabouts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Vouching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
