//! Who may read an address (spec/06-relay.md, "Addresses", "Delegation").

use crate::address::{Address, AddressKind};
use crate::delegation::Delegation;
use crate::key::TransportKey;
use crate::protocol::Reason;
use chappe_codec::realm::Realm;

/// Leave to read an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// When it ends, in seconds after 1970; `None`: it does not.
    pub until_seconds: Option<u64>,
}

impl Grant {
    /// Whether it holds at a time.
    #[must_use]
    pub fn holds(&self, now_seconds: u64) -> bool {
        self.until_seconds.is_none_or(|until| now_seconds < until)
    }
}

/// Decides whether `reader`, the key of the TLS connection, may read an address. `delegation` is
/// what came with the request; it is looked at only where it is needed.
///
/// # Errors
/// [`Reason::NotYourMailbox`], [`Reason::BadDelegation`], [`Reason::DelegationExpired`].
pub fn may_read(
    reader: TransportKey,
    address: &Address,
    delegation: &[u8],
    realm: Realm,
    now_seconds: u64,
) -> Result<Grant, Reason> {
    let is_open = match address.kind {
        AddressKind::Topic => true,
        AddressKind::Mailbox => Address::mailbox(reader) == *address,
    };
    if is_open {
        return Ok(Grant { until_seconds: None });
    }
    if delegation.is_empty() {
        return Err(Reason::NotYourMailbox);
    }
    let delegation = Delegation::parse(delegation).map_err(|_| Reason::BadDelegation)?;
    let is_for_this = delegation.address() == *address && delegation.reader == reader;
    if !is_for_this || delegation.verify(realm).is_err() {
        return Err(Reason::BadDelegation);
    }
    let grant = Grant { until_seconds: Some(delegation.expiry_seconds) };
    if grant.holds(now_seconds) { Ok(grant) } else { Err(Reason::DelegationExpired) }
}
