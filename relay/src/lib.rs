//! QUIC node: mailboxes and topics, stored before they are acknowledged.
//!
//! A [`Parcel`] is an envelope with an [`Address`], a precedence and an expiry. A [`RelayServer`] keeps
//! parcels on disk and gives each to whoever may read its address; a [`RelayClient`] publishes,
//! fetches and subscribes. A relay sees address, precedence, size and time, nothing else.
//!
//! The protocol is spec/06-relay.md. Its formats ([`parcel`], [`delegation`], [`lease`],
//! [`protocol`]) and the [`node`] know no socket and no clock; [`quic`], [`server`] and [`client`] are
//! the thin drivers around them.

#![deny(clippy::arithmetic_side_effects)] // an overflow reachable from input is a panic or a lie

pub mod address;
pub mod client;
pub mod delegation;
pub mod key;
pub mod lease;
pub mod limits;
pub mod node;
pub mod parcel;
pub mod protocol;
pub mod quic;
pub mod server;

pub use address::{Address, AddressKind, FIELD_TOPIC};
pub use client::{
    Ack, ClientError, Delivery, Page, PendingAck, Reading, RelayClient, Subscription,
};
pub use delegation::Delegation;
pub use key::{TransportKey, TransportSecret};
pub use lease::Lease;
pub use parcel::{Parcel, ParcelId};
pub use protocol::{CloseCode, Reason};
pub use server::{Clock, Observer, RelayEvent, RelayOptions, RelayServer, ServerError};
