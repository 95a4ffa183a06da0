//! What a gateway keeps in mind: leases, the relays, what waits for them, what waits for the air.

mod downlink;
mod leases;
mod lines;
mod uplink;

pub(crate) use downlink::{Downlink, ForAir};
pub(crate) use leases::{Held, Leases};
pub(crate) use lines::{Joined, Lines};
pub(crate) use uplink::{ForRelay, Uplink};
