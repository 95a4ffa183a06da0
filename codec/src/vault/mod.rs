//! What a device keeps on disk, sealed (spec/13-storage.md): octets and keys in, octets out.
//!
//! A passphrase opens a slot of the [`Vault`] file and gives a [`WrappingKey`]; that opens the sealed
//! files ([`sealed_file`]) of one area, and the [`Page`] of each journal, whose key seals the records
//! ([`RecordKey`]). Files, locks, syncs and randomness are the caller's.

mod area;
mod error;
mod file;
mod page;
mod prekey_page;
mod record;
mod root_file;
mod seal;
pub mod sealed_file;
mod slot;
mod work;

pub use area::{Area, WrappingKey};
pub use error::VaultError;
pub use file::{
    HEADER_OCTETS, SLOT_OCTETS, SLOTS, SLOTS_OCTETS, Unlocked, VAULT_OCTETS, Vault, slot_offset,
};
pub use page::{PAGE_FILE_OCTETS, PLACE_OCTETS, Page, PageContent, PageKey, Place, Placed};
pub use prekey_page::PrekeyPage;
pub use record::{OPENING_OCTETS, RECORD_OVERHEAD_OCTETS, RecordKey};
pub use root_file::{ROOT_FILE_OCTETS, RootFile};
pub use seal::NONCE_OCTETS;
pub use slot::SlotContent;
pub use work::{Bounds, StretchedKey, Work};
