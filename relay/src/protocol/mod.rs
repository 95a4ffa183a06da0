//! The relay protocol without I/O (spec/06-relay.md, "Messages"): octets in, requests and events
//! out.
//!
//! A relay reads a connection's control stream with a [`ControlSession`], each lane with
//! [`LaneRequests`], and keeps what it owes a lane in [`LaneAnswers`]. A client has a [`ClientControl`]
//! and for each lane a [`ClientLane`]. None of them knows a clock: times are handed in.

mod answers;
mod client_control;
mod client_lane;
mod client_message;
mod code;
mod control;
mod deframer;
mod error;
mod hello;
mod message;
mod number;
mod relay_message;
mod requests;
mod unanswered;

pub use answers::{GroupId, LaneAnswers};
pub use client_control::ClientControl;
pub use client_lane::{ClientEvent, ClientLane, heard_datagram};
pub use client_message::{AnyParcel, ClientMessage, Read};
pub use code::{CloseCode, Reason};
pub use control::ControlSession;
pub use error::SessionError;
pub use hello::{ConnectionRole, Hello};
pub(crate) use message::FILLER;
pub(crate) use number::{NumberOctets, number};
pub use relay_message::{Given, RelayMessage};
pub(crate) use relay_message::{put_delivery, put_heard};
pub use requests::{LaneRequests, Request, live_datagram};

/// The one version of the protocol this program speaks.
pub const VERSION: u8 = 2;

/// What the TLS handshake agrees on (spec/06-relay.md, "Connection").
pub const ALPN: &[u8] = b"chappe-relay/2";
