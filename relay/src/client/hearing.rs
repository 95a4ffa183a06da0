//! What is heard in datagrams.

use super::connector::Lanes;
use super::lane::Lane;
use crate::protocol::{Given, heard_datagram};
use chappe_codec::precedence::Precedence;
use quinn::{Connection, VarInt};
use std::sync::Arc;

/// Brings datagrams to the lanes whose listens they are for, until the connection ends.
pub(super) async fn hear(connection: Connection, lanes: Lanes) {
    let mut known = [const { None }; 4];
    while let Ok(datagram) = connection.read_datagram().await {
        match heard_datagram(&datagram) {
            Ok(Some((number, given))) => {
                if let Some(lane) = lane(&lanes, &mut known, given.precedence).await {
                    give(&lane, number, &given);
                }
            }
            Ok(None) => {}
            Err(error) => {
                let code = VarInt::from_u32(error.close_code().code());
                connection.close(code, error.to_string().as_bytes());
            }
        }
    }
}

/// "The precedence in its head and the number together name the listen". A lane stays the same for as long
/// as the connection, so the lock is not asked for again: it may be held for a while.
async fn lane(
    lanes: &Lanes,
    known: &mut [Option<Arc<Lane>>; 4],
    precedence: Precedence,
) -> Option<Arc<Lane>> {
    let index = usize::from(precedence.to_bits());
    let known = known.get_mut(index)?;
    if known.is_none() {
        known.clone_from(lanes.lock().await.get(index)?);
    }
    known.clone()
}

fn give(lane: &Lane, number: u64, given: &Given<'_>) {
    let state = lane.state();
    // "`heard` in a datagram for no open listen is passed over."
    if state.session.listens(number) {
        state.hear(number, given);
    }
}
