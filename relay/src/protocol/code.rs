//! Reasons and close codes (spec/06-relay.md, "Reasons", "Closing").

use std::fmt;

/// Why a relay refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A parcel of a version this relay does not know.
    UnknownVersion,
    /// The parcel's expiry has come.
    Expired,
    /// The parcel's expiry is too far ahead.
    ExpiryTooFar,
    /// Neither the mailbox's key nor a delegation.
    NotYourMailbox,
    /// A delegation that is not for this mailbox or this reader, or does not verify in this realm.
    BadDelegation,
    /// A delegation whose expiry has come.
    DelegationExpired,
    /// A cursor beyond the relay's log.
    CursorAhead,
    /// More reads than a lane may have.
    TooMany,
    /// The relay cannot store or read at the moment.
    TryLater,
    /// A fetch with a limit out of range.
    BadLimit,
    /// A parcel of another precedence than its lane.
    WrongPrecedence,
    /// A precedence the sender's certificate, or this relay, does not let it use.
    NotPermitted,
    /// What the sender has stored here reaches its quota.
    SenderFull,
    /// What is stored for the address reaches its quota.
    MailboxFull,
    /// No home relay is this one or one it knows, or no hop is left.
    NoRoute,
    /// A reason this program does not know.
    Other(u8),
}

impl Reason {
    const NAMED: [(u8, Self, &'static str); 15] = [
        (0x01, Self::UnknownVersion, "unknown_version"),
        (0x02, Self::Expired, "expired"),
        (0x03, Self::ExpiryTooFar, "expiry_too_far"),
        (0x04, Self::NotYourMailbox, "not_your_mailbox"),
        (0x05, Self::BadDelegation, "bad_delegation"),
        (0x06, Self::DelegationExpired, "delegation_expired"),
        (0x07, Self::CursorAhead, "cursor_ahead"),
        (0x08, Self::TooMany, "too_many"),
        (0x09, Self::TryLater, "try_later"),
        (0x0A, Self::BadLimit, "bad_limit"),
        (0x0B, Self::WrongPrecedence, "wrong_precedence"),
        (0x0C, Self::NotPermitted, "not_permitted"),
        (0x0D, Self::SenderFull, "sender_full"),
        (0x0E, Self::MailboxFull, "mailbox_full"),
        (0x0F, Self::NoRoute, "no_route"),
    ];

    /// The octet on the wire.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            _ => Self::NAMED.iter().find(|named| named.1 == self).map_or(0, |named| named.0),
        }
    }

    /// The reason of a code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        Self::NAMED.iter().find(|named| named.0 == code).map_or(Self::Other(code), |named| named.1)
    }

    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|named| named.1 == self).map_or("unknown_reason", |named| named.2)
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::TryLater | Self::SenderFull | Self::MailboxFull)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "unknown reason {code:02x}"),
            _ => f.write_str(self.name()),
        }
    }
}

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// Nothing is left to do.
    Done,
    /// A message does not parse.
    Malformed,
    /// A message that parses, but has no place here.
    ProtocolError,
    /// The two programs know no version in common.
    NoCommonVersion,
    /// The client speaks in another realm.
    WrongRealm,
    /// The relay shuts down.
    ShuttingDown,
    /// The hello did not come in time.
    NoHello,
    /// The relay has as many connections as it takes.
    TooBusy,
    /// Neither key, certificate nor invitation lets the client in.
    NotAdmitted,
    /// Role 1 by a key that is not a peer of this relay.
    NotAPeer,
    /// A message that was begun did not end in time.
    TooSlow,
    /// A code this program does not know.
    Other(u64),
}

impl CloseCode {
    const NAMED: [(u32, Self, &'static str); 11] = [
        (0x00, Self::Done, "done"),
        (0x01, Self::Malformed, "malformed"),
        (0x02, Self::ProtocolError, "protocol_error"),
        (0x03, Self::NoCommonVersion, "no_common_version"),
        (0x04, Self::WrongRealm, "wrong_realm"),
        (0x05, Self::ShuttingDown, "shutting_down"),
        (0x06, Self::NoHello, "no_hello"),
        (0x07, Self::TooBusy, "too_busy"),
        (0x08, Self::NotAdmitted, "not_admitted"),
        (0x09, Self::NotAPeer, "not_a_peer"),
        (0x0A, Self::TooSlow, "too_slow"),
    ];

    /// The application error code; 0 for one that is not ours to send.
    #[must_use]
    pub fn code(self) -> u32 {
        Self::NAMED.iter().find(|named| named.1 == self).map_or(0, |named| named.0)
    }

    /// The meaning of an application error code.
    #[must_use]
    pub fn from_code(code: u64) -> Self {
        Self::NAMED
            .iter()
            .find(|named| u64::from(named.0) == code)
            .map_or(Self::Other(code), |named| named.1)
    }

    /// The registered name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMED.iter().find(|named| named.1 == self).map_or("unknown_code", |named| named.2)
    }

    /// Whether connecting again later may help.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::NoHello | Self::TooBusy | Self::TooSlow)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "unknown close code {code}"),
            _ => f.write_str(self.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in 0..=u8::MAX {
            assert_eq!(Reason::from_code(code).code(), code);
        }
        for code in 0..11 {
            let close = CloseCode::from_code(u64::from(code));
            assert_eq!(close.code(), code);
            assert!(!matches!(close, CloseCode::Other(_)));
        }
    }
}
