//! Relays that take parcels to one another: real sockets, real folders.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "support/federation.rs"]
mod federation;

use chappe_codec::precedence::Precedence;
use federation::{Net, eventually, parcel, topic};

const ROUTINE: Precedence = Precedence::Routine;
const FLASH: Precedence = Precedence::Flash;

/// A line of three: b knows a and c.
fn line() -> Net {
    Net::new(&[('a', 'b'), ('b', 'c')], &[])
}

#[tokio::test]
async fn what_is_forwarded_reaches_its_home() {
    let mut net = line();
    net.start("abc").await;
    let client = net.connect('a', 7).await.unwrap();
    let field = topic("field");
    for (number, precedence) in (0..).zip([ROUTINE, Precedence::Priority, Precedence::Immediate, FLASH]) {
        let parcel = parcel(field, precedence, number);
        let pending = client.start_forward(parcel, &[net.key('b')], 2).await.unwrap();
        pending.wait().await.unwrap();
    }
    assert_eq!(net.wait_for('b', field, 4).await, 4);
    assert!(net.stored('a', field).await.is_empty());
    eventually(async || (net.peer('a', 'b').waiting() == 0).then_some(())).await;
    assert_eq!(net.peer('a', 'b').forwarded(), 4);
    assert_eq!(net.peer('a', 'b').waiting_octets(), 0);
}
