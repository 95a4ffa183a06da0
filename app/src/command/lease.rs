//! `chappe lease`: ask a gateway to carry between the air and one's own mailbox.

use super::send::{destination_of, sealed_to};
use crate::carrier::Carrier;
use crate::clock;
use crate::device::sent::{Path, Sent};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, RelayArguments};
use crate::outbox;
use crate::report::Report;
use crate::said;
use chappe_codec::label::{LABEL_EPOCH_SECONDS, Label, label_epoch};
use chappe_codec::precedence::Precedence;
use chappe_relay::limits::ADDRESS_EPOCH_SECONDS;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Delegation, Lease, TransportKey};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --relay it goes to the home relays on the gateway's card.\n\nExample:\n  \
    chappe lease --gateway hill-7 --days 7"
)]
pub(crate) struct LeaseArguments {
    /// The gateway, by the name of its contact
    #[arg(long, value_name = "NAME")]
    gateway: String,

    /// For how many days
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=30))]
    days: u32,

    /// From the air to the mailbox only
    #[arg(long)]
    up: bool,

    #[command(flatten)]
    relay: RelayArguments,

    #[command(flatten)]
    device: DeviceArguments,
}

pub(crate) async fn run(arguments: LeaseArguments, report: Report) -> Outcome<()> {
    let device = Device::open(&arguments.device)?;
    let gateway = device.contact(&arguments.gateway)?;
    let named = arguments.relay.relay(&device)?;
    let audience = sealed_to(&gateway);
    let to = destination_of(&device, &audience)?;
    let mut carrier = Carrier::new(&device, named, report)?;
    carrier.check(&to)?;
    let leases = leases(&device, outbox::key_of(&gateway.card)?, arguments.days, arguments.up)?;
    let mut sent = Sent::open(&device, Path::Relay { post_quantum: false })?;
    let bodies: Vec<Vec<u8>> = leases.iter().map(Lease::to_bytes).collect();
    let items: Vec<_> = bodies.iter().map(|body| said::lease_item(body)).collect();
    let written = sent.write(&audience, Precedence::Priority, &items)?;
    said::report_envelope(report, &written, audience.name());
    let carried = carrier.carry(&to, Precedence::Priority, &written.envelope).await;
    carrier.close().await;
    carried?;
    sent.handed_over(&written.envelope)
}

/// "A delegation opens the mailbox of one address epoch, so a station gives a new lease with each"
/// (spec/06-relay.md, "Lease"): one for each epoch in these days, all of them now.
fn leases(device: &Device, gateway: TransportKey, days: u32, up: bool) -> Outcome<Vec<Lease>> {
    let now = clock::now_seconds();
    let end = now.saturating_add(u64::from(days).saturating_mul(LABEL_EPOCH_SECONDS));
    // spec/06-relay.md: "A delegation with expiry 0 lets nobody read". What still waits in an earlier
    // epoch's mailbox is carried until the days are over.
    let expiry = if up { 0 } else { end };
    let lease = |epoch: u32| {
        let start = u64::from(epoch).saturating_mul(ADDRESS_EPOCH_SECONDS);
        let secret = network::secret_in(device, epoch);
        let gateway = gateway.rotated(device.realm, epoch);
        let delegation = Delegation::sign(&secret, device.realm, gateway, expiry);
        // "Gateways know the labels of the days around": from the day before to the day after the last,
        // since what came late into this epoch's mailbox still goes to the air.
        let first_day = label_epoch(start.max(now)).saturating_sub(1);
        let last_day = label_epoch(end).saturating_add(1);
        let key = device.identity.card().label_key();
        let labels = (first_day..last_day).map(|day| Label::new(key, device.realm, day)).collect();
        Lease::new(delegation, first_day, labels)
            .map_err(|error| Failure::new(Exit::Failure, "lease", error.to_string()))
    };
    (address_epoch(now)..=address_epoch(end)).map(lease).collect()
}
