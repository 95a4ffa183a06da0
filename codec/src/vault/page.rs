//! The page of a journal: its generation, the key of it, and which records must be there
//! (spec/13-storage.md, "Journals"). And page files of any content: two places, of which one is in use.

use super::seal::{CONTENT_OCTETS, NONCE_OCTETS, open_with_nonce, seal_with_nonce};
use super::slot::zeros;
use super::{Area, VaultError, WrappingKey};
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::limits::RECORDS_RESERVED;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use nom::number::complete::be_u64;
use zeroize::Zeroizing;

const LABEL: &str = "chappe-vault-page/1";

/// Octets of one of the two places of a page file.
pub const PLACE_OCTETS: usize = 512;

/// Octets of a page file.
pub const PAGE_FILE_OCTETS: usize = 2 * PLACE_OCTETS;

/// One of the two places of a page file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first 512 octets.
    First,
    /// The last 512.
    Second,
}

impl Place {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// Where it begins in the file.
    #[must_use]
    pub const fn offset(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => PLACE_OCTETS,
        }
    }

    const fn octet(self) -> u8 {
        match self {
            Self::First => 0,
            Self::Second => 1,
        }
    }
}

/// What a page file can hold. [`Page`] and [`PrekeyPage`](super::PrekeyPage) are all there are.
pub trait PageContent: Sized {
    /// One more with every page written.
    fn serial(&self) -> u64;

    /// The same under another serial.
    #[must_use]
    fn with_serial(self, serial: u64) -> Self;

    /// The 484 octets that are sealed.
    fn to_octets(&self) -> Zeroizing<[u8; CONTENT_OCTETS]>;

    /// Reads them.
    ///
    /// # Errors
    ///
    /// Those of the chapter, for octets that are none of such a page.
    fn read(input: &[u8]) -> Parsed<'_, Self>;
}

/// What a journal must remember about itself. Its key is wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Page {
    /// One more with every page written.
    pub serial: u64,
    /// How often the journal was rewritten.
    pub generation: u64,
    /// The key of this generation's records, from a healthy random source.
    pub generation_key: Zeroizing<[u8; 32]>,
    /// No record from this one on may be missing at the front.
    pub first: u64,
    /// No record from this one on exists.
    pub reserved: u64,
}

impl Page {
    /// Whether a log that holds the records `first..next` is the one this page speaks of.
    ///
    /// # Errors
    ///
    /// [`VaultError::Cut`] when records are missing at an end; [`VaultError::Decode`] when there are
    /// some nobody wrote.
    pub fn check(&self, first: u64, next: u64) -> Result<(), VaultError> {
        if next > self.reserved {
            return Err(DecodeError::at_octet(ErrorKind::Inconsistent, "reserved", 56).into());
        }
        if first > self.first || next < self.reserved.saturating_sub(RECORDS_RESERVED) {
            return Err(VaultError::Cut);
        }
        Ok(())
    }
}

impl PageContent for Page {
    fn serial(&self) -> u64 {
        self.serial
    }

    fn with_serial(self, serial: u64) -> Self {
        Self { serial, ..self }
    }

    fn to_octets(&self) -> Zeroizing<[u8; CONTENT_OCTETS]> {
        let mut out = Zeroizing::new([0; CONTENT_OCTETS]);
        let (serial, generation) = (self.serial.to_be_bytes(), self.generation.to_be_bytes());
        let (first, reserved) = (self.first.to_be_bytes(), self.reserved.to_be_bytes());
        let content = serial
            .iter()
            .chain(&generation)
            .chain(self.generation_key.iter())
            .chain(&first)
            .chain(&reserved);
        out.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
        out
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, serial) = field("serial", be_u64)(input)?;
        let (rest, generation) = field("generation", be_u64)(rest)?;
        let (rest, generation_key) = field("generation key", octets::<32>)(rest)?;
        let generation_key = Zeroizing::new(generation_key);
        let at = rest;
        let (rest, first) = field("first", be_u64)(rest)?;
        let (rest, reserved) = field("reserved", be_u64)(rest)?;
        if first > reserved {
            return refuse(ErrorKind::Inconsistent, "first", at);
        }
        let rest = zeros(rest)?;
        Ok((rest, Self { serial, generation, generation_key, first, reserved }))
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("serial", &self.serial)
            .field("generation", &self.generation)
            .field("first", &self.first)
            .field("reserved", &self.reserved)
            .finish_non_exhaustive()
    }
}

/// A page and where it lay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<P = Page> {
    /// The page that counts.
    pub page: P,
    /// Its place.
    pub place: Place,
    /// Whether the other place still holds an older page, which is to be overwritten before
    /// anything else: it may hold a key that was to be destroyed.
    pub is_other_open: bool,
}

/// Seals and opens the pages of one page file: a journal's, unless said otherwise.
pub struct PageKey<P = Page> {
    key: Zeroizing<[u8; 32]>,
    area: Area,
    name: Vec<u8>,
    of: PhantomData<fn() -> P>,
}

impl PageKey {
    /// The key of the pages of the journal `name`.
    #[must_use]
    pub fn new(wrapping_key: &WrappingKey, area: Area, name: &str) -> Self {
        Self::named(wrapping_key, area, name)
    }
}

impl<P: PageContent> PageKey<P> {
    pub(super) fn named(wrapping_key: &WrappingKey, area: Area, name: &str) -> Self {
        let key = wrapping_key.derive(LABEL, area, name);
        Self { key, area, name: name.as_bytes().to_vec(), of: PhantomData }
    }

    /// The octets of a place. `nonce` is from a healthy random source and used once.
    ///
    /// # Errors
    ///
    /// [`VaultError::Decode`] for a page that does not read: `first` above `reserved`.
    pub fn seal(
        &self,
        page: &P,
        place: Place,
        nonce: [u8; NONCE_OCTETS],
    ) -> Result<[u8; PLACE_OCTETS], VaultError> {
        let content = page.to_octets();
        framing::parse_all(&*content, P::read)?;
        let sealed = seal_with_nonce(&self.key, nonce, &self.associated(place), &*content)?;
        sealed.first_chunk::<PLACE_OCTETS>().copied().ok_or(VaultError::BadTag)
    }

    /// Opens a page file.
    ///
    /// # Errors
    ///
    /// [`VaultError::BadTag`] when neither place opens; [`VaultError::Decode`].
    pub fn open(&self, file: &[u8]) -> Result<Placed<P>, VaultError> {
        if file.len() > PAGE_FILE_OCTETS {
            return Err(DecodeError::at_octet(ErrorKind::Trailing, "end", PAGE_FILE_OCTETS).into());
        }
        let truncated = DecodeError::at_octet(ErrorKind::Truncated, "place", file.len());
        let (first, rest) = file.split_first_chunk::<PLACE_OCTETS>().ok_or(truncated)?;
        let second = rest.first_chunk::<PLACE_OCTETS>().ok_or(truncated)?;
        match (self.open_place(first, Place::First)?, self.open_place(second, Place::Second)?) {
            (Some(first), Some(second)) => {
                let (page, place) = if first.serial() > second.serial() {
                    (first, Place::First)
                } else {
                    (second, Place::Second)
                };
                Ok(Placed { page, place, is_other_open: true })
            }
            (Some(page), None) => Ok(Placed { page, place: Place::First, is_other_open: false }),
            (None, Some(page)) => Ok(Placed { page, place: Place::Second, is_other_open: false }),
            (None, None) => Err(VaultError::BadTag),
        }
    }

    fn open_place(&self, octets: &[u8], place: Place) -> Result<Option<P>, VaultError> {
        match open_with_nonce(&self.key, &self.associated(place), octets) {
            Ok(content) => Ok(Some(framing::parse_all(&content, P::read)?)),
            Err(VaultError::BadTag) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn associated(&self, place: Place) -> Vec<u8> {
        let mut associated = Vec::from(LABEL.as_bytes());
        associated.extend_from_slice(&[self.area.number(), place.octet()]);
        associated.extend_from_slice(&self.name);
        associated
    }
}

impl<P> fmt::Debug for PageKey<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageKey")
    }
}
