//! QUIC node: mailboxes and topics, stored before they are acknowledged.
//!
//! A [`Parcel`] is an envelope with an [`Address`], a precedence and an expiry. A [`RelayServer`] keeps
//! parcels on disk and gives each to whoever may read its address; a [`RelayClient`] publishes,
//! fetches and subscribes. A relay sees address, precedence, size and time, nothing else.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use chappe_codec::precedence::Precedence;
//! use chappe_codec::realm::Realm;
//! use chappe_relay::{
//!     Address, FIELD_TOPIC, Parcel, Reading, RelayClient, RelayOptions, RelayServer, TransportSecret,
//! };
//!
//! let realm: Realm = "exercise/0000002a".parse()?;
//! let server = RelayServer::bind(
//!     "127.0.0.1:0".parse()?,
//!     &TransportSecret::from_seed(&[1; 32]), // from a random source, of course
//!     "relay-store",
//!     RelayOptions::new(realm),
//! )?;
//! let (address, key) = (server.local_addr()?, server.key());
//! tokio::spawn(server.run(async {
//!     tokio::signal::ctrl_c().await.ok();
//! }));
//!
//! let own = TransportSecret::from_seed(&[2; 32]);
//! let client = RelayClient::connect(address, key, &own, realm).await?;
//! let field = Address::topic(realm, FIELD_TOPIC);
//! let expiry_seconds = 1_900_000_000;
//! client.publish(Parcel::new(field, Precedence::Flash, expiry_seconds, vec![0])?).await?;
//! let mut subscription = client.subscribe(Reading::all(field)).await?;
//! let delivery = subscription.next().await?;
//! println!("{:?}", delivery.parcel);
//! # Ok(())
//! # }
//! ```
//!
//! The protocol is spec/06-relay.md. Its formats ([`parcel`], [`delegation`], [`lease`],
//! [`protocol`]) and the [`node`] know no socket and no clock; [`quic`], [`server`] and [`client`] are
//! the thin drivers around them.

#![deny(clippy::arithmetic_side_effects)] // an overflow reachable from input is a panic or a lie

pub mod address;
pub mod admission;
pub mod client;
pub mod counts;
pub mod delegation;
pub mod federation;
pub mod invitation;
pub mod key;
pub mod lease;
pub mod limits;
pub mod network;
pub mod node;
pub mod parcel;
pub mod protocol;
pub mod quic;
pub mod rates;
pub mod rotation;
pub mod server;
pub mod sums;

pub use address::{Address, AddressKind, FIELD_TOPIC};
pub use client::{
    Ack, ClientError, Connector, Cursors, Delivery, DirectLane, FirstAnswer, FirstRead,
    Introduction, Page, PendingAck, Reading, RelayClient, Subscription,
};
pub use counts::Counts;
pub use delegation::Delegation;
pub use federation::PeerCounts;
pub use key::{TransportKey, TransportSecret};
pub use lease::Lease;
pub use network::Network;
pub use parcel::{Parcel, ParcelId, ParcelRef};
pub use protocol::{CloseCode, Reason};
pub use server::{
    Clock, Observer, PeerOptions, QueueOptions, RelayControl, RelayEvent, RelayOptions,
    RelayServer, ServerError,
};
