//! The page of a device's prekeys: where a seed can be destroyed (spec/13-storage.md, "Prekeys").

use super::page::{PageContent, PageKey};
use super::seal::CONTENT_OCTETS;
use super::slot::zeros;
use super::{Area, WrappingKey};
use crate::error::ErrorKind;
use crate::framing::{Parsed, field, refuse};
use crate::identity::Prekeys;
use core::fmt;
use nom::number::complete::{be_u64, u8};
use zeroize::Zeroizing;

/// The name its key is derived with. No journal is called so.
const NAME: &str = "prekeys";

const VERSION: u8 = 1;

/// A device's prekeys on disk.
#[derive(Clone, PartialEq, Eq)]
pub struct PrekeyPage {
    /// One more with every page written. With 0 the prekey is the one the device was made with.
    pub serial: u64,
    /// The present one and those before it.
    pub prekeys: Prekeys,
}

impl PageKey<PrekeyPage> {
    /// The key of the page of an area's prekeys.
    #[must_use]
    pub fn of_prekeys(wrapping_key: &WrappingKey, area: Area) -> Self {
        Self::named(wrapping_key, area, NAME)
    }
}

impl PageContent for PrekeyPage {
    fn serial(&self) -> u64 {
        self.serial
    }

    fn with_serial(self, serial: u64) -> Self {
        Self { serial, ..self }
    }

    fn to_octets(&self) -> Zeroizing<[u8; CONTENT_OCTETS]> {
        let mut out = Zeroizing::new([0; CONTENT_OCTETS]);
        let (serial, prekeys) = (self.serial.to_be_bytes(), self.prekeys.to_octets());
        let content = serial.iter().chain(&[VERSION]).chain(prekeys.iter());
        out.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
        out
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, serial) = field("serial", be_u64)(input)?;
        let (after, version) = field("version", u8)(rest)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", rest);
        }
        let (rest, prekeys) = Prekeys::read(after)?;
        let rest = zeros(rest)?;
        Ok((rest, Self { serial, prekeys }))
    }
}

impl fmt::Debug for PrekeyPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrekeyPage {}, {:?}", self.serial, self.prekeys)
    }
}
