//! The contacts of a device: cards under names its owner chose, one file each.

use super::{Device, card_from_file, card_to_text};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use chappe_codec::account::AccountId;
use chappe_codec::card::Card;

/// Longest name of a contact.
const NAME_OCTETS_MAX: usize = 32;

/// Contacts of one device.
const CONTACTS_MAX: usize = 4096;

/// A person or station whose card we hold.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) card: Card,
}

/// What happened when a card was added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// A new contact.
    New,
    /// The card was there already.
    Unchanged,
}

impl Device {
    /// All contacts, by name.
    pub(crate) fn contacts(&self) -> Outcome<Vec<Contact>> {
        let folder = self.subfolder("contacts")?;
        let mut contacts = Vec::new();
        let entries = std::fs::read_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| Failure::file(&folder, &error))?.path();
            let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "card") && is_name(name) {
                let card = card_from_file(&path, self.realm)?;
                contacts.push(Contact { name: name.to_owned(), card });
            }
            if contacts.len() > CONTACTS_MAX {
                return Err(Failure::new(Exit::Failure, "too_long", "too many contacts"));
            }
        }
        contacts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(contacts)
    }

    /// The contact of a name.
    pub(crate) fn contact(&self, name: &str) -> Outcome<Contact> {
        self.contacts()?.into_iter().find(|contact| contact.name == name).ok_or_else(|| {
            Failure::new(Exit::NotFound, "no contact", format!("no contact is called {name}"))
                .advise("add one with: chappe contact add NAME CARDFILE")
        })
    }

    /// Adds a contact. A known name or account never silently gets other keys.
    pub(crate) fn add_contact(&self, name: &str, card: &Card) -> Outcome<Added> {
        if !is_name(name) {
            return Err(Failure::new(
                Exit::Usage,
                "name",
                "a contact's name is 1 to 32 of a-z, 0-9 and -",
            ));
        }
        for known in self.contacts()? {
            if known.card == *card && known.name == name {
                return Ok(Added::Unchanged);
            }
            if known.name == name || known.card.account() == card.account() {
                return Err(Failure::new(
                    Exit::Authentication,
                    "key change",
                    format!("{} is known with other keys or under another name", known.name),
                )
                .advise("make sure with them, by voice; then: chappe contact remove NAME, and add the new card"));
            }
        }
        let path = self.subfolder("contacts")?.join(format!("{name}.card"));
        files::create_private(&path, format!("{}\n", card_to_text(card)).as_bytes())?;
        Ok(Added::New)
    }

    /// Removes a contact and returns it.
    pub(crate) fn remove_contact(&self, name: &str) -> Outcome<Contact> {
        let contact = self.contact(name)?;
        let path = self.subfolder("contacts")?.join(format!("{name}.card"));
        std::fs::remove_file(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(contact)
    }
}

/// What to call an account: the contact's name, or its id.
pub(crate) fn display_name(contacts: &[Contact], account: AccountId) -> String {
    contacts
        .iter()
        .find(|contact| contact.card.account().id() == account)
        .map_or_else(|| account.to_string(), |contact| contact.name.clone())
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_OCTETS_MAX).contains(&name.len()) && name.bytes().all(allowed)
}
