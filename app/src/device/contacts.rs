//! The contacts of a device: cards under names its owner chose, and what was endorsed about them, in
//! one sealed file (spec/13-storage.md, "Sealed files").

use super::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::CONTACTS;
use crate::words::Words;
use chappe_codec::account::{Account, AccountId};
use chappe_codec::card::Card;
use chappe_codec::error::{DecodeError, ErrorKind};
use chappe_codec::identity::{Carried, Change, Directory, DirectoryError};
use chappe_codec::realm::Realm;

/// Version 1 held cards of a form that is not read any more.
const VERSION: u8 = 2;

/// Longest name of a contact.
const NAME_OCTETS_MAX: usize = 32;

/// Contacts of one device.
const CONTACTS_MAX: usize = 4096;

/// Endorsements kept about them and about ourselves.
const ENDORSEMENTS_MAX: usize = 4096;

/// A person or station whose card we hold.
#[derive(Debug, Clone)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) card: Card,
}

/// The contacts, and what is known of their accounts and of our own: certificates, revocations,
/// successions. Every card and endorsement is verified when this is read, so it is read once where
/// both are needed.
pub(crate) struct Acquaintances {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) directory: Directory,
}

/// What a card changed, and the certificate in it.
pub(crate) type CardChange = (Change, Carried);

/// What happened when a card was added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// A new contact.
    New,
    /// The card was there already.
    Unchanged,
    /// An older card of the same keys was there.
    Renewed,
}

impl Device {
    /// All contacts, by name.
    pub(crate) fn contacts(&self) -> Outcome<Vec<Contact>> {
        Ok(self.book()?.contacts)
    }

    /// The contacts with what is known of their accounts.
    pub(crate) fn acquaintances(&self) -> Outcome<Acquaintances> {
        let book = self.book()?;
        let directory = self.directory_of(&book)?;
        Ok(Acquaintances { contacts: book.contacts, directory })
    }

    fn directory_of(&self, book: &Book) -> Outcome<Directory> {
        let mut directory = Directory::new(self.realm);
        let own = self.identity.card();
        for card in book.contacts.iter().map(|contact| &contact.card).chain([own]) {
            directory.know(card.account())?;
            // The card of a device that was revoked since stays a card, and vouches for nothing.
            directory.take_card(&card.to_bytes()).map(drop).or_else(unless_revoked)?;
        }
        for endorsement in &book.endorsements {
            directory.take(endorsement)?;
        }
        Ok(directory)
    }

    /// Takes in an endorsement about somebody we know, whoever brought it, and keeps it if it changes
    /// anything.
    pub(crate) fn take_endorsement(&self, endorsement: &Carried) -> Outcome<Vec<Change>> {
        let _alone = self.area.lock()?;
        let mut book = self.book()?;
        let mut directory = self.directory_of(&book)?;
        if !knows(&directory, &endorsement.account()) {
            let message = "about an account this device does not know";
            return Err(Failure::new(Exit::Authentication, "unknown_account", message));
        }
        let changes = directory.take(endorsement)?;
        if !changes.is_empty() {
            if book.endorsements.len() >= ENDORSEMENTS_MAX {
                return Err(Failure::new(Exit::Failure, "too_long", "too many endorsements"));
            }
            book.endorsements.push(endorsement.clone());
            self.area.write(CONTACTS, &book.to_octets())?;
        }
        Ok(changes)
    }

    /// Takes in a card that came as an item, whoever carried it (spec/10-identity.md, "A card that comes
    /// as an item"), and keeps it if it changes anything: with other keys its certificate alone.
    pub(crate) fn take_card(&self, octets: &[u8]) -> Outcome<Vec<CardChange>> {
        let _alone = self.area.lock()?;
        let mut book = self.book()?;
        let mut directory = self.directory_of(&book)?;
        let (card, changes) = directory.take_card(octets)?;
        let (account, number) = (card.account(), card.device());
        if changes.iter().any(|change| matches!(change, Change::NewAccount { .. })) {
            let message = "about an account this device does not know";
            return Err(Failure::new(Exit::Authentication, "unknown_account", message));
        }
        let certificate = Carried::Certificate(card.endorsement().clone());
        let is_other_certificate =
            changes.iter().any(|change| !matches!(change, Change::NewCard { .. }));
        let counts = directory.card(&account, number) == Some(&card);
        let held = book
            .contacts
            .iter_mut()
            .find(|contact| (contact.card.account(), contact.card.device()) == (account, number));
        match held {
            // What the book holds is read again under the account's own root.
            Some(held)
                if counts
                    && held.card != card
                    && !card.certificate().has_other_keys(held.card.certificate())
                    && Card::parse(octets, self.realm).is_ok() =>
            {
                held.card = card;
            }
            _ if is_other_certificate => {
                if book.endorsements.len() >= ENDORSEMENTS_MAX {
                    return Err(Failure::new(Exit::Failure, "too_long", "too many endorsements"));
                }
                book.endorsements.push(certificate.clone());
            }
            _ => return Ok(Vec::new()),
        }
        self.area.write(CONTACTS, &book.to_octets())?;
        // A certificate that is told needs no card told beside it.
        let told = changes
            .into_iter()
            .filter(|change| !is_other_certificate || !matches!(change, Change::NewCard { .. }));
        Ok(told.map(|change| (change, certificate.clone())).collect())
    }

    /// Whether anything is known of an account: a contact's, or our own.
    pub(crate) fn knows(&self, account: &Account) -> Outcome<bool> {
        Ok(knows(&self.acquaintances()?.directory, account))
    }

    /// Nothing is sent to a device that was revoked (spec/10-identity.md, "Revocation").
    pub(crate) fn check_in_force(&self, card: &Card) -> Outcome<()> {
        let known = self.acquaintances()?;
        if !known.directory.is_revoked(&card.account(), card.device()) {
            return Ok(());
        }
        let name = display_name(&known.contacts, card.account().id());
        let message = format!("the device of {name} was revoked: nothing is sent to it");
        Err(Failure::new(Exit::Authentication, "revoked", message)
            .advise("get the card of their new device"))
    }

    fn book(&self) -> Outcome<Book> {
        Book::read(&self.area.read(CONTACTS)?, self.realm)
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
        let mut book = self.book()?;
        for known in &mut book.contacts {
            if known.card == *card && known.name == name {
                return Ok(Added::Unchanged);
            }
            if known.name == name && is_later_card(&known.card, card)? {
                known.card = card.clone();
                self.area.write(CONTACTS, &book.to_octets())?;
                return Ok(Added::Renewed);
            }
            // Another device of a known account is no change of keys.
            let is_same_device =
                (known.card.account(), known.card.device()) == (card.account(), card.device());
            if known.name == name || is_same_device {
                let words = |card: &Card| Words::of(self.realm, &card.account());
                let (before, now) = (words(&known.card)?.words, words(card)?.words);
                return Err(Failure::new(
                    Exit::Authentication,
                    "key change",
                    format!(
                        "{} is known with other keys or under another name\n  \
                         words known:    {before}\n  words of this:  {now}",
                        known.name
                    ),
                )
                .advise("make sure with them, by voice; then: chappe contact remove NAME, and add the new card"));
            }
        }
        if book.contacts.len() >= CONTACTS_MAX {
            return Err(Failure::new(Exit::Failure, "too_long", "too many contacts"));
        }
        book.contacts.push(Contact { name: name.to_owned(), card: card.clone() });
        book.contacts.sort_by(|a, b| a.name.cmp(&b.name));
        self.area.write(CONTACTS, &book.to_octets())?;
        Ok(Added::New)
    }

    /// Removes a contact and returns it.
    pub(crate) fn remove_contact(&self, name: &str) -> Outcome<Contact> {
        let _alone = self.area.lock()?;
        let removed = self.contact(name)?;
        let mut book = self.book()?;
        book.contacts.retain(|contact| contact.name != name);
        // What is known about others of the same account goes with the last of its cards.
        let account = removed.card.account();
        if !book.contacts.iter().any(|contact| contact.card.account() == account) {
            book.endorsements.retain(|endorsement| endorsement.account() != account);
        }
        self.area.write(CONTACTS, &book.to_octets())?;
        Ok(removed)
    }
}

/// Whether one card is that of the same device under the same keys, and later. An older one is refused:
/// its prekey may be gone.
fn is_later_card(held: &Card, card: &Card) -> Outcome<bool> {
    let who = |card: &Card| (card.account(), card.device(), card.endorsement().root().account());
    let is_same = who(held) == who(card);
    if !is_same || card.certificate().has_other_keys(held.certificate()) {
        return Ok(false);
    }
    let rank = |card: &Card| (card.certificate().issue, card.prekey_expiry());
    if rank(card) > rank(held) {
        return Ok(true);
    }
    let message = "this is an older card than the one known";
    Err(Failure::new(Exit::Failure, "old card", message).advise("ask for a new one"))
}

fn knows(directory: &Directory, account: &Account) -> bool {
    directory.accounts().any(|(known, _)| known == *account)
}

fn unless_revoked(error: DirectoryError) -> Result<(), DirectoryError> {
    match error {
        DirectoryError::Revoked => Ok(()),
        other => Err(other),
    }
}

/// The sealed file of a device without contacts.
pub(crate) fn none() -> Vec<u8> {
    Book { contacts: Vec::new(), endorsements: Vec::new() }.to_octets()
}

/// What the sealed file holds.
struct Book {
    contacts: Vec<Contact>,
    /// In the order in which they changed something.
    endorsements: Vec<Carried>,
}

impl Book {
    fn to_octets(&self) -> Vec<u8> {
        let mut octets = vec![VERSION];
        put_count(&mut octets, self.contacts.len());
        for contact in &self.contacts {
            // A name is at most 32 octets.
            octets.push(u8::try_from(contact.name.len()).unwrap_or(u8::MAX));
            octets.extend_from_slice(contact.name.as_bytes());
            put_counted(&mut octets, &contact.card.to_bytes());
        }
        for endorsement in &self.endorsements {
            put_counted(&mut octets, &endorsement.to_bytes());
        }
        octets
    }

    fn read(octets: &[u8], realm: Realm) -> Outcome<Self> {
        let mut left = octets;
        let version = take_chunk::<1>(octets, &mut left, "version")?;
        if version != [VERSION] {
            let error = DecodeError::at_octet(ErrorKind::UnknownVersion, "version", 0);
            return Err(Failure::from(error).advise(
                "another version of chappe wrote these contacts: use that, or make a new device",
            ));
        }
        let mut contacts = Vec::new();
        for _ in 0..u16::from_be_bytes(take_chunk(octets, &mut left, "count")?) {
            let [length] = take_chunk(octets, &mut left, "name")?;
            let name = take(octets, &mut left, length.into(), "name")?;
            let name = std::str::from_utf8(name).ok().filter(|name| is_name(name));
            let name = name.ok_or_else(|| {
                Failure::new(Exit::Malformed, "bad_character", "a contact's name is damaged")
            })?;
            let length = u16::from_be_bytes(take_chunk(octets, &mut left, "card")?);
            let card = take(octets, &mut left, length.into(), "card")?;
            contacts.push(Contact { name: name.to_owned(), card: Card::parse(card, realm)? });
        }
        let mut endorsements = Vec::new();
        while !left.is_empty() {
            let length = u16::from_be_bytes(take_chunk(octets, &mut left, "endorsement")?);
            let body = take(octets, &mut left, length.into(), "endorsement")?;
            endorsements.push(Carried::parse(body)?);
        }
        Ok(Self { contacts, endorsements })
    }
}

/// At most 4,096 of either, and the largest card has 2,699 octets.
fn put_count(octets: &mut Vec<u8>, count: usize) {
    octets.extend_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes());
}

fn put_counted(octets: &mut Vec<u8>, content: &[u8]) {
    put_count(octets, content.len());
    octets.extend_from_slice(content);
}

fn take<'a>(
    all: &[u8],
    left: &mut &'a [u8],
    count: usize,
    field: &'static str,
) -> Outcome<&'a [u8]> {
    let at = all.len().saturating_sub(left.len());
    let (taken, rest) = left.split_at_checked(count).ok_or(DecodeError::at_octet(
        ErrorKind::Truncated,
        field,
        at,
    ))?;
    *left = rest;
    Ok(taken)
}

fn take_chunk<const N: usize>(
    all: &[u8],
    left: &mut &[u8],
    field: &'static str,
) -> Outcome<[u8; N]> {
    let at = all.len().saturating_sub(left.len());
    let truncated = DecodeError::at_octet(ErrorKind::Truncated, field, at);
    take(all, left, N, field)?.try_into().map_err(|_| truncated.into())
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
