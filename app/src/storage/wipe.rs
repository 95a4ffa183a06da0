//! Making everything unreadable, at once and without a passphrase (spec/13-storage.md, "Wiping").

use super::AreaFolder;
use super::vault_file::path_in;
use crate::exit::{Failure, Outcome};
use crate::{files, random};
use chappe_codec::vault::{Area, VAULT_OCTETS};
use std::path::Path;

/// Destroys the keys of a device's folder, then removes what they opened, as far as that goes.
///
/// It waits for nobody: not for another process that is using the device, either.
pub(crate) fn wipe(folder: &Path) -> Outcome<()> {
    let path = path_in(folder);
    destroy(&path)?;
    // What a crash left of a vault that was never finished.
    let unfinished = path.with_extension("new");
    if unfinished.exists() {
        destroy(&unfinished)?;
    }
    Area::all().try_for_each(|area| files::remove_folder(&AreaFolder::path_in(folder, area)))
}

fn destroy(path: &Path) -> Outcome<()> {
    let file = files::open_in_place(path)?;
    // What was ever longer than it should be goes, too.
    let octets = file.metadata().map_err(|error| Failure::file(path, &error))?.len();
    let octets = usize::try_from(octets).unwrap_or(VAULT_OCTETS).clamp(VAULT_OCTETS, 1 << 16);
    files::overwrite(&file, path, 0, &noise(octets))?;
    // From here on nothing opens.
    files::remove(path)
}

/// A wipe must not fail because the random source does: zeros destroy as well.
fn noise(octets: usize) -> Vec<u8> {
    let mut noise = vec![0; octets];
    random::fill(&mut noise).unwrap_or_default();
    noise
}
