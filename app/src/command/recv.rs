//! `chappe recv`: a station. Reads its mailbox and topics, verifies, and anchors what was signed.

use super::shutdown;
use crate::arrivals::Desk;
use crate::device::anchoring::LedgerArguments;
use crate::device::inquiries::Inquiries;
use crate::device::received::Received;
use crate::device::{Device, DeviceArguments};
use crate::exit::Outcome;
use crate::network::{self, RelayArguments};
use crate::reader::{Reader, Sources};
use crate::report::Report;
use serde_json::json;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --relay it reads all home relays of this device: chappe card homes.\n\nExample:\n  \
    chappe recv --follow --topic field --relay 192.0.2.7:7406 --relay-key 5f… \\\n              \
    --ledger 192.0.2.8:7407 --ledger-key chappe/live/00000001/ledger+…"
)]
pub(crate) struct RecvArguments {
    /// Stay and show what comes, until Ctrl-C
    #[arg(long)]
    follow: bool,

    /// Also read these public topics
    #[arg(long, value_name = "NAME")]
    topic: Vec<String>,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    ledger: LedgerArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: RecvArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let named = arguments.relay.relay(&device)?;
    let relays = network::readable(&device, named)?;
    let (mut received, known) = Received::open(&device)?;
    let contacts = received.station.contacts();
    let mut desk = Desk::new(&device, contacts, arguments.ledger.client(), report);
    let mut inquiries = Inquiries::default();
    known.untold.iter().for_each(|(_, arrivals)| inquiries.heard(arrivals));
    desk.resume(known)?;
    received.told()?;
    let sources = Sources { relays, named, topics: arguments.topic };
    let mut reader = Reader::new(&device, sources, received, desk, inquiries, report);
    if !arguments.follow {
        return reader.fetch_all().await;
    }
    let name = device.identity.account().id().to_string();
    let ending = shutdown();
    report.event("ready", "listening", json!({"role": "station", "address": name}));
    reader.follow(ending).await
}
