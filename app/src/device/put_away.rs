//! What is made with an account and belongs elsewhere: its root, the root that follows it, what ends the
//! device and what hands the account over (spec/10-identity.md, "At an account's creation").

use super::Device;
use crate::exit::{Exit, Failure, Outcome};
use crate::storage::create_root_file;
use crate::text_form::TextForm;
use crate::{files, qr, random};
use chappe_codec::identity::{Carried, Draft, Root, Succession};
use chappe_codec::key::SignKey;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The passphrases of the two roots.
pub(crate) struct RootPassphrases {
    pub(crate) root: Zeroizing<String>,
    pub(crate) successor: Zeroizing<String>,
}

/// A file to put away: what it is for, and who should keep it.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub(crate) path: PathBuf,
    pub(crate) purpose: &'static str,
    pub(crate) keeper: &'static str,
}

/// Name, purpose and keeper.
const ROOT: (&str, &str, &str) = (
    "account.root",
    "adds and replaces the account's devices",
    "you: in a safe, not where the device is",
);
const SUCCESSOR: (&str, &str, &str) = (
    "successor.root",
    "takes the account over once account.root is lost or stolen",
    "you or your organisation: in another place than account.root",
);
const SUCCESSION: (&str, &str, &str) = (
    "account.succession",
    "makes successor.root count, once it is published",
    "somebody who keeps neither root",
);

/// What lies beside a text that is worth printing.
const PRINT: &str = "print.txt";

impl Device {
    /// Makes what must exist from an account's first day on and writes it into a folder of its own. When
    /// this returns the root is no longer on the device; until the files are said to be put away, the
    /// device asks for it.
    pub(crate) fn make_papers(
        &self,
        folder: &Path,
        passphrases: &RootPassphrases,
    ) -> Outcome<Vec<Paper>> {
        // First, so that a crash leaves one that asks, not one that is silent.
        self.set_to_put_away(true)?;
        files::create_folder(folder)?;
        let seed = random::secret::<32>()?;
        let successor = Root::of_key(&SignKey::from_seed(&seed).public());
        let paper = |(name, purpose, keeper)| Paper { path: folder.join(name), purpose, keeper };
        let root = paper(ROOT);
        let following = paper(SUCCESSOR);
        let revocation = revocation_paper(folder, self.identity.device());
        let succession = paper(SUCCESSION);
        write_to_print(&revocation, &self.presigned_revocation()?)?;
        write_to_print(&succession, &self.presigned_succession(&successor)?)?;
        create_root_file(&following.path, &seed, self.realm, &passphrases.successor)?;
        // What the account cannot do without comes last: all else is made with it.
        self.take_root_off(&root.path, &passphrases.root)?;
        Ok(vec![root, following, revocation, succession])
    }

    /// Hands the account over to another root, once somebody publishes it.
    fn presigned_succession(&self, successor: &Root) -> Outcome<Carried> {
        let root = self.root_key()?;
        let own = Root::of_key(&root.public());
        let content = Succession { account: own.account(), successor: successor.account() };
        let mut draft = Draft::new(content, own)?;
        draft.sign(&root, self.realm)?;
        Ok(Carried::Succession(draft.finish()?))
    }
}

/// What ends a device.
pub(crate) fn revocation_paper(folder: &Path, device: u8) -> Paper {
    Paper {
        path: folder.join(format!("device-{device}.revocation")),
        purpose: "ends this device once it is lost; can do nothing else",
        keeper: "somebody you trust, who can publish it without you",
    }
}

/// The folder for a device's papers: beside the device, under a name that shows.
pub(crate) fn folder_beside(home: &Path) -> PathBuf {
    let name = home.file_name().and_then(|name| name.to_str()).unwrap_or("chappe");
    home.with_file_name(format!("{}-put-away", name.trim_start_matches('.')))
}

/// Nothing is written among files that are there already.
pub(crate) fn check_empty(folder: &Path) -> Outcome<()> {
    let is_empty = |mut entries: std::fs::ReadDir| entries.next().is_none();
    if !folder.exists() || std::fs::read_dir(folder).is_ok_and(is_empty) {
        return Ok(());
    }
    let message = format!("{} holds files already", folder.display());
    Err(Failure::new(Exit::Usage, "exists", message)
        .advise("name another folder: --put-away FOLDER"))
}

/// An endorsement as a file, and beside it the same to be printed: for people, and as a QR code.
pub(crate) fn write_to_print(paper: &Paper, endorsement: &Carried) -> Outcome<()> {
    let text = TextForm::Endorsement.write(&endorsement.to_bytes());
    files::create_private(&paper.path, format!("{text}\n").as_bytes())?;
    let name = paper.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let printed = format!(
        "{name}: {}.\nKept by: {}.\nTo use it, from any device: chappe device revoke {name} --relay … \
         --relay-key …\nThe code and the line below it hold the same.\n\n{}\n\n{text}\n",
        paper.purpose,
        paper.keeper,
        qr::draw(&text)?,
    );
    files::create_private(&paper.path.with_file_name(format!("{name}.{PRINT}")), printed.as_bytes())
}
