//! What a gateway keeps in mind: leases, what waits for the relay, what waits for the air.

mod downlink;
mod leases;
mod uplink;

pub(crate) use downlink::{Downlink, ForAir};
pub(crate) use leases::{Held, Leases};
pub(crate) use uplink::{ForRelay, Uplink};
