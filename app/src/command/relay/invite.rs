//! `chappe relay invite`: makes, lists and withdraws invitations (spec/06-relay.md, "Admission").

use super::{ConfigArguments, device};
use crate::clock;
use crate::device::Device;
use crate::device::invitations::{Made, NOTE_OCTETS_MAX};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::permissions::time;
use crate::qr;
use crate::relay::config::Config;
use crate::relay::setting::is_network_address;
use crate::report::Report;
use chappe_relay::TransportSecret;
use chappe_relay::invitation::InvitationText;
use chappe_relay::rotation::address_epoch;
use chappe_relay::sums::Sums;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::num::NonZeroU16;

const DAY_SECONDS: u64 = 86_400;
/// Days an invitation may last.
const DAYS_MAX: u64 = 3650;
/// How a running relay is told.
const RELOAD: &str = "A relay that runs is told with: systemctl reload chappe-relay";

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Example:\n  \
    chappe relay invite --days 30 --keys 12 --note \"ward 3\" --config …\n\
    Its holder gives it to send, recv or gateway: --invitation TEXT")]
pub(super) struct InviteArguments {
    #[command(subcommand)]
    command: Option<InviteCommand>,

    #[command(flatten)]
    make: MakeArguments,
}

#[derive(Debug, clap::Subcommand)]
enum InviteCommand {
    /// Show those made, and how many keys each has let in
    List(ConfigArguments),
    /// Withdraw one; whom it let in is turned out at the next reload
    Withdraw {
        /// Its number, as `list` shows it
        #[arg(value_name = "NUMBER")]
        number: String,

        #[command(flatten)]
        config: ConfigArguments,
    },
}

#[derive(Debug, clap::Args)]
struct MakeArguments {
    /// For how many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=DAYS_MAX))]
    days: u64,

    /// Keys it lets in each week; six a device
    #[arg(long, default_value = "6", value_name = "COUNT")]
    keys: NonZeroU16,

    /// For whom; the holder does not see it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,

    /// Where it is reached; else listen.public
    #[arg(long, value_name = "HOST:PORT")]
    public: Option<String>,

    /// Leave the QR code out
    #[arg(long)]
    no_qr: bool,

    #[command(flatten)]
    config: ConfigArguments,
}

pub(super) fn run(arguments: &InviteArguments, report: Report) -> Outcome<()> {
    match &arguments.command {
        None => make(&arguments.make, report),
        Some(InviteCommand::List(config)) => list(&config.read()?, report),
        Some(InviteCommand::Withdraw { number, config }) => {
            withdraw(number, &config.read()?, report)
        }
    }
}

fn make(arguments: &MakeArguments, report: Report) -> Outcome<()> {
    let config = arguments.config.read()?;
    let public = public_address(arguments.public.as_deref(), &config)?;
    if arguments.note.len() > NOTE_OCTETS_MAX || arguments.note.chars().any(char::is_control) {
        let message = format!("a note is one line of at most {NOTE_OCTETS_MAX} octets");
        return Err(Failure::new(Exit::Usage, "usage", message));
    }
    let device = Device::open(&device(&config))?;
    let lasts = arguments.days.saturating_mul(DAY_SECONDS);
    let expiry = clock::now_seconds().saturating_add(lasts);
    let invitation = device.invite(expiry, arguments.keys, &arguments.note)?;
    let key = TransportSecret::from_seed(&device.identity.transport_seed()).public();
    let text = InvitationText::new(key, invitation, public)?.to_string();
    let number = hex::encode(&invitation.number);
    report.event(
        "invitation",
        &format!(
            "invitation     {number}\nadmits         {} keys a week, until {}\n\n{text}\n",
            invitation.keys,
            time(expiry)?
        ),
        json!({
            "number": number,
            "keys": invitation.keys,
            "expiry": expiry,
            "text": text,
        }),
    );
    if !arguments.no_qr && !report.json {
        qr::print(&qr::draw(&text)?);
    }
    report.note("Whoever has it is let in: give it only to those you mean.");
    Ok(())
}

fn public_address(flag: Option<&str>, config: &Config) -> Outcome<String> {
    let public = flag.unwrap_or_else(|| config.get("listen.public"));
    if is_network_address(public) {
        return Ok(public.to_owned());
    }
    let message = match public {
        "" => "an invitation says where the relay is, and nobody has said that".to_owned(),
        other => format!("{other} is no HOST:PORT"),
    };
    Err(Failure::new(Exit::Usage, "usage", message).advise(
        "say --public HOST:PORT, or put listen.public = \"relay.example:7406\" into the configuration",
    ))
}

fn list(config: &Config, report: Report) -> Outcome<()> {
    let device = Device::open(&device(config))?;
    let made = device.made_invitations()?;
    let used = used(config);
    let now = clock::now_seconds();
    if made.is_empty() {
        report.note("no invitation was made");
        return Ok(());
    }
    if !report.json {
        println!("{:<16}  {:<20}  {:<11}  {:<9}  for", "number", "until", "keys used", "state");
    }
    for one in &made {
        let used = used.get(&one.invitation.number).copied().unwrap_or(0);
        let (line, fields) = row(one, used, now)?;
        report.event("invitation", &line, fields);
    }
    Ok(())
}

fn row(made: &Made, used: usize, now: u64) -> Outcome<(String, Value)> {
    let Made { invitation, is_withdrawn, note } = made;
    let state = match (is_withdrawn, invitation.expiry_seconds <= now) {
        (true, _) => "withdrawn",
        (false, true) => "expired",
        (false, false) => "good",
    };
    let (number, keys) = (hex::encode(&invitation.number), invitation.keys.get());
    let until = time(invitation.expiry_seconds)?;
    let share = format!("{used} of {keys}");
    let line = format!("{number}  {until:<20}  {share:<11}  {state:<9}  {note}");
    let fields = json!({
        "number": number,
        "expiry": invitation.expiry_seconds,
        "used": used,
        "keys": keys,
        "state": state,
        "note": note,
    });
    Ok((line.trim_end().to_owned(), fields))
}

/// How many keys each has let in, as the relay has saved it last.
fn used(config: &Config) -> BTreeMap<[u8; 8], usize> {
    let folder = config.path("home.folder").unwrap_or_default();
    let octets = std::fs::read(folder.join("relay").join("sums")).unwrap_or_default();
    let sums = Sums::parse(&octets).unwrap_or_default();
    if sums.invited.epoch != address_epoch(clock::now_seconds()) {
        return BTreeMap::new();
    }
    sums.invited.tags.into_iter().map(|(number, tags)| (number, tags.len())).collect()
}

fn withdraw(number: &str, config: &Config, report: Report) -> Outcome<()> {
    let number = hex::decode_array("number", &number.to_ascii_lowercase())?;
    let made = Device::open(&device(config))?.withdraw_invitation(number)?;
    let shown = hex::encode(&number);
    report.event(
        "withdrawn",
        &format!("withdrawn      {shown} {}\n{RELOAD}", made.note),
        json!({"number": shown}),
    );
    Ok(())
}
