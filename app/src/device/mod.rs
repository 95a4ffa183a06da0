//! A device: its keys, its contacts, and what it has sent and received, sealed in one folder
//! (spec/13-storage.md).

pub(crate) mod anchoring;
mod chain_record;
pub(crate) mod contacts;
pub(crate) mod content;
mod homes;
pub(crate) mod inquiries;
pub(crate) mod invitations;
pub(crate) mod journal;
pub(crate) mod judging;
mod limits;
pub(crate) mod prekeys;
pub(crate) mod put_away;
pub(crate) mod received;
pub(crate) mod repair;
pub(crate) mod retention;
mod rooted;
pub(crate) mod sealing;
pub(crate) mod sent;
pub(crate) mod settings;
pub(crate) mod station;
pub(crate) mod watch;

use crate::exit::{Exit, Failure, Outcome};
use crate::passphrase::PassphraseArguments;
use crate::report::Report;
use crate::storage::{self, AreaFolder, IDENTITY, JournalPlace, Opened, VaultFile};
use crate::text_form::TextForm;
use crate::{files, hex, random};
use chappe_codec::card::Card;
use chappe_codec::error::{DecodeError as Flaw, ErrorKind};
use chappe_codec::home::HomeRelays;
use chappe_codec::identity::{IDENTITY_SEED_OCTETS, Identity, Prekeys, Root};
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use settings::Settings;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the text in a card's QR code begins with.
const QR_PREFIX: &str = "CHAPPE-CARD:";

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
    area: AreaFolder,
    is_decoy: bool,
}

impl Device {
    /// Makes a new device in a folder that has none.
    pub(crate) fn create(
        arguments: &DeviceArguments,
        realm: Realm,
        homes: HomeRelays,
    ) -> Outcome<Self> {
        let folder = &arguments.home;
        if storage::is_there(folder) {
            return Err(Self::is_there_already(folder));
        }
        let passphrase = arguments.passphrase.read_new()?;
        files::create_folder(folder)?;
        VaultFile::create(folder, &passphrase, realm)?;
        let opened = VaultFile::open(folder)?.unlock(&passphrase)?;
        // Nobody has a card yet that a newer one would have to replace.
        Settings { homes, ..Settings::read(&opened.area)? }.write(&opened.area)?;
        Self::unlocked(folder, opened)
    }

    /// The refusal to make a device where there is one.
    pub(crate) fn is_there_already(folder: &Path) -> Failure {
        let message = format!("{} already holds an identity", folder.display());
        Failure::new(Exit::Failure, "exists", message)
            .advise("choose another --home; an identity is never overwritten")
    }

    /// Unlocks the device of a folder, and warns as long as what was made with it is not said to be put
    /// away (spec/10-identity.md, "At an account's creation").
    pub(crate) fn open(arguments: &DeviceArguments) -> Outcome<Self> {
        let folder = &arguments.home;
        require(folder)?;
        let passphrase = arguments.passphrase.read()?;
        let device = Self::unlocked(folder, VaultFile::open(folder)?.unlock(&passphrase)?)?;
        if device.settings()?.to_put_away {
            Report::WARNINGS.note(
                "WARNING: the roots and what ends this device are not said to be put away. Who takes \
                 this machine takes them, too. Put each in its place, then: chappe id put-away",
            );
        }
        Ok(device)
    }

    fn unlocked(folder: &Path, Opened { area, is_decoy, .. }: Opened) -> Outcome<Self> {
        let Secrets { realm, identity, .. } = Secrets::read(&area)?;
        Ok(Self { folder: folder.to_owned(), identity, realm, area, is_decoy })
    }

    /// Whether it was opened with a decoy's passphrase. Nothing that is shown may depend on it
    /// (spec/13-storage.md, "Duress").
    pub(crate) const fn is_under_duress(&self) -> bool {
        self.is_decoy
    }

    /// A journal of this device.
    pub(crate) fn journal(&self, name: &'static str) -> JournalPlace {
        self.area.journal(name)
    }

    /// A folder below the device's own, made if it is not there: for what a server stores for others.
    pub(crate) fn subfolder(&self, name: &str) -> Outcome<PathBuf> {
        let folder = self.folder.join(name);
        files::create_folder(&folder)?;
        Ok(folder)
    }
}

/// There must be a device in the folder.
pub(crate) fn require(folder: &Path) -> Outcome<()> {
    if storage::is_there(folder) {
        return Ok(());
    }
    let message = format!("{} holds no identity", folder.display());
    Err(Failure::new(Exit::NotFound, "no identity", message)
        .advise("make one with: chappe id new --home FOLDER"))
}

/// The version of the sealed file `identity`: before it there was none.
const IDENTITY_VERSION: u8 = 2;

/// What the sealed file `identity` holds (spec/13-storage.md, "Sealed files"), and the prekeys.
pub(crate) struct Secrets {
    pub(crate) realm: Realm,
    /// The seed of the account's root, until it is taken away from the device.
    pub(crate) root: Option<Zeroizing<[u8; 32]>>,
    pub(crate) identity: Identity,
}

impl Secrets {
    /// A new account with its first device.
    pub(crate) fn new(realm: Realm) -> Outcome<Self> {
        let root = random::secret::<32>()?;
        let seed = random::secret::<IDENTITY_SEED_OCTETS>()?;
        let root_key = SignKey::from_seed(&root);
        let identity = Identity::first_device(&root_key, &seed, prekeys::first()?, realm)?;
        Ok(Self { realm, root: Some(root), identity })
    }

    /// version ‖ realm ‖ whether the root is here ‖ root's seed, or zeros ‖ the device's secrets. The
    /// prekeys lie in a file of their own.
    pub(crate) fn to_octets(&self) -> Zeroizing<Vec<u8>> {
        let none = Zeroizing::new([0; 32]);
        let root = self.root.as_ref().unwrap_or(&none);
        let is_here = [u8::from(self.root.is_some())];
        let secrets = self.identity.to_secret_bytes();
        let realm = self.realm.to_bytes();
        Zeroizing::new([&[IDENTITY_VERSION], &realm[..], &is_here, &root[..], &secrets].concat())
    }

    pub(crate) fn read(area: &AreaFolder) -> Outcome<Self> {
        Self::read_with(area, prekeys::read(area)?.prekeys)
    }

    /// The same with prekeys that were read.
    fn read_with(area: &AreaFolder, prekeys: Prekeys) -> Outcome<Self> {
        let octets = area.read(IDENTITY)?;
        let flaw = |kind, at| Failure::from(Flaw::at_octet(kind, "identity", at));
        let (version, rest) = octets.split_first().ok_or_else(|| flaw(ErrorKind::Truncated, 0))?;
        if *version != IDENTITY_VERSION {
            return Err(flaw(ErrorKind::UnknownVersion, 0).advise(
                "another version of chappe made this identity: use that, or make a new one",
            ));
        }
        let (realm, rest) =
            rest.split_first_chunk::<5>().ok_or_else(|| flaw(ErrorKind::Truncated, 1))?;
        let realm = Realm::parse(realm).map_err(|_| flaw(ErrorKind::UnknownCode, 1))?;
        let (is_here, rest) = rest.split_first().ok_or_else(|| flaw(ErrorKind::Truncated, 6))?;
        let (root, secrets) =
            rest.split_first_chunk::<32>().ok_or_else(|| flaw(ErrorKind::Truncated, 7))?;
        let root = (*is_here == 1).then(|| Zeroizing::new(*root));
        let homes = Settings::read(area)?.homes;
        let identity = Identity::from_secret_bytes(secrets, prekeys, homes, realm)?;
        Ok(Self { realm, root, identity })
    }
}

/// `chappe-card:` and the card in base64url (spec/10-identity.md, "Card").
pub(crate) fn card_to_text(card: &Card) -> String {
    TextForm::Card.write(&card.to_bytes())
}

/// Reads a card and verifies it in this realm.
pub(crate) fn card_from_text(text: &str, realm: Realm) -> Outcome<Card> {
    let octets = card_octets(text)?;
    Card::parse(&octets, realm).map_err(|error| {
        if Card::is_former(&octets, realm) {
            let message = "a card of an earlier release, which names no home relays and is read no longer";
            return Failure::new(Exit::Malformed, "former_card", message).advise(
                "ask its owner for a new one, who makes it with a present release: chappe card show",
            );
        }
        error.into()
    })
}

/// The octets of a card as text, or as the text of a QR code.
pub(crate) fn card_octets(text: &str) -> Outcome<Vec<u8>> {
    if text.starts_with(QR_PREFIX) {
        return Ok(Card::octets_of_qr_text(text)?);
    }
    TextForm::Card.read(text)
}

/// Reads a root's public half.
pub(crate) fn root_from_text(text: &str) -> Outcome<Root> {
    Ok(Root::parse(&TextForm::Root.read(text)?)?)
}

/// Reads a file with a root's public half.
pub(crate) fn root_from_file(path: &Path) -> Outcome<Root> {
    root_from_text(&files::read_text(path)?)
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
        Device::create(&arguments, Realm { mode: Mode::Exercise, network: 3 }, HomeRelays::NONE)
            .unwrap()
    }

    #[test]
    fn a_card_has_one_text() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let text = card_to_text(device.identity.card());
        assert_eq!(card_from_text(&text, device.realm).unwrap(), *device.identity.card());
        let refusal = |text: &str| {
            let failure = TextForm::Card.read(text).unwrap_err();
            failure.to_json()["error"]["kind"].as_str().unwrap().to_owned()
        };
        assert_eq!(refusal(&text.replacen("chappe", "Chappe", 1)), "bad_literal");
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
                    let octets = hex::encode(&TextForm::Card.read(text).unwrap());
                    assert_eq!(out["card"], octets, "{id}");
                } else if vector["kind"] == "card_text" {
                    let found = TextForm::Card.read(vector["in"]["text"].as_str().unwrap());
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
        assert_eq!(answered, 23);
    }

    #[test]
    fn the_root_certifies_the_device_and_is_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let secrets = Secrets::read(&device.area).unwrap();
        let root = SignKey::from_seed(&secrets.root.unwrap());
        let realm = device.realm;
        assert_eq!(Account::of_key(&root.public()), *device.identity.account());
        assert_ne!(root.public(), device.identity.signer().key);
        assert_eq!(device.identity.card().endorsement().verify(realm), Ok(()));
    }
}
