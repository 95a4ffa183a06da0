//! A device's folder, sealed (spec/13-storage.md): the vault file, and the areas its slots open.

mod area;
mod decoy;
mod page_file;
mod root_file;
mod vault_file;
mod wipe;

pub(crate) use area::{
    AreaFolder, CONTACTS, IDENTITY, INVITATIONS, JournalPlace, ReceiptKind, SESSIONS, SETTINGS,
};
pub(crate) use page_file::PageFile;
pub(crate) use root_file::{create_root_file, open_root_file};
pub(crate) use vault_file::{Opened, VaultFile, is_there};
pub(crate) use wipe::wipe;

use crate::exit::{Exit, Failure};
use chappe_codec::vault::{Bounds, VaultError, Work};
use std::path::Path;

/// What a passphrase costs in new vault files.
#[cfg(not(test))]
const WORK: Work = Work::RECOMMENDED;

/// What a vault file may ask for.
#[cfg(not(test))]
const BOUNDS: Bounds = Bounds::SPECIFIED;

/// Unit tests open hundreds of vaults.
#[cfg(test)]
const WORK: Work = Work { memory_kib: 32, passes: 1, lanes: 1 };
#[cfg(test)]
const BOUNDS: Bounds = Bounds { least: WORK, most: Bounds::SPECIFIED.most };

/// What a refusal below the vault means to a person.
fn refused(path: &Path, error: VaultError) -> Failure {
    let exit = match error {
        VaultError::Decode(_) | VaultError::TooMuchWork => Exit::Malformed,
        VaultError::BadTag | VaultError::Downgraded | VaultError::Cut => Exit::Authentication,
        VaultError::OutOfMemory => Exit::Failure,
    };
    Failure::new(exit, error.name(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
