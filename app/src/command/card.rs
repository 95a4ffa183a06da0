//! `chappe card`: the card this device gives out, and cards others gave.

use crate::clock;
use crate::device::{Device, DeviceArguments, card_octets, card_to_text};
use crate::exit::Outcome;
use crate::files;
use crate::permissions;
use crate::qr;
use crate::report::Report;
use crate::words::Words;
use chappe_codec::card::Card;
use chappe_codec::realm::Realm;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct CardArguments {
    #[command(subcommand)]
    command: CardCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CardCommand {
    /// Show this device's card, to be given to others; it holds no secret
    Show {
        /// As a QR code
        #[arg(long)]
        qr: bool,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Show whose card a file holds, what it may say, and its words
    Read {
        /// The file with the card, as text or as a QR code's text
        card: PathBuf,
        /// The realm it belongs to
        #[arg(long, value_name = "REALM", default_value = "live/00000001")]
        realm: Realm,
    },
}

pub(crate) fn run(arguments: CardArguments, report: Report) -> Outcome<()> {
    match arguments.command {
        CardCommand::Show { qr, device } => {
            let device = Device::open(&device)?;
            let card = &device.current_card()?;
            let text = card_to_text(card);
            let shown = if qr { qr::draw(&card.to_qr_text())? } else { text.clone() };
            if qr && !report.json {
                // Drawn with the terminal's own colours, so it goes past what makes text harmless.
                qr::print(&shown);
                return Ok(());
            }
            let until = permissions::time(card.prekey_expiry())?;
            report.event(
                "card",
                &shown,
                json!({
                    "card": text,
                    "qr": card.to_qr_text(),
                    "prekey_expiry": card.prekey_expiry(),
                }),
            );
            // Beside it, so that the card alone goes into a file.
            if !report.json {
                report.note(&format!("this card is good until {until}; a newer one replaces it"));
            }
        }
        CardCommand::Read { card, realm } => {
            let card = Card::parse(&card_octets(&files::read_text(&card)?)?, realm)?;
            read(&card, realm, report)?;
        }
    }
    Ok(())
}

fn read(card: &Card, realm: Realm, report: Report) -> Outcome<()> {
    let certificate = card.certificate();
    let root = card.endorsement().root();
    let words = Words::of(realm, &certificate.account)?;
    let mut text = format!(
        "account        {}\ndevice         {}, issue {}\nroot           {} of {} keys\n{}\n\
         words          {}\nas numbers     {}",
        certificate.account.id(),
        certificate.device,
        certificate.issue,
        root.threshold(),
        root.keys().len(),
        permissions::describe(&certificate.permissions)?,
        words.words,
        words.digits(),
    );
    let now = clock::now_seconds();
    let (expired, old) = (certificate.permissions.has_expired(now), card.prekey_expiry() < now);
    if expired {
        text.push_str("\nWARNING        by this clock its certificate has expired");
    }
    if old {
        text.push_str("\nWARNING        an old card: ask for a newer one");
    }
    report.event(
        "card",
        &text,
        json!({
            "account": certificate.account.id().to_string(),
            "device": certificate.device,
            "issue": certificate.issue,
            "threshold": root.threshold(),
            "keys": root.keys().len(),
            "not_before": certificate.permissions.not_before,
            "expiry": certificate.permissions.expiry,
            "words": words.words,
            "numbers": words.numbers,
            "expired": expired,
            "prekey_expired": old,
        }),
    );
    Ok(())
}
