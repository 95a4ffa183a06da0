//! `chappe device prekey`: replaces the prekey in the device's card.

use crate::device::prekeys::Former;
use crate::device::{Device, DeviceArguments, card_to_text};
use crate::exit::Outcome;
use crate::permissions;
use crate::report::Report;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
It is replaced by itself when half of its 30 days is over, and the new card goes to contacts with what
is next said to them over a relay. Cards that were given out before can be used until their prekeys are
destroyed; with --destroy-former that is now: whoever holds one has to get a new one (chappe card show).")]
pub(crate) struct PrekeyArguments {
    /// Destroy those before it, too: the device may have been read
    #[arg(long)]
    destroy_former: bool,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(super) fn run(arguments: &PrekeyArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let former = if arguments.destroy_former { Former::Destroyed } else { Former::Kept };
    let (card, kept) = device.renew_prekey(former)?;
    let until = permissions::time(card.prekey_expiry())?;
    let text = match kept.saturating_sub(1) {
        0 => format!("a new prekey, until {until}; there is no other"),
        before => format!("a new prekey, until {until}; {before} before it can still be used"),
    };
    report.event(
        "prekey",
        &text,
        json!({"card": card_to_text(&card), "prekey_expiry": card.prekey_expiry(), "prekeys": kept}),
    );
    Ok(())
}
