//! Links over radios in real time: the one place in this crate with a clock, sockets and tasks.
//!
//! A program that sends and receives frames through a simulated field:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use chappe_codec::realm::{Mode, Realm};
//! use chappe_radio::antenna::Position;
//! use chappe_radio::driver::{Modem, ModemEvent};
//! use chappe_radio::frame::Pseudonym;
//! use chappe_radio::link::{Link, LinkConfig, Role};
//! use chappe_radio::modulation::Modulation;
//! use chappe_radio::transceiver::RadioSettings;
//!
//! let modulation = Modulation::DEFAULT;
//! let realm = Realm { mode: Mode::Exercise, network: 1 };
//! let link = Link::new(LinkConfig::new(Pseudonym([1, 2, 3]), realm, Role::GATEWAY, modulation));
//! let radio = RadioSettings { modulation, power_dbm: 14 };
//! let modem = Modem::connect("127.0.0.1:7300".parse()?, Position::default(), radio).await?;
//! let mut handle = modem.start(link);
//! while let Some(event) = handle.next().await {
//!     if let ModemEvent::Heard(hop) = event {
//!         println!("{} octets in {:?}", hop.octets, hop.time_on_air);
//!     }
//! }
//! # Ok(()) }
//! ```

mod antenna;
mod attend;
mod clock;
pub mod field;
mod modem;

pub use attend::{Hop, ModemCommand, ModemEvent, attend};
pub use clock::MachineClock;
pub use field::FieldError;
pub use modem::{Modem, ModemError, ModemHandle};
