//! `chappe root revocation`: asks the root for what ends a device.

use crate::device::card_from_file;
use crate::exit::Outcome;
use crate::report::Report;
use crate::request::Request;
use chappe_codec::identity::{Draft, Revocation};
use chappe_codec::realm::Realm;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints a request for `chappe root sign`. Have it signed when the device is certified, and give what
comes of it to somebody else than the device's holder.")]
pub(crate) struct RevocationArguments {
    /// The device's card
    #[arg(value_name = "CARD")]
    card: PathBuf,

    /// The realm it belongs to
    #[arg(long, value_name = "REALM", default_value = "live/00000001")]
    realm: Realm,
}

pub(super) fn run(arguments: &RevocationArguments, report: Report) -> Outcome<()> {
    let card = card_from_file(&arguments.card, arguments.realm)?;
    let certificate = card.certificate();
    let content = Revocation {
        account: certificate.account,
        device: certificate.device,
        issue: certificate.issue,
    };
    let draft = Draft::new(content, card.endorsement().root().clone())?;
    let text = Request::Revocation(draft).to_text();
    report.event("request", &text, json!({"request": text}));
    Ok(())
}
