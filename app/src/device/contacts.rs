//! The contacts of a device: cards under names its owner chose, in one sealed file
//! (spec/13-storage.md, "Sealed files").

use super::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::CONTACTS;
use chappe_codec::account::AccountId;
use chappe_codec::card::Card;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::realm::Realm;

const VERSION: u8 = 1;

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
        read(&self.area.read(CONTACTS)?, self.realm)
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
        let _alone = self.area.lock()?;
        let mut contacts = self.contacts()?;
        for known in &contacts {
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
        if contacts.len() >= CONTACTS_MAX {
            return Err(Failure::new(Exit::Failure, "too_long", "too many contacts"));
        }
        contacts.push(Contact { name: name.to_owned(), card: card.clone() });
        contacts.sort_by(|a, b| a.name.cmp(&b.name));
        self.area.write(CONTACTS, &to_octets(&contacts))?;
        Ok(Added::New)
    }

    /// Removes a contact and returns it.
    pub(crate) fn remove_contact(&self, name: &str) -> Outcome<Contact> {
        let _alone = self.area.lock()?;
        let removed = self.contact(name)?;
        let mut contacts = self.contacts()?;
        contacts.retain(|contact| contact.name != name);
        self.area.write(CONTACTS, &to_octets(&contacts))?;
        Ok(removed)
    }
}

/// The sealed file of a device without contacts.
pub(crate) fn none() -> Vec<u8> {
    to_octets(&[])
}

fn to_octets(contacts: &[Contact]) -> Vec<u8> {
    let mut octets = vec![VERSION];
    for contact in contacts {
        // A name is at most 32 octets.
        octets.push(u8::try_from(contact.name.len()).unwrap_or(u8::MAX));
        octets.extend_from_slice(contact.name.as_bytes());
        let card = contact.card.to_bytes();
        // A card with the largest root has 1,834 octets.
        octets.extend_from_slice(&u16::try_from(card.len()).unwrap_or(u16::MAX).to_be_bytes());
        octets.extend_from_slice(&card);
    }
    octets
}

fn read(octets: &[u8], realm: Realm) -> Outcome<Vec<Contact>> {
    let truncated = |left: &[u8], field| {
        let at = octets.len().saturating_sub(left.len());
        Failure::from(DecodeError::at_octet(ErrorKind::Truncated, field, at))
    };
    let (version, mut left) = octets.split_first().ok_or_else(|| truncated(octets, "version"))?;
    if *version != VERSION {
        return Err(DecodeError::at_octet(ErrorKind::UnknownVersion, "version", 0).into());
    }
    let mut contacts = Vec::new();
    while let Some((length, rest)) = left.split_first() {
        let (name, rest) =
            rest.split_at_checked((*length).into()).ok_or_else(|| truncated(rest, "name"))?;
        let name = std::str::from_utf8(name).ok().filter(|name| is_name(name));
        let name = name.ok_or_else(|| {
            Failure::new(Exit::Malformed, "bad_character", "a contact's name is damaged")
        })?;
        let (length, rest) =
            rest.split_first_chunk::<2>().ok_or_else(|| truncated(rest, "card"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (card, rest) = rest.split_at_checked(length).ok_or_else(|| truncated(rest, "card"))?;
        contacts.push(Contact { name: name.to_owned(), card: Card::parse(card, realm)? });
        left = rest;
    }
    Ok(contacts)
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
