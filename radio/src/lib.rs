//! LoRa: frames and the link that carries them, an SX1262 emulated at command level, and the
//! simulated air between chips.
//!
//! From the program down to the antenna:
//!
//! | module | what it does | knows of time |
//! |---|---|---|
//! | [`driver`] | runs a link over a radio, in a process of its own or several in one | a clock |
//! | [`link`] | acknowledged frames, retransmission, precedence, duplicates | as an argument |
//! | [`frame`] | one packet: header, MIC | – |
//! | [`transceiver`] | the unmodified `lora-phy` driver, half duplex, never cancelled mid-command | a clock |
//! | [`chip`] | the SX1262 that driver speaks to, when there is no real one | as an argument |
//! | [`antenna`] | what an emulated chip and the field say to each other, and in which octets | – |
//! | [`air`] | who hears whom, how loud, and what collides | as an argument |
//! | [`virtual_time`] | an executor whose nanoseconds pass only when nothing else is to be done | its own |
//!
//! On real hardware [`transceiver`] stands on a real SPI bus and [`chip`], [`antenna`] and [`air`]
//! are not there. The normative text is spec/05-radio.md.

#![deny(clippy::arithmetic_side_effects)] // an overflow reachable from input is a panic or a lie

pub mod air;
pub mod airtime;
pub mod antenna;
pub mod chip;
pub mod clock;
pub mod driver;
pub mod frame;
pub mod limits;
pub mod link;
pub mod modulation;
pub mod random;
pub mod time;
pub mod transceiver;
pub mod virtual_time;
