//! An area: sealed files and journals of one device (spec/13-storage.md, "Areas").

use super::{PageFile, refused};
use crate::device::Secrets;
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, hex, random};
use chappe_codec::realm::Realm;
use chappe_codec::vault::sealed_file::{self, FILE_BLOCK_OCTETS};
use chappe_codec::vault::{Area, PAGE_FILE_OCTETS, PageKey, PrekeyPage, WrappingKey};
use std::fs::File;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Sealed file: realm, seeds, certificate.
pub(crate) const IDENTITY: &str = "identity";
/// Sealed file: names and cards.
pub(crate) const CONTACTS: &str = "contacts";
/// Sealed file: the sessions, and what is remembered of first flights.
pub(crate) const SESSIONS: &str = "sessions";
/// Sealed file: what the organisation has set.
pub(crate) const SETTINGS: &str = "settings";
/// Sealed file: invitations given as a relay, and what relays are shown.
pub(crate) const INVITATIONS: &str = "invitations";
/// Folder of sealed files under keyed names.
const RECEIPTS: &str = "receipts";

/// Page file: the prekeys, where they can be destroyed.
const PREKEYS: &str = "prekeys";

/// The sealed files every area has from the start.
const FILES: [&str; 5] = [IDENTITY, CONTACTS, SESSIONS, SETTINGS, INVITATIONS];

/// The journals every area has from the start. A new one is added here and in the specification.
const JOURNALS: [&str; 3] = ["sent", "received", "uplink"];

/// Largest sealed file read, in octets: what is in it, and its block.
const SEALED_OCTETS_MAX: u64 = (chappe_codec::limits::SEALED_FILE_OCTETS_MAX + 8192) as u64;

/// Octets of the name of a file about a statement.
const KEYED_NAME_OCTETS: usize = 16;

/// What a file about a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiptKind {
    /// The statement and its blinding salt.
    Evidence = 1,
    /// The ledger's receipt, a text.
    Receipt = 2,
}

/// A file about a statement: what it is, the statement's hash, and what is in it.
pub(crate) type Receipt = (ReceiptKind, [u8; 32], Zeroizing<Vec<u8>>);

/// An area that was opened.
#[derive(Debug, Clone)]
pub(crate) struct AreaFolder {
    path: PathBuf,
    area: Area,
    key: WrappingKey,
}

/// Where a journal lies, and its keys: what [`crate::device::journal::Journal::open`] takes.
#[derive(Debug, Clone)]
pub(crate) struct JournalPlace {
    pub(crate) path: PathBuf,
    pub(crate) area: Area,
    pub(crate) name: &'static str,
    key: WrappingKey,
}

impl JournalPlace {
    /// The key of the journal's pages.
    pub(crate) fn page_key(&self) -> PageKey {
        PageKey::new(&self.key, self.area, self.name)
    }
}

impl AreaFolder {
    pub(super) fn new(folder: &Path, area: Area, key: WrappingKey) -> Self {
        Self { path: Self::path_in(folder, area), area, key }
    }

    pub(super) fn path_in(folder: &Path, area: Area) -> PathBuf {
        folder.join(format!("area-{}", area.number()))
    }

    /// The journal of a name.
    pub(crate) fn journal(&self, name: &'static str) -> JournalPlace {
        JournalPlace { path: self.path.join(name), area: self.area, name, key: self.key.clone() }
    }

    /// What a sealed file holds.
    pub(crate) fn read(&self, name: &str) -> Outcome<Zeroizing<Vec<u8>>> {
        let path = self.path.join(name);
        self.open_file(&path, name)
    }

    /// Replaces what a sealed file holds.
    pub(crate) fn write(&self, name: &str, octets: &[u8]) -> Outcome<()> {
        let path = self.path.join(name);
        files::replace(&path, &self.seal(&path, name, octets)?)
    }

    /// Takes the file of the prekeys and reads it.
    pub(crate) fn open_prekeys(&self) -> Outcome<PageFile<PrekeyPage>> {
        PageFile::open_at(self.path.join(PREKEYS), PageKey::of_prekeys(&self.key, self.area))
    }

    /// What is kept about a statement; `None` when nothing of this kind is.
    pub(crate) fn read_receipt(
        &self,
        kind: ReceiptKind,
        statement_hash: &[u8; 32],
    ) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        let name = self.receipt_name(kind, statement_hash);
        if !self.path.join(&name).exists() {
            return Ok(None);
        }
        let (_, _, octets) = self.open_receipt(&name)?;
        Ok(Some(octets))
    }

    /// Keeps something about a statement.
    pub(crate) fn write_receipt(
        &self,
        kind: ReceiptKind,
        statement_hash: &[u8; 32],
        octets: &[u8],
    ) -> Outcome<()> {
        let content = [&[kind as u8], &statement_hash[..], octets].concat();
        self.write(&self.receipt_name(kind, statement_hash), &content)
    }

    /// Everything that is kept about statements.
    pub(crate) fn receipts(&self) -> Outcome<Vec<Receipt>> {
        let folder = self.path.join(RECEIPTS);
        let failed = |error: std::io::Error| Failure::file(&folder, &error);
        let mut receipts = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            // Others are what a crash left of a file that was never finished.
            let name = name.to_str().filter(|name| name.len() == 2 * KEYED_NAME_OCTETS);
            if let Some(name) = name {
                receipts.push(self.open_receipt(&format!("{RECEIPTS}/{name}"))?);
            }
        }
        Ok(receipts)
    }

    fn receipt_name(&self, kind: ReceiptKind, statement_hash: &[u8; 32]) -> String {
        let name = sealed_file::keyed_name(&self.key, self.area, kind as u8, statement_hash);
        format!("{RECEIPTS}/{}", hex::encode(&name))
    }

    fn open_receipt(&self, name: &str) -> Outcome<Receipt> {
        let content = self.read(name)?;
        let damaged = || Failure::new(Exit::Malformed, "unknown_code", "a kept receipt is damaged");
        let (kind, rest) = content.split_first().ok_or_else(damaged)?;
        let (hash, octets) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
        let kind = match kind {
            1 => ReceiptKind::Evidence,
            2 => ReceiptKind::Receipt,
            _ => return Err(damaged()),
        };
        Ok((kind, *hash, Zeroizing::new(octets.to_vec())))
    }

    /// Takes the area's sealed files for one process, until what is returned is dropped: who reads
    /// one, changes it and writes it back must be alone.
    pub(crate) fn lock(&self) -> Outcome<File> {
        // The identity is the one file that is never replaced.
        let path = self.path.join(IDENTITY);
        let file = files::open_in_place(&path)?;
        files::lock(&file, &path)?;
        Ok(file)
    }

    /// Makes the area's folder with a new device in it.
    pub(super) fn make(&self, realm: Realm) -> Outcome<()> {
        make_folders(&self.path)?;
        let made = Secrets::new(realm)?;
        for name in FILES {
            files::replace(&self.path.join(name), &self.first_file(name, &made)?)?;
        }
        files::replace(&self.path.join(PREKEYS), &self.first_prekeys(&made)?)?;
        for name in JOURNALS {
            files::replace(&page_path(&self.path, name), &self.first_page(name)?)?;
        }
        Ok(())
    }

    /// Puts a new device into a folder that was made before, without a trace in names, sizes and
    /// times.
    pub(super) fn fill(&self, realm: Realm) -> Outcome<()> {
        let made = Secrets::new(realm)?;
        for name in FILES {
            put_in_place(&self.path.join(name), &self.first_file(name, &made)?)?;
        }
        put_in_place(&self.path.join(PREKEYS), &self.first_prekeys(&made)?)?;
        for name in JOURNALS {
            let folder = self.path.join(name);
            put_in_place(&page_path(&self.path, name), &self.first_page(name)?)?;
            for log in ["log-0", "log-1"].map(|log| folder.join(log)) {
                if log.exists() {
                    files::remove_folder(&log)?;
                }
            }
        }
        let receipts = self.path.join(RECEIPTS);
        for entry in
            std::fs::read_dir(&receipts).map_err(|error| Failure::file(&receipts, &error))?
        {
            files::remove(&entry.map_err(|error| Failure::file(&receipts, &error))?.path())?;
        }
        Ok(())
    }

    /// Makes an area nobody has a key to: the same names and sizes, random octets.
    pub(super) fn make_noise(folder: &Path, area: Area) -> Outcome<()> {
        let path = Self::path_in(folder, area);
        make_folders(&path)?;
        for name in FILES {
            files::replace(&path.join(name), &random::octets::<FILE_BLOCK_OCTETS>()?)?;
        }
        files::replace(&path.join(PREKEYS), &random::octets::<PAGE_FILE_OCTETS>()?)?;
        for name in JOURNALS {
            files::replace(&page_path(&path, name), &random::octets::<PAGE_FILE_OCTETS>()?)?;
        }
        Ok(())
    }

    fn first_file(&self, name: &str, made: &Secrets) -> Outcome<Vec<u8>> {
        let content = match name {
            IDENTITY => made.to_octets(),
            CONTACTS => Zeroizing::new(crate::device::contacts::none()),
            SESSIONS => Zeroizing::new(crate::device::sealing::none()),
            INVITATIONS => Zeroizing::new(crate::device::invitations::none()),
            _ => Zeroizing::new(crate::device::settings::Settings::default().to_octets()),
        };
        self.seal(&self.path.join(name), name, &content)
    }

    fn first_page(&self, name: &'static str) -> Outcome<[u8; PAGE_FILE_OCTETS]> {
        PageFile::first(&self.journal(name))
    }

    fn first_prekeys(&self, made: &Secrets) -> Outcome<[u8; PAGE_FILE_OCTETS]> {
        let (key, path) = (PageKey::of_prekeys(&self.key, self.area), self.path.join(PREKEYS));
        let page = PrekeyPage { serial: 0, prekeys: made.identity.prekeys().clone() };
        PageFile::first_of(&key, &page, &path)
    }

    fn open_file(&self, path: &Path, name: &str) -> Outcome<Zeroizing<Vec<u8>>> {
        let file = files::read_up_to(path, SEALED_OCTETS_MAX)?;
        sealed_file::open(&self.key, self.area, name, &file).map_err(|error| refused(path, error))
    }

    fn seal(&self, path: &Path, name: &str, octets: &[u8]) -> Outcome<Vec<u8>> {
        sealed_file::seal(&self.key, self.area, name, random::octets()?, octets)
            .map_err(|error| refused(path, error))
    }
}

fn make_folders(path: &Path) -> Outcome<()> {
    for name in JOURNALS.into_iter().chain([RECEIPTS]) {
        files::create_folder(&path.join(name))?;
    }
    Ok(())
}

fn page_path(area: &Path, journal: &str) -> PathBuf {
    area.join(journal).join(super::page_file::NAME)
}

/// Overwrites a whole file where it lies; its time of last modification stays.
fn put_in_place(path: &Path, octets: &[u8]) -> Outcome<()> {
    let file = files::open_in_place(path)?;
    let failed = |error: std::io::Error| Failure::file(path, &error);
    let modified = file.metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
    files::overwrite(&file, path, 0, octets)?;
    let length = u64::try_from(octets.len())
        .map_err(|_| Failure::new(Exit::Failure, "too_long", "a file too long"))?;
    file.set_len(length)
        .and_then(|()| file.set_modified(modified))
        .and_then(|()| file.sync_all())
        .map_err(failed)
}
