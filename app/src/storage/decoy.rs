//! A second passphrase that opens another device (spec/13-storage.md, "A decoy").

use super::vault_file::{drawn_slot, new_area};
use super::{AreaFolder, Opened, VaultFile};
use crate::exit::{Exit, Failure, Outcome};
use crate::random;
use chappe_codec::realm::Realm;
use chappe_codec::vault::{Area, SlotContent};

impl VaultFile {
    /// Makes a decoy beside the device that `opened` opened.
    pub(crate) fn add_decoy(
        &mut self,
        opened: &Opened,
        realm: Realm,
        passphrase: &str,
    ) -> Outcome<()> {
        let key = self.fresh_key(passphrase)?;
        let own = &opened.unlocked.content;
        let area = drawn_area(own.kept)?;
        let kept = own.kept | area.bit();
        let content = new_area(area, kept, true)?;
        AreaFolder::new(self.folder(), area, content.key.clone()).fill(realm)?;
        self.replace_slot(&opened.key, &opened.unlocked, &SlotContent { kept, ..own.clone() })?;
        let slot = drawn_slot(area)?;
        self.write_slot(&key, slot, &content)?;
        let others = area.slots().into_iter().filter(|other| *other != slot);
        others.into_iter().try_for_each(|other| self.clear_slot(other))
    }
}

/// One of the areas that are not kept.
fn drawn_area(kept: u8) -> Outcome<Area> {
    let free: Vec<Area> = Area::all().filter(|area| kept & area.bit() == 0).collect();
    let count = u8::try_from(free.len()).unwrap_or(0);
    let drawn = usize::from(random::below(count)?);
    free.get(drawn).copied().ok_or_else(|| {
        Failure::new(Exit::Failure, "no_room", "there is no room for another passphrase")
    })
}
