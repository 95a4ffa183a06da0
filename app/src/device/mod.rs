//! A device: its keys, its contacts, and what it has sent and received, all in one folder.

pub(crate) mod anchoring;
pub(crate) mod contacts;
mod journal;
pub(crate) mod received;
pub(crate) mod sent;
pub(crate) mod station;

use crate::exit::{Exit, Failure, Outcome};
use crate::passphrase::PassphraseArguments;
use crate::{files, hex, key_file};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chappe_codec::card::Card;
use chappe_codec::identity::Identity;
use chappe_codec::realm::Realm;
use std::path::{Path, PathBuf};

const KEY_FILE: &str = "identity.key";
const CARD_PREFIX: &str = "chappe-card:";

/// Which folder, and how its key is unlocked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeviceArguments {
    /// The folder with this device's keys, contacts and messages
    #[arg(long, value_name = "FOLDER", env = "CHAPPE_HOME", default_value = ".chappe")]
    pub(crate) home: PathBuf,

    #[command(flatten)]
    pub(crate) passphrase: PassphraseArguments,
}

/// An unlocked device.
pub(crate) struct Device {
    pub(crate) folder: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) realm: Realm,
}

impl Device {
    /// Makes a new device in a folder that has none.
    pub(crate) fn create(arguments: &DeviceArguments, realm: Realm) -> Outcome<Self> {
        let folder = arguments.home.clone();
        if folder.join(KEY_FILE).exists() {
            return Err(Failure::new(
                Exit::Failure,
                "exists",
                format!("{} already holds an identity", folder.display()),
            )
            .advise("choose another --home; an identity is never overwritten"));
        }
        let passphrase = arguments.passphrase.read_new()?;
        std::fs::create_dir_all(folder.join("contacts"))
            .map_err(|error| Failure::file(&folder, &error))?;
        let identity = key_file::create(&folder.join(KEY_FILE), realm, &passphrase)?;
        let device = Self { folder, identity, realm };
        let card = format!("{}\n", card_to_text(device.identity.card()));
        files::replace(&device.folder.join("card"), card.as_bytes())?;
        Ok(device)
    }

    /// Unlocks the device of a folder.
    pub(crate) fn open(arguments: &DeviceArguments) -> Outcome<Self> {
        let folder = arguments.home.clone();
        let path = folder.join(KEY_FILE);
        if !path.exists() {
            return Err(Failure::new(
                Exit::NotFound,
                "no identity",
                format!("{} holds no identity", folder.display()),
            )
            .advise("make one with: chappe id new --home FOLDER"));
        }
        let passphrase = arguments.passphrase.read()?;
        let (identity, realm) = key_file::open(&path, &passphrase)?;
        Ok(Self { folder, identity, realm })
    }

    /// A folder below the device's own, made if it is not there.
    pub(crate) fn subfolder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        Ok(folder)
    }
}

/// `chappe-card:` and the card in base64url (spec/03-envelope.md, "Card").
pub(crate) fn card_to_text(card: &Card) -> String {
    format!("{CARD_PREFIX}{}", URL_SAFE_NO_PAD.encode(card.to_bytes()))
}

/// Reads a card and verifies it in this realm.
pub(crate) fn card_from_text(text: &str, realm: Realm) -> Outcome<Card> {
    let refused = |message: &str| Failure::new(Exit::Malformed, "bad_literal", message);
    let encoded = text
        .trim()
        .strip_prefix(CARD_PREFIX)
        .ok_or_else(|| refused("a contact card begins with chappe-card:"))?;
    let octets = URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| refused("the contact card is damaged: copy it whole"))?;
    Ok(Card::parse(&octets, realm)?)
}

/// Reads a card file.
pub(crate) fn card_from_file(path: &Path, realm: Realm) -> Outcome<Card> {
    card_from_text(&files::read_text(path)?, realm)
}

/// A public key argument: 32 octets in hex.
pub(crate) fn public_key(what: &str, text: &str) -> Outcome<[u8; 32]> {
    hex::decode_array(what, text)
}
