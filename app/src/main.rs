//! The program `chappe`: send, receive, relay, anchor and verify.

mod arrivals;
mod carrier;
mod changes;
mod clock;
mod command;
mod demo;
mod device;
mod duress;
mod exit;
mod files;
mod gateway;
mod hex;
mod home;
mod network;
mod outbox;
mod passphrase;
mod permissions;
mod qr;
mod radio_link;
mod random;
mod reader;
mod relay;
mod report;
mod request;
mod said;
mod signal;
mod storage;
mod text;
mod text_form;
mod transcript;
mod words;

use clap::{Parser, Subcommand};
use exit::{Exit, Failure, Outcome};
use report::Report;
use std::process::ExitCode;

/// Signals that get through, sealed, and that nobody can deny later
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, disable_help_subcommand = true)]
// One screen: the commands need nearly all of it.
#[command(help_template = "\
{about}
{usage-heading} {usage}
{all-args}
Exit: 0 ok, 1 failure, 2 usage, 3 malformed, 4 authentication, 5 not found,
6 try later. CHAPPE_HOME, CHAPPE_PASSPHRASE_FILE: for --home, --passphrase-file.")]
struct Arguments {
    /// Say everything as JSON, one object a line
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an identity, or show its public half
    Id(command::id::IdArguments),
    /// Passphrase, decoy, revocation, erasing everything
    Device(command::device::DeviceCommandArguments),
    /// An account's root: keyholders, certificates
    Root(command::root::RootArguments),
    /// Show this device's card, or read another's
    Card(command::card::CardArguments),
    /// Add, list and compare contacts
    Contact(command::contact::ContactArguments),
    /// Convert, check and explain Whiteflag signals
    Signal(signal::SignalArguments),
    /// Convert texts in any script to items and back
    Text(text::TextArguments),
    /// Say something to a contact or to everyone
    Send(command::send::SendArguments),
    /// Receive, verify and anchor what others say
    Recv(command::recv::RecvArguments),
    /// Put what is said into one sealed envelope, for whatever carries it
    Seal(command::seal::SealArguments),
    /// Open one envelope
    Open(command::open::OpenArguments),
    /// Say and hear over LoRa
    Handset(command::handset::HandsetArguments),
    /// Join a radio field to a relay
    Gateway(command::gateway::GatewayArguments),
    /// Ask a gateway to carry for your mailbox
    Lease(command::lease::LeaseArguments),
    /// Store parcels and hand them on
    Relay(command::relay::RelayServerArguments),
    /// Find out what a relay carries
    Load(command::load::LoadArguments),
    /// Keep a transparency log of what was signed
    Ledger(command::ledger::LedgerServerArguments),
    /// Simulate the air between LoRa radios
    Field(command::field::FieldArguments),
    /// Check a receipt or a transcript
    Verify(command::verify::VerifyArguments),
    /// See it all work: a convoy asks three parties for access
    Demo(demo::DemoArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let report = Report { json: arguments.json };
    match run(arguments.command, report) {
        Ok(exit) => exit.code(),
        Err(failure) => {
            if report.json {
                report.line(&failure.to_json());
            } else {
                report.note(&failure.to_string());
            }
            failure.exit.code()
        }
    }
}

fn run(command: Command, report: Report) -> Outcome<Exit> {
    match command {
        Command::Id(arguments) => command::id::run(arguments, report)?,
        Command::Device(arguments) => block_on(command::device::run(arguments, report))?,
        Command::Root(arguments) => command::root::run(arguments, report)?,
        Command::Card(arguments) => command::card::run(arguments, report)?,
        Command::Contact(arguments) => command::contact::run(arguments, report)?,
        Command::Verify(arguments) => command::verify::run(&arguments, report)?,
        Command::Signal(arguments) => {
            let settled = arguments.settle()?;
            return filter(|input, output| signal::run(settled, input, output, report.json));
        }
        Command::Text(arguments) => {
            return filter(|input, output| text::run(&arguments, input, output, report.json));
        }
        Command::Seal(arguments) => command::seal::run(&arguments, report)?,
        Command::Open(arguments) => command::open::run(&arguments, report)?,
        Command::Send(arguments) => block_on(command::send::run(arguments, report))?,
        Command::Recv(arguments) => block_on(command::recv::run(arguments, report))?,
        Command::Handset(arguments) => block_on(command::handset::run(arguments, report))?,
        Command::Gateway(arguments) => block_on(command::gateway::run(arguments, report))?,
        Command::Lease(arguments) => block_on(command::lease::run(arguments, report))?,
        Command::Relay(arguments) => block_on(command::relay::run(arguments, report))?,
        Command::Load(arguments) => block_on(command::load::run(arguments, report))?,
        Command::Ledger(arguments) => block_on(command::ledger::run(arguments, report))?,
        Command::Field(arguments) => block_on(command::field::run(arguments, report))?,
        Command::Demo(arguments) => block_on(demo::run(&arguments, report))?,
    }
    Ok(Exit::Ok)
}

/// Standard input line by line to standard output.
fn filter(
    work: impl FnOnce(std::io::StdinLock<'_>, std::io::StdoutLock<'_>) -> std::io::Result<Exit>,
) -> Outcome<Exit> {
    match work(std::io::stdin().lock(), std::io::stdout().lock()) {
        // Whoever reads our output has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Ok),
        other => other.map_err(|error| Failure::new(Exit::Failure, "stream", error.to_string())),
    }
}

fn block_on(work: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failure, "runtime", error.to_string()))?;
    let outcome = runtime.block_on(work);
    // A read of standard input cannot be cancelled; the process must not wait for one more line.
    runtime.shutdown_background();
    outcome
}
