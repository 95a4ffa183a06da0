//! The records of a journal (spec/13-storage.md, "Journals").

use super::seal::{NONCE_OCTETS, TAG_OCTETS, open, seal};
use super::{Area, Page, VaultError};
use crate::digest;
use crate::error::{DecodeError, ErrorKind};
use alloc::vec::Vec;
use core::fmt;
use zeroize::Zeroizing;

const LABEL: &str = "chappe-vault-record/1";

/// Octets drawn each time a journal is opened.
pub const OPENING_OCTETS: usize = 4;

/// Octets a record takes beside what is in it and its padding.
pub const RECORD_OVERHEAD_OCTETS: usize = OPENING_OCTETS + TAG_OCTETS;

/// What is in a record is a multiple of this.
const BLOCK_OCTETS: usize = 64;

/// Behind what was written, before the zeros.
const END: u8 = 0x80;

/// Seals and opens the records of one generation of one journal.
pub struct RecordKey {
    key: Zeroizing<[u8; 32]>,
    /// `label ‖ area ‖ generation`.
    head: Vec<u8>,
    name: Vec<u8>,
}

impl RecordKey {
    /// The key of the generation `page` states.
    #[must_use]
    pub fn new(page: &Page, area: Area, name: &str) -> Self {
        let (area, generation) = ([area.number()], page.generation.to_be_bytes());
        let mut key = Zeroizing::new([0; 32]);
        let parts: [&[u8]; 3] = [&area, &generation, name.as_bytes()];
        digest::derive(&*page.generation_key, LABEL, &parts, &mut *key);
        let mut head = Vec::from(LABEL.as_bytes());
        head.extend_from_slice(&area);
        head.extend_from_slice(&generation);
        Self { key, head, name: name.as_bytes().to_vec() }
    }

    /// Seals the record of a number. Under one `opening`, which is drawn at random each time the
    /// journal is opened, no number is given twice.
    ///
    /// # Errors
    ///
    /// [`VaultError::Decode`] for more octets than the cipher takes.
    pub fn seal(
        &self,
        opening: [u8; OPENING_OCTETS],
        number: u64,
        octets: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let padded = octets.len().saturating_add(1).next_multiple_of(BLOCK_OCTETS);
        let mut content = Zeroizing::new(Vec::with_capacity(padded));
        content.extend_from_slice(octets);
        content.push(END);
        content.resize(padded, 0);
        let mut record = Vec::from(opening);
        record.extend_from_slice(&seal(
            &self.key,
            nonce(opening, number),
            &self.associated(number),
            &content,
        )?);
        Ok(record)
    }

    /// Opens the record of a number.
    ///
    /// # Errors
    ///
    /// [`VaultError::BadTag`] for one that is not of this number, journal, area and generation;
    /// [`VaultError::Decode`].
    pub fn open(&self, number: u64, record: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let truncated = DecodeError::at_octet(ErrorKind::Truncated, "record", record.len());
        let content_octets = record.len().saturating_sub(RECORD_OVERHEAD_OCTETS);
        let (opening, sealed) = record
            .split_first_chunk::<OPENING_OCTETS>()
            .filter(|_| content_octets > 0 && content_octets.is_multiple_of(BLOCK_OCTETS))
            .ok_or(truncated)?;
        let mut content =
            open(&self.key, nonce(*opening, number), &self.associated(number), sealed)?;
        let bad_padding = DecodeError::at_octet(ErrorKind::BadPadding, "padding", content.len());
        let end = content.iter().rposition(|octet| *octet != 0).ok_or(bad_padding)?;
        let is_end = content.get(end) == Some(&END);
        if !is_end || content.len().saturating_sub(end) > BLOCK_OCTETS {
            return Err(bad_padding.into());
        }
        content.truncate(end);
        Ok(content)
    }

    fn associated(&self, number: u64) -> Vec<u8> {
        let mut associated = self.head.clone();
        associated.extend_from_slice(&number.to_be_bytes());
        associated.extend_from_slice(&self.name);
        associated
    }
}

impl fmt::Debug for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordKey")
    }
}

fn nonce(opening: [u8; OPENING_OCTETS], number: u64) -> [u8; NONCE_OCTETS] {
    let mut out = [0; NONCE_OCTETS];
    let octets = opening.into_iter().chain(number.to_be_bytes());
    out.iter_mut().zip(octets).for_each(|(to, from)| *to = from);
    out
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // an overflow in a test fails the test
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_at_its_number_alone() {
        let page = Page {
            serial: 1,
            generation: 2,
            generation_key: Zeroizing::new([3; 32]),
            first: 0,
            reserved: 64,
        };
        let area = Area::all().next().unwrap();
        let key = RecordKey::new(&page, area, "sent");
        let record = key.seal([4; OPENING_OCTETS], 5, b"kept").unwrap();
        assert_eq!(record.len(), RECORD_OVERHEAD_OCTETS + BLOCK_OCTETS);
        assert_eq!(key.open(5, &record).unwrap().as_slice(), b"kept");
        assert_eq!(key.open(6, &record).unwrap_err(), VaultError::BadTag);
        let short = &record[..record.len() - 1];
        assert!(matches!(key.open(5, short), Err(VaultError::Decode(_))));
    }
}
