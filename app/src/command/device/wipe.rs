//! `chappe device wipe`: everything unreadable at once.

use crate::device;
use crate::exit::{Exit, Failure, Outcome};
use crate::report::Report;
use crate::storage;
use serde_json::json;
use std::io::BufRead;
use std::path::PathBuf;

/// What has to be typed.
const WORD: &str = "wipe";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Keys, contacts and messages are gone for good; there is no way back. Stop other running chappe
first: what they hold in memory is not reached. What a relay, a ledger or others have stays there.")]
pub(crate) struct WipeArguments {
    /// The device to erase
    #[arg(
        long,
        value_name = "FOLDER",
        env = "CHAPPE_HOME",
        hide_env = true,
        default_value = ".chappe"
    )]
    home: PathBuf,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &WipeArguments, report: Report) -> Outcome<()> {
    device::require(&arguments.home)?;
    if !arguments.yes {
        report.note(&format!(
            "this erases everything in {} for good; type {WORD} and Enter to do it",
            arguments.home.display()
        ));
        let mut typed = String::new();
        let read = std::io::stdin().lock().read_line(&mut typed);
        if read.is_err() || typed.trim() != WORD {
            return Err(Failure::new(Exit::Usage, "usage", "nothing was erased"));
        }
    }
    storage::wipe(&arguments.home)?;
    report.event("wiped", "erased: nothing can be opened any more", json!({}));
    Ok(())
}
