//! `chappe id new`: an account with its first device, and what must exist from its first day on.

use crate::device::put_away::{self, Paper, RootPassphrases};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::home::{self, HomeArgument};
use crate::passphrase;
use crate::report::Report;
use crate::storage;
use chappe_codec::realm::Realm;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes the account, this device, and four files to put away: the root, a root
that follows it if it is lost, and what ends this device or hands the account
over, signed beforehand. It asks at every start until told: chappe id put-away.")]
pub(crate) struct NewArguments {
    #[command(flatten)]
    device: DeviceArguments,

    /// The realm it belongs to: live/ or exercise/ and the network's eight hex digits
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,

    /// Where it reads, and its card says so; up to three
    #[arg(long, value_name = "KEY@HOST:PORT")]
    home_relay: Vec<HomeArgument>,

    /// Where to write them; else into a folder beside the device
    #[arg(long, value_name = "FOLDER")]
    put_away: Option<PathBuf>,

    /// The root's passphrase; else you are asked
    #[arg(long, value_name = "FILE")]
    root_passphrase_file: Option<PathBuf>,

    /// That of the root that follows it; else you are asked
    #[arg(long, value_name = "FILE")]
    successor_passphrase_file: Option<PathBuf>,

    /// Make none of them, for servers: the root stays on the device
    #[arg(long, conflicts_with_all = ["put_away", "root_passphrase_file", "successor_passphrase_file"])]
    no_put_away: bool,
}

pub(super) fn run(arguments: &NewArguments, report: Report) -> Outcome<()> {
    let home = &arguments.device.home;
    let homes = home::gathered(arguments.home_relay.clone())?;
    if arguments.no_put_away {
        return super::show(&Device::create(&arguments.device, arguments.realm, homes)?, report);
    }
    let folder = arguments.put_away.clone().unwrap_or_else(|| put_away::folder_beside(home));
    // Before anybody is asked for a passphrase, and before anything is made.
    if storage::is_there(home) {
        return Err(Device::is_there_already(home));
    }
    put_away::check_empty(&folder)?;
    let passphrases = passphrases(arguments, report)?;
    let device = Device::create(&arguments.device, arguments.realm, homes)?;
    let papers = device.make_papers(&folder, &passphrases)?;
    super::show(&device, report)?;
    tell(&papers, &folder, home, report);
    Ok(())
}

/// Three passphrases for three places: who finds one of them has one.
fn passphrases(arguments: &NewArguments, report: Report) -> Outcome<RootPassphrases> {
    let files = [&arguments.root_passphrase_file, &arguments.successor_passphrase_file];
    if files.iter().any(|file| file.is_none()) {
        report.note(
            "three passphrases are needed: of the account's root, of the root that follows it, and of \
             this device. Take three different ones. Write the first two down and keep each apart \
             from its file; the third you will type every day",
        );
    }
    let root = passphrase::new_from(files[0].as_ref(), "Passphrase of the root: ")?;
    let successor =
        passphrase::new_from(files[1].as_ref(), "Passphrase of the root that follows it: ")?;
    if *root == *successor {
        let message = "both roots have the same passphrase: who learns one has both";
        return Err(Failure::new(Exit::Usage, "passphrase", message));
    }
    Ok(RootPassphrases { root, successor })
}

/// What to put where, in plain words.
fn tell(papers: &[Paper], folder: &Path, home: &Path, report: Report) {
    let lines: Vec<String> = papers
        .iter()
        .map(|paper| {
            let path = paper.path.display();
            format!("  {path}\n      {}\n      kept by {}", paper.purpose, paper.keeper)
        })
        .collect();
    let files = papers
        .iter()
        .map(|paper| json!({"file": paper.path, "purpose": paper.purpose, "keeper": paper.keeper}));
    report.event(
        "put away",
        &format!(
            "\nPUT THESE AWAY now, each in another place, and leave none of them here:\n{}\n\n\
             The last two are texts that may be printed; beside each lies a page with its QR code. \
             Neither root is needed from day to day: the device works without.\nOnce nothing is left \
             in {}: chappe id put-away --home {}",
            lines.join("\n"),
            folder.display(),
            home.display(),
        ),
        json!({"folder": folder, "files": files.collect::<Vec<_>>()}),
    );
}
