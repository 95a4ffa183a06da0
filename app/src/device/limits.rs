//! How much a device remembers of what should have come (spec/06-relay.md, "What a relay withholds" and
//! "What did not arrive"): a sender who skips counters or repeats a FLASH fills no memory.

use chappe_codec::limits::{PEER_ENDED_SESSIONS_MAX, PEER_SESSIONS_MAX, SKIPPED_KEYS_MAX};

/// Counters of one chain that are waited for: no session keeps keys of more.
pub(crate) const GAP_COUNTERS_MAX: usize = SKIPPED_KEYS_MAX;

/// Of counters passed over at once the last so many: of no more are keys kept (spec/11-session.md,
/// "Receiving").
pub(crate) const GAP_AT_ONCE_MAX: u32 = 64;

/// Chains of one device that are remembered: no more sessions with it have keys.
pub(crate) const GAP_CHAINS_MAX: usize = PEER_SESSIONS_MAX + PEER_ENDED_SESSIONS_MAX;

/// FLASH messages compared at a time; those heard longest ago are forgotten first.
pub(crate) const FLASHES_MAX: usize = 1024;

/// Relays that are remembered as read; those read longest ago are forgotten first.
pub(crate) const READ_RELAYS_MAX: usize = 64;

/// Home relays a chain's gaps are remembered with: three at a time, and some that were before them.
pub(crate) const GAP_HOMES_MAX: usize = 16;
