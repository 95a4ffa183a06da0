//! A root's seed in a file of its own (spec/13-storage.md, "Root file").

use super::seal::{NONCE_OCTETS, TAG_OCTETS, open_with_nonce, seal_with_nonce};
use super::work::{Bounds, StretchedKey, Work};
use super::{VaultError, seal};
use crate::digest;
use crate::error::ErrorKind;
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::realm::Realm;
use alloc::vec::Vec;
use nom::number::complete::{be_u16, be_u32, u8};
use zeroize::Zeroizing;

const LITERAL: [u8; 11] = *b"chappe-root";
const VERSION: u8 = 1;
const LABEL: &str = "chappe-root-file/1";
const SEED_OCTETS: usize = 32;
const HEADER_OCTETS: usize = 40;
const SEALED_OCTETS: usize = seal::NONCE_OCTETS + SEED_OCTETS + TAG_OCTETS;

/// Octets of the file.
pub const ROOT_FILE_OCTETS: usize = HEADER_OCTETS + SEALED_OCTETS;

/// A root file as it was read. It holds no secret that is not sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFile {
    work: Work,
    salt: [u8; 16],
    realm: Realm,
    sealed: Vec<u8>,
}

impl RootFile {
    /// Seals a seed under the key that this work makes of a passphrase and this salt. Salt and nonce
    /// are from a healthy random source.
    ///
    /// # Errors
    ///
    /// None with a seed of this size.
    pub fn seal(
        seed: &[u8; SEED_OCTETS],
        realm: Realm,
        stretched: &StretchedKey,
        work: Work,
        salt: [u8; 16],
        nonce: [u8; NONCE_OCTETS],
    ) -> Result<Self, VaultError> {
        let mut file = Self { work, salt, realm, sealed: Vec::new() };
        file.sealed = seal_with_nonce(&key(stretched), nonce, &file.associated(), seed)?;
        Ok(file)
    }

    /// Reads a file. Work outside `bounds` is refused before any is done.
    ///
    /// # Errors
    ///
    /// [`VaultError::Decode`], [`VaultError::Downgraded`], [`VaultError::TooMuchWork`].
    pub fn parse(file: &[u8], bounds: &Bounds) -> Result<Self, VaultError> {
        let file = framing::parse_all(file, Self::read)?;
        bounds.check(file.work)?;
        Ok(file)
    }

    /// The file's octets.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut out = self.header();
        out.extend_from_slice(&self.sealed);
        out
    }

    /// The realm the root belongs to. It counts once the seed was opened.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        self.realm
    }

    /// Works out the key of a passphrase: the slow part.
    ///
    /// # Errors
    ///
    /// As [`Work::stretch`].
    pub fn stretch(&self, passphrase: &[u8]) -> Result<StretchedKey, VaultError> {
        self.work.stretch(passphrase, &self.salt)
    }

    /// The seed.
    ///
    /// # Errors
    ///
    /// [`VaultError::BadTag`].
    pub fn open(
        &self,
        stretched: &StretchedKey,
    ) -> Result<Zeroizing<[u8; SEED_OCTETS]>, VaultError> {
        let seed = open_with_nonce(&key(stretched), &self.associated(), &self.sealed)?;
        let seed = seed.as_slice().try_into().map_err(|_| VaultError::BadTag)?;
        Ok(Zeroizing::new(seed))
    }

    fn header(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(ROOT_FILE_OCTETS);
        out.extend_from_slice(&LITERAL);
        out.extend_from_slice(&[VERSION, self.work.lanes]);
        out.extend_from_slice(&self.work.passes.to_be_bytes());
        out.extend_from_slice(&self.work.memory_kib.to_be_bytes());
        out.extend_from_slice(&self.salt);
        out.extend_from_slice(&self.realm.to_bytes());
        out
    }

    fn associated(&self) -> Vec<u8> {
        let mut out = Vec::from(LABEL);
        out.extend(self.header());
        out
    }

    fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (at_version, literal) = field("literal", octets::<11>)(input)?;
        if literal != LITERAL {
            return refuse(ErrorKind::BadLiteral, "literal", input);
        }
        let (rest, version) = field("version", u8)(at_version)?;
        if version != VERSION {
            return refuse(ErrorKind::UnknownVersion, "version", at_version);
        }
        let (rest, lanes) = field("lanes", u8)(rest)?;
        let (rest, passes) = field("passes", be_u16)(rest)?;
        let (rest, memory_kib) = field("memory", be_u32)(rest)?;
        let (at_realm, salt) = field("salt", octets::<16>)(rest)?;
        let (rest, realm) = field("realm", octets::<5>)(at_realm)?;
        let Ok(realm) = Realm::parse(&realm) else {
            return refuse(ErrorKind::UnknownCode, "realm", at_realm);
        };
        let (rest, sealed) = field("seed", octets::<SEALED_OCTETS>)(rest)?;
        let work = Work { memory_kib, passes, lanes };
        Ok((rest, Self { work, salt, realm, sealed: Vec::from(sealed) }))
    }
}

fn key(stretched: &StretchedKey) -> Zeroizing<[u8; 32]> {
    let mut out = Zeroizing::new([0; 32]);
    digest::derive(stretched.octets(), LABEL, &[], &mut *out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::realm::Mode;

    const REALM: Realm = Realm { mode: Mode::Exercise, network: 7 };
    const WORK: Work = Work { memory_kib: 32, passes: 1, lanes: 1 };
    const BOUNDS: Bounds = Bounds { least: WORK, most: Bounds::SPECIFIED.most };

    #[test]
    fn a_root_file_opens_with_its_passphrase_only_and_nothing_in_it_is_free() {
        let stretched = WORK.stretch(b"correct horse", &[1; 16]).unwrap();
        let file = RootFile::seal(&[9; 32], REALM, &stretched, WORK, [1; 16], [2; 12]);
        let octets = file.unwrap().to_octets();
        assert_eq!(octets.len(), ROOT_FILE_OCTETS);
        let file = RootFile::parse(&octets, &BOUNDS).unwrap();
        let seed = file.open(&file.stretch(b"correct horse").unwrap()).unwrap();
        assert_eq!((seed.as_slice(), file.realm()), (&[9; 32][..], REALM));
        let wrong = file.stretch(b"wrong").unwrap();
        assert_eq!(file.open(&wrong).unwrap_err(), VaultError::BadTag);
        let specified = RootFile::parse(&octets, &Bounds::SPECIFIED);
        assert_eq!(specified.unwrap_err(), VaultError::Downgraded);
        // An opening is a second in Miri.
        for at in (0..octets.len()).step_by(if cfg!(miri) { 40 } else { 1 }) {
            let mut changed = octets.clone();
            changed[at] ^= 1;
            let opened = RootFile::parse(&changed, &BOUNDS).and_then(|file| file.open(&stretched));
            assert!(opened.is_err(), "octet {at}");
        }
        for length in 0..octets.len() {
            assert!(RootFile::parse(&octets[..length], &BOUNDS).is_err(), "{length}");
        }
    }
}
