//! `chappe device repair`: goes on after the disk was put back to an older state, or lost a part of it.

use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::passphrase;
use crate::report::Report;
use serde_json::json;

/// What has to be typed.
const WORD: &str = "repair";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A device that does not know what it has said last could say something else in its place: it stops, and
this lets it go on. Stop other running chappe of this device first.
Lost: what it does not remember; statements over what it said before; its sessions, so what is under
way to it does not open. It keeps its account, certificate, contacts and passphrase.")]
pub(crate) struct RepairArguments {
    /// Also if nothing is refused: this folder is a copy that was put back
    #[arg(long)]
    restored: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &RepairArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let refused = device.refused_journals()?;
    if refused.is_empty() && !arguments.restored {
        let text = "nothing is refused, and nothing was done. A disk does not know that it is a copy: \
                    if this folder was put back, say so with --restored";
        report.event("whole", text, json!({}));
        return Ok(());
    }
    for (name, failure) in &refused {
        report.note(&format!("{name}: {failure}"));
    }
    report.note(
        "what this device does not remember is lost: messages it had taken in or written, statements \
         over what it said before now, and its sessions. What is under way to it will not open; whoever \
         wrote it sees that nothing answers, and writes in the new session that this begins",
    );
    if !arguments.yes {
        passphrase::confirm("Go on without them?", WORD)?;
    }
    let repair = device.repair()?;
    let device = Device::open(&arguments.device)?;
    let left_out = device.reintroduce()?;
    for (name, failure) in &left_out {
        report.note(&format!("{name} is not told: {failure}"));
    }
    report.event(
        "repaired",
        &format!(
            "it goes on, with {} records it still had; everyone may see that it began anew (epoch {})\n\
             Its new card waits for its contacts: chappe send --queued\nGive the card to who else \
             writes to you: chappe card show",
            repair.kept, repair.epoch,
        ),
        json!({
            "kept": repair.kept,
            "epoch": repair.epoch,
            "refused": refused.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            "not_told": left_out.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        }),
    );
    Ok(())
}
