//! A device: its keys, its contacts, and what it has sent and received, all in one folder.

pub(crate) mod anchoring;
pub(crate) mod contacts;
pub(crate) mod journal;
pub(crate) mod received;
pub(crate) mod sent;
pub(crate) mod station;

use crate::exit::{Exit, Failure, Outcome};
use crate::passphrase::PassphraseArguments;
use crate::{clock, files, hex, key_file};
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};
use chappe_codec::card::Card;
use chappe_codec::error::ErrorKind;
use chappe_codec::identity::{IDENTITY_SEED_OCTETS, Identity};
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const KEY_FILE: &str = "identity.key";

/// The account's root, which certifies devices and does nothing else: to be taken away from here.
const ROOT_FILE: &str = "root.key";

/// "A prekey is made for 30 days at most" (spec/10-identity.md, "Card").
const PREKEY_SECONDS: u64 = 30 * 24 * 3600;
const CARD_PREFIX: &str = "chappe-card:";

/// Which folder, and how its key is unlocked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DeviceArguments {
    /// This device's keys and messages
    #[arg(
        long,
        value_name = "FOLDER",
        env = "CHAPPE_HOME",
        hide_env = true,
        default_value = ".chappe"
    )]
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
        files::create_folder(&folder.join("contacts"))?;
        let (mut root, mut seed) =
            (Zeroizing::new([0; 32]), Zeroizing::new([0; IDENTITY_SEED_OCTETS]));
        key_file::random(&mut *root)?;
        key_file::random(&mut *seed)?;
        let expiry = clock::now_seconds().saturating_add(PREKEY_SECONDS);
        let identity = Identity::first_device(&SignKey::from_seed(&root), &seed, expiry, realm)?;
        key_file::create(&folder.join(ROOT_FILE), realm, &passphrase, &*root)?;
        let secret = identity.to_secret_bytes();
        key_file::create(&folder.join(KEY_FILE), realm, &passphrase, &secret)?;
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
        let (secret, realm) = key_file::open(&path, &passphrase)?;
        let identity = Identity::from_secret_bytes(&secret, realm)?;
        Ok(Self { folder, identity, realm })
    }

    /// A folder below the device's own, made if it is not there.
    pub(crate) fn subfolder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.folder.join(name);
        files::create_folder(&folder)?;
        Ok(folder)
    }
}

/// `chappe-card:` and the card in base64url (spec/10-identity.md, "Card").
pub(crate) fn card_to_text(card: &Card) -> String {
    format!("{CARD_PREFIX}{}", URL_SAFE_NO_PAD.encode(card.to_bytes()))
}

/// Reads a card and verifies it in this realm.
pub(crate) fn card_from_text(text: &str, realm: Realm) -> Outcome<Card> {
    Ok(Card::parse(&card_octets(text)?, realm)?)
}

/// The octets of a card's text form, of which there is one.
fn card_octets(text: &str) -> Outcome<Vec<u8>> {
    let refused = |kind: ErrorKind, message: &str| {
        Failure::new(Exit::Malformed, kind.name(), message).advise("copy the card whole")
    };
    let encoded = text
        .strip_prefix(CARD_PREFIX)
        .ok_or_else(|| refused(ErrorKind::BadLiteral, "a contact card begins with chappe-card:"))?;
    URL_SAFE_NO_PAD.decode(encoded).map_err(|error| match error {
        DecodeError::InvalidLastSymbol(..) => {
            refused(ErrorKind::NotCanonical, "the contact card is damaged at its end")
        }
        DecodeError::InvalidLength(_) => refused(ErrorKind::Truncated, "the contact card is cut"),
        DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => {
            refused(ErrorKind::BadCharacter, "the contact card holds a strange character")
        }
    })
}

/// Reads a card file.
pub(crate) fn card_from_file(path: &Path, realm: Realm) -> Outcome<Card> {
    card_from_text(&files::read_text(path)?, realm)
}

/// A public key as a person types or pastes it: 32 octets in hex of either case.
pub(crate) fn public_key(what: &str, text: &str) -> Outcome<[u8; 32]> {
    hex::decode_array(what, &text.to_ascii_lowercase())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use chappe_codec::account::Account;
    use chappe_codec::realm::Mode;
    use serde_json::Value;

    /// A device of its own in a folder.
    pub(crate) fn device(folder: &Path) -> Device {
        let passphrase = folder.join("passphrase");
        std::fs::write(&passphrase, "for tests").unwrap();
        let arguments = DeviceArguments {
            home: folder.join("device"),
            passphrase: PassphraseArguments::from_file_at(passphrase),
        };
        Device::create(&arguments, Realm { mode: Mode::Exercise, network: 3 }).unwrap()
    }

    #[test]
    fn a_card_has_one_text() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let text = card_to_text(device.identity.card());
        assert_eq!(card_from_text(&text, device.realm).unwrap(), *device.identity.card());
        let refusal = |text: &str| {
            let failure = card_octets(text).unwrap_err();
            failure.to_json()["error"]["kind"].as_str().unwrap().to_owned()
        };
        assert_eq!(refusal(&text.to_uppercase()), "bad_literal");
        assert_eq!(refusal(&format!("{text}=")), "bad_character");
        assert_eq!(refusal(&format!("{text}\n")), "bad_character");
        assert_eq!(refusal("chappe-card:AB"), "not_canonical");
        assert_eq!(refusal("chappe-card:A"), "truncated");
    }

    /// The text form of the cards of test-vectors/identity, which the codec itself does not know.
    #[test]
    fn card_texts_are_read_as_the_vectors_say() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/identity");
        let mut answered = 0;
        for name in ["card.json", "card_text.json"] {
            let file: Value =
                serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
            for vector in file["vectors"].as_array().unwrap() {
                let (id, out) = (&vector["id"], &vector["out"]);
                if vector["kind"] == "card_write" {
                    let text = out["text"].as_str().unwrap();
                    let octets = hex::encode(&card_octets(text).unwrap());
                    assert_eq!(out["card"], octets, "{id}");
                } else if vector["kind"] == "card_text" {
                    let found = card_octets(vector["in"]["text"].as_str().unwrap());
                    match (found, vector["result"] == "valid") {
                        (Ok(octets), true) => assert_eq!(out["card"], hex::encode(&octets)),
                        (Err(failure), false) => assert_eq!(
                            failure.to_json()["error"]["kind"],
                            vector["error"]["kind"],
                            "{id}"
                        ),
                        (other, _) => panic!("{id}: {other:?}"),
                    }
                } else {
                    continue;
                }
                answered += 1;
            }
        }
        assert_eq!(answered, 18);
    }

    #[test]
    fn the_root_lies_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let (root, realm) = key_file::open(&device.folder.join(ROOT_FILE), "for tests").unwrap();
        let root = SignKey::from_seed(root.as_slice().try_into().unwrap());
        assert_eq!(realm, device.realm);
        assert_eq!(Account::of_key(&root.public()), *device.identity.account());
        assert_ne!(root.public(), device.identity.signer().key);
        assert_eq!(device.identity.card().endorsement().verify(realm), Ok(()));
    }
}
