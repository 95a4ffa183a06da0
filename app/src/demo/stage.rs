//! The demo's folders and identities, and the handset as a device of the aid organisation.

use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::files;
use crate::hex;
use crate::passphrase::PassphraseArguments;
use crate::random;
use crate::text_form::TextForm;
use chappe_codec::home::{HomeRelay, HomeRelays};
use chappe_codec::identity::{Area, Carried, NEVER, Permissions, Root, Types};
use chappe_codec::item::Family;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_codec::signal::MessageCode;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The realm of the demo: nothing in it may ever pass for real.
pub(super) const REALM: Realm = Realm { mode: Mode::Exercise, network: 0x00C0_47F0 };

/// The file with the key of the field's own net.
pub(super) const NETWORK_KEY: &str = "network-key";

/// Made by the demo, and what lets it clear the folder the next time.
const MARK: &str = "made-by-chappe-demo";

/// Who is there before the others: what their cards name has to listen first.
const SERVERS: [&str; 4] = ["ledger", RELAYS[0], RELAYS[1], "recorder"];

/// The two relays. The first is the gateway's, too.
pub(super) const RELAYS: [&str; 2] = ["relay", "relay-2"];

/// Who takes part, and whose card each of them holds.
const CAST: [(&str, &[&str]); 6] = [
    ("gateway", &["aid", "handset"]),
    ("aid", &["party-1", "party-2", "party-3", "handset", "gateway"]),
    ("party-1", &["aid", "handset"]),
    ("party-2", &["aid", "handset"]),
    ("party-3", &["aid", "handset"]),
    ("handset", &["aid", "gateway"]),
];

/// Who reads at the gateway's relay alone: the gateway reads for the handset there.
const IN_THE_FIELD: [&str; 2] = ["gateway", "handset"];

/// The parties to the conflict.
pub(super) const PARTIES: [&str; 3] = ["party-1", "party-2", "party-3"];

/// The handset's number in the aid organisation's account.
pub(super) const HANDSET: u8 = 2;

/// What ends the handset, signed with its certificate and kept by the aid organisation.
pub(super) const HANDSET_REVOCATION: &str = "handset.revocation";

/// Around where the convoy goes, in 0.00001 degrees.
const ROAD: Area = Area { south: 46_00000, west: 6_00000, north: 46_50000, east: 6_50000 };

/// Dangers, missions, protective signs and remarks, on its road, up to IMMEDIATE; and its lease.
fn handset_permissions() -> Permissions {
    let signals = [
        MessageCode::DangerSign,
        MessageCode::MissionSignal,
        MessageCode::ProtectiveSign,
        MessageCode::FreeText,
    ];
    let lease = Types::of_family(Family::LEASE).unwrap_or(Types(0));
    Permissions {
        types: Types::of_signals(&signals).with(lease),
        precedence: Precedence::Immediate,
        area: ROAD,
        not_before: 0,
        expiry: NEVER,
    }
}

/// The folders of a run.
pub(super) struct Stage {
    folder: PathBuf,
    devices: BTreeMap<&'static str, Device>,
}

impl Stage {
    /// Makes a fresh identity for every server.
    pub(super) fn build(folder: &Path) -> Outcome<Self> {
        clear(folder)?;
        let mut passphrase = [0; 16];
        random::fill(&mut passphrase)?;
        files::create_private(&folder.join("passphrase"), hex::encode(&passphrase).as_bytes())?;
        let mut network_key = [0; 32];
        random::fill(&mut network_key)?;
        files::create_private(&folder.join(NETWORK_KEY), hex::encode(&network_key).as_bytes())?;
        let mut stage = Self { folder: folder.to_owned(), devices: BTreeMap::new() };
        for name in SERVERS {
            stage.create(name, HomeRelays::NONE)?;
        }
        Ok(stage)
    }

    /// Makes a fresh identity for everyone else. The organisations' cards name both relays as their
    /// homes, those of the field the first.
    pub(super) fn populate(&mut self, homes: Vec<HomeRelay>) -> Outcome<()> {
        let first = HomeRelays::new(homes.iter().take(1).cloned().collect())?;
        let both = HomeRelays::new(homes)?;
        for (name, _) in CAST {
            let is_in_the_field = IN_THE_FIELD.contains(&name);
            self.create(name, if is_in_the_field { first.clone() } else { both.clone() })?;
        }
        let handset = self.certify_handset()?;
        self.devices.insert("handset", handset);
        for (name, contacts) in CAST {
            for contact in contacts {
                let card = self.device(contact)?.identity.card();
                self.device(name)?.add_contact(contact, card)?;
            }
        }
        Ok(())
    }

    fn create(&mut self, name: &'static str, homes: HomeRelays) -> Outcome<()> {
        let device = Device::create(&self.arguments(name), REALM, homes)?;
        self.devices.insert(name, device);
        Ok(())
    }

    /// The aid organisation's root makes the handset its second device, with what a convoy says on the
    /// road and no more, and signs at once what ends it.
    fn certify_handset(&self) -> Outcome<Device> {
        let root = self.device("aid")?.root_key()?;
        let handset = self.device("handset")?;
        let (of, permissions) = (Root::of_key(&root.public()), handset_permissions());
        let certificate = handset.request(Some(of), Some(HANDSET), None, permissions)?;
        for mut request in [certificate.revocation()?, Some(certificate)].into_iter().flatten() {
            request.sign(&root, REALM)?;
            match request.finish()? {
                Carried::Certificate(certificate) => handset.install(certificate)?,
                revocation => {
                    let text = TextForm::Endorsement.write(&revocation.to_bytes());
                    files::create_private(&self.file(HANDSET_REVOCATION), text.as_bytes())?;
                }
            }
        }
        Device::open(&self.arguments("handset"))
    }

    fn arguments(&self, name: &str) -> DeviceArguments {
        DeviceArguments {
            home: self.home(name),
            passphrase: PassphraseArguments::from_file_at(self.passphrase_file()),
        }
    }

    pub(super) fn device(&self, name: &str) -> Outcome<&Device> {
        self.devices
            .get(name)
            .ok_or_else(|| Failure::new(Exit::Failure, "demo", format!("no {name} on stage")))
    }

    pub(super) fn devices(&self) -> impl Iterator<Item = (&'static str, &Device)> {
        self.devices.iter().map(|(name, device)| (*name, device))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// `--home … --passphrase-file …`.
    pub(super) fn device_arguments(&self, name: &str) -> [String; 4] {
        [
            "--home".into(),
            self.home(name).display().to_string(),
            "--passphrase-file".into(),
            self.passphrase_file().display().to_string(),
        ]
    }

    fn home(&self, name: &str) -> PathBuf {
        self.folder.join("homes").join(name)
    }

    fn passphrase_file(&self) -> PathBuf {
        self.folder.join("passphrase")
    }
}

/// Empties a folder an earlier demo left, and no other.
fn clear(folder: &Path) -> Outcome<()> {
    let mark = folder.join(MARK);
    if mark.exists() {
        std::fs::remove_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    let is_empty = |mut entries: std::fs::ReadDir| entries.next().is_none();
    if folder.exists() && !std::fs::read_dir(folder).is_ok_and(is_empty) {
        return Err(Failure::new(
            Exit::Usage,
            "demo",
            format!("{} holds something that is not a demo's", folder.display()),
        )
        .advise("give another folder with --out"));
    }
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    files::replace(&mark, b"")
}
