//! `chappe card`: the card this device gives out, and cards others gave.

use crate::clock;
use crate::device::{Device, DeviceArguments, card_from_file, card_to_text};
use crate::exit::Outcome;
use crate::home::{self, HomeArgument};
use crate::permissions;
use crate::qr;
use crate::report::Report;
use crate::words::Words;
use chappe_codec::card::Card;
use chappe_codec::home::HomeRelays;
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
    /// Set where this device reads, and its card says so; without any, show it
    #[command(after_help = "\
The first is tried first. Give the new card to those who are to write to you; contacts get it with
what is next said to them over a relay. Messages that lie at a relay you leave out are not read any
more: read them before. A `chappe recv --follow` that runs reads the new ones when it is started again.

Example:
  chappe card homes 5f…@relay.example:7406 8c…@[2001:db8::1]:7406")]
    Homes {
        /// A relay's key, as `chappe relay` shows it, and where it is; up to three
        #[arg(value_name = "KEY@HOST:PORT", conflicts_with = "none")]
        homes: Vec<HomeArgument>,
        /// Name no home relays any more
        #[arg(long)]
        none: bool,
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
                    "homes": home::json(card.homes()),
                }),
            );
            // Beside it, so that the card alone goes into a file.
            if !report.json {
                report.note(&format!("this card is good until {until}; a newer one replaces it"));
                report.note(&home::lines(card.homes()));
            }
        }
        CardCommand::Homes { homes, none, device } => {
            let device = Device::open(&device)?;
            if homes.is_empty() && !none {
                return tell_homes(&device.homes()?, None, report);
            }
            let card = device.set_homes(home::gathered(homes)?)?;
            tell_homes(&device.homes()?, Some(&card), report)?;
        }
        CardCommand::Read { card, realm } => {
            let card = card_from_file(&card, realm)?;
            read(&card, realm, report)?;
        }
    }
    Ok(())
}

fn tell_homes(homes: &HomeRelays, card: Option<&Card>, report: Report) -> Outcome<()> {
    let homes = homes.as_slice();
    report.event(
        "homes",
        &home::lines(homes),
        json!({"homes": home::json(homes), "card": card.map(card_to_text)}),
    );
    if card.is_some() && !report.json {
        report.note("your card is a new one: give it to who writes to you (chappe card show)");
    }
    Ok(())
}

fn read(card: &Card, realm: Realm, report: Report) -> Outcome<()> {
    let certificate = card.certificate();
    let root = card.endorsement().root();
    let words = Words::of(realm, &certificate.account)?;
    let mut text = format!(
        "account        {}\ndevice         {}, issue {}\nroot           {} of {} keys\n{}\n\
         words          {}\nas numbers     {}\n{}",
        certificate.account.id(),
        certificate.device,
        certificate.issue,
        root.threshold(),
        root.keys().len(),
        permissions::describe(&certificate.permissions)?,
        words.words,
        words.digits(),
        home::lines(card.homes()),
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
            "homes": home::json(card.homes()),
            "expired": expired,
            "prekey_expired": old,
        }),
    );
    Ok(())
}
