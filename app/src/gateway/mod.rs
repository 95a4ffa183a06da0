//! What a gateway keeps in mind: leases, the relays, what waits for them, what waits for the air.

mod downlink;
mod leases;
mod lines;
mod publishing;
mod reading;
mod uplink;

pub(crate) use downlink::{Downlink, ForAir};
pub(crate) use leases::{Held, Leases};
pub(crate) use lines::{Joined, Lines};
pub(crate) use publishing::{Failed, Home, Published, publish};
pub(crate) use reading::{
    Brought, Mailbox, Reader, Telling, Unconnected, Way, What, drain, follow,
};
pub(crate) use uplink::{ForRelay, Uplink};
