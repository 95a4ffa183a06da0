//! "Clients fill their datagrams of QUIC" (spec/06-relay.md, "Sizes").
//!
//! Not by quinn's `pad_to_mtu`: that pads what carries nothing but acknowledgements too. Such packets count
//! against the congestion window and are never acknowledged themselves, so a client that mostly reads soon may
//! send nothing any more (quinn-proto 0.11.19; relay/tests/lanes.rs has the case).

use crate::protocol::{ClientMessage, FILLER};
use bytes::Bytes;
use quinn::Connection;

/// Octets that frames other than the filler and the stream's own take in a packet: the head of a STREAM frame
/// (RFC 9000 §19.8) and an acknowledgement with a few gaps. What they leave of this, packets are shorter by,
/// whatever is said.
const OTHER_FRAMES: usize = 64;

/// Sends so much filler beside `octets` of a stream that together they take whole datagrams. It goes in front
/// of them in the same packets.
pub(super) fn fill(connection: &Connection, octets: usize) {
    let Some(largest) = connection.max_datagram_size() else { return };
    let Some(filler) = filler(octets, largest) else { return };
    // What somebody says live is worth more.
    if connection.datagram_send_buffer_space() > filler {
        // Too large or not wanted: then this datagram shows what it carries.
        drop(connection.send_datagram(Bytes::from(message(filler))));
    }
}

/// Octets of filler beside so many of a stream; `None` where there is nothing to fill.
fn filler(octets: usize, largest: usize) -> Option<usize> {
    let room = largest.checked_sub(OTHER_FRAMES).filter(|room| *room > 0)?;
    let used = octets.checked_rem(room).filter(|used| *used > 0)?;
    room.checked_sub(used).filter(|filler| *filler > 0)
}

/// A message of so many octets that the relay passes over; of one fewer where there is none of that length.
fn message(octets: usize) -> Vec<u8> {
    let body = vec![0; octets];
    let whole = |body| ClientMessage::Unknown { message_type: FILLER, body }.to_bytes();
    let head = whole(&body).len().saturating_sub(octets);
    whole(body.get(head..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_and_its_filler_take_whole_datagrams() {
        let room = 1200 - OTHER_FRAMES;
        for octets in 1..5000 {
            let sum = octets + filler(octets, 1200).unwrap_or(0);
            assert_eq!(sum % room, 0, "{octets}");
            assert!(sum < octets + room, "{octets}");
        }
        for octets in 2..1200 {
            let message = message(octets);
            assert!([octets, octets - 1].contains(&message.len()), "{octets}");
            let read = ClientMessage::parse(&message).unwrap();
            assert!(matches!(read, ClientMessage::Unknown { message_type: FILLER, .. }));
        }
        assert_eq!(filler(0, 1200), None);
        assert_eq!(filler(10, OTHER_FRAMES), None);
    }
}
