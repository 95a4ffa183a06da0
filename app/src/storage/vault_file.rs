//! The vault file on disk: made once, opened by a passphrase, changed slot by slot.

use super::{AreaFolder, BOUNDS, WORK, refused};
use crate::exit::{Exit, Failure, Outcome};
use crate::{files, random};
use chappe_codec::realm::Realm;
use chappe_codec::vault::{
    Area, NONCE_OCTETS, SLOT_OCTETS, SLOTS_OCTETS, SlotContent, StretchedKey, Unlocked, Vault,
    VaultError, WrappingKey, slot_offset,
};
use std::fs::File;
use std::path::{Path, PathBuf};

const NAME: &str = "vault";

/// Largest vault file read: one octet too many is enough to refuse it.
const VAULT_OCTETS_MAX: u64 = 8192;

/// Whether a folder holds a device.
pub(crate) fn is_there(folder: &Path) -> bool {
    path_in(folder).exists()
}

/// Where the vault file of a folder lies.
pub(super) fn path_in(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The vault file of a device, taken for one process while it is changed.
pub(crate) struct VaultFile {
    folder: PathBuf,
    path: PathBuf,
    file: File,
    vault: Vault,
}

/// What a passphrase opened.
pub(crate) struct Opened {
    pub(crate) area: AreaFolder,
    /// Opened by a decoy's passphrase: what it sends is under duress.
    pub(crate) is_decoy: bool,
    pub(super) key: StretchedKey,
    pub(super) unlocked: Unlocked,
}

impl VaultFile {
    /// Makes a vault and its areas, with a new device in one of them. The vault file comes last:
    /// "a folder without a vault holds no device".
    pub(crate) fn create(folder: &Path, passphrase: &str, realm: Realm) -> Outcome<()> {
        let path = path_in(folder);
        let mut vault = Vault::empty(WORK, random::octets()?, &noise()?);
        let own = random::below(chappe_codec::limits::VAULT_AREAS)?;
        for area in Area::all() {
            files::remove_folder(&AreaFolder::path_in(folder, area))?;
            if area.number() == own {
                let content = new_area(area, area.bit(), false)?;
                AreaFolder::new(folder, area, content.key.clone()).make(realm)?;
                let key = stretch(&vault, &path, passphrase)?;
                put(&mut vault, &path, &key, drawn_slot(area)?, &content)?;
            } else {
                AreaFolder::make_noise(folder, area)?;
            }
        }
        files::replace(&path, &vault.to_octets())
    }

    /// Reads the vault file of a folder, and keeps others from changing it while it is open.
    pub(crate) fn open(folder: &Path) -> Outcome<Self> {
        Self::open_locked(folder, files::lock_shared)
    }

    /// Reads the vault file of a folder, to change it.
    pub(crate) fn open_to_change(folder: &Path) -> Outcome<Self> {
        Self::open_locked(folder, files::lock)
    }

    fn open_locked(folder: &Path, lock: impl FnOnce(&File, &Path) -> Outcome<()>) -> Outcome<Self> {
        let path = path_in(folder);
        let file = files::open_in_place(&path)?;
        lock(&file, &path)?;
        let vault = Vault::parse(&files::read_up_to(&path, VAULT_OCTETS_MAX)?, &BOUNDS)
            .map_err(|error| refused(&path, error))?;
        Ok(Self { folder: folder.to_owned(), path, file, vault })
    }

    /// What the passphrase opens.
    pub(crate) fn unlock(&self, passphrase: &str) -> Outcome<Opened> {
        let key = stretch(&self.vault, &self.path, passphrase)?;
        let unlocked = self.vault.open(&key).map_err(|error| match error {
            VaultError::BadTag => Failure::new(
                Exit::Authentication,
                "passphrase",
                "wrong passphrase, or a damaged vault file",
            ),
            other => refused(&self.path, other),
        })?;
        let content = &unlocked.content;
        let area = AreaFolder::new(&self.folder, content.area, content.key.clone());
        Ok(Opened { area, is_decoy: content.decoy, key, unlocked })
    }

    /// Puts another passphrase in the place of the one that opened `opened`: the new slot first, then
    /// the old one overwritten. In between both open, after a crash at least one.
    pub(crate) fn change_passphrase(&mut self, opened: &Opened, new: &str) -> Outcome<()> {
        let key = self.fresh_key(new)?;
        self.replace_slot(&key, &opened.unlocked, &opened.unlocked.content)
    }

    /// The key of a passphrase that opens nothing yet.
    pub(super) fn fresh_key(&self, passphrase: &str) -> Outcome<StretchedKey> {
        let key = stretch(&self.vault, &self.path, passphrase)?;
        if self.vault.open(&key).is_ok() {
            let message = "that passphrase is in use already";
            return Err(
                Failure::new(Exit::Usage, "passphrase", message).advise("choose another one")
            );
        }
        Ok(key)
    }

    /// Writes the content into its area's other slot, and then overwrites the one it was in.
    pub(super) fn replace_slot(
        &mut self,
        key: &StretchedKey,
        old: &Unlocked,
        content: &SlotContent,
    ) -> Outcome<()> {
        let other = content.area.slots().into_iter().find(|slot| *slot != old.slot);
        self.write_slot(key, other.unwrap_or(old.slot), content)?;
        self.clear_slot(old.slot)
    }

    pub(super) fn write_slot(
        &mut self,
        key: &StretchedKey,
        slot: usize,
        content: &SlotContent,
    ) -> Outcome<()> {
        let octets = put(&mut self.vault, &self.path, key, slot, content)?;
        files::overwrite(&self.file, &self.path, slot_offset(slot), &octets)
    }

    pub(super) fn clear_slot(&mut self, slot: usize) -> Outcome<()> {
        let noise: [u8; SLOT_OCTETS] = random::octets()?;
        self.vault.fill(slot, noise);
        files::overwrite(&self.file, &self.path, slot_offset(slot), &noise)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A slot's content for a new device.
pub(super) fn new_area(area: Area, kept: u8, decoy: bool) -> Outcome<SlotContent> {
    Ok(SlotContent { key: WrappingKey::new(random::secret()?), decoy, area, kept })
}

/// One of the area's two slots.
pub(super) fn drawn_slot(area: Area) -> Outcome<usize> {
    let [first, second] = area.slots();
    Ok(if random::below(2)? == 0 { first } else { second })
}

fn stretch(vault: &Vault, path: &Path, passphrase: &str) -> Outcome<StretchedKey> {
    vault.stretch(passphrase.as_bytes()).map_err(|error| refused(path, error))
}

fn put(
    vault: &mut Vault,
    path: &Path,
    key: &StretchedKey,
    slot: usize,
    content: &SlotContent,
) -> Outcome<[u8; SLOT_OCTETS]> {
    let nonce: [u8; NONCE_OCTETS] = random::octets()?;
    vault.put(key, slot, content, nonce).map_err(|error| refused(path, error))
}

fn noise() -> Outcome<[u8; SLOTS_OCTETS]> {
    random::octets()
}
