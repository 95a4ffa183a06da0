//! `chappe lease`: ask a gateway to carry between the air and one's own mailbox.

use super::send::sealed_to;
use crate::clock;
use crate::device::sent::{Path, Sent};
use crate::device::{Device, DeviceArguments};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::network::{self, RelayArguments};
use crate::outbox;
use crate::report::Report;
use crate::said;
use chappe_codec::label::{LABEL_EPOCH_SECONDS, Label, label_epoch};
use chappe_codec::precedence::Precedence;
use chappe_relay::{Delegation, Lease, TransportKey, TransportSecret};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  chappe lease --gateway hill-7 --days 7 --relay … --relay-key …"
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
    let relay = arguments.relay.required()?;
    let gateway_key =
        network::transport_key("the gateway's card", &hex::encode(gateway.card.transport_key()))?;
    let lease = lease(&device, gateway_key, arguments.days, arguments.up)?;
    let mut sent = Sent::open(&device, Path::Relay { post_quantum: false })?;
    let audience = sealed_to(&gateway);
    let body = lease.to_bytes();
    let written = sent.write(&audience, Precedence::Priority, &[said::lease_item(&body)])?;
    said::report_envelope(report, &written, audience.name());
    let client = relay.connect(&device).await?;
    let address = outbox::mailbox_of(&gateway.card)?;
    outbox::publish(&client, address, Precedence::Priority, &written.envelope, report).await?;
    sent.handed_over(&written.envelope)?;
    client.close().await;
    Ok(())
}

/// "gateways know the labels of the days around": the lease begins yesterday and ends a day late.
fn lease(device: &Device, gateway: TransportKey, days: u32, up: bool) -> Outcome<Lease> {
    let now = clock::now_seconds();
    let first_epoch = label_epoch(now).saturating_sub(1);
    let last_epoch = label_epoch(now).saturating_add(days).saturating_add(1);
    let key = device.identity.card().label_key();
    let labels =
        (first_epoch..last_epoch).map(|epoch| Label::new(key, device.realm, epoch)).collect();
    let end = now.saturating_add(u64::from(days).saturating_mul(LABEL_EPOCH_SECONDS));
    // spec/06-relay.md: "A delegation with expiry 0 lets nobody read".
    let expiry = if up { 0 } else { end };
    let secret = TransportSecret::from_seed(&device.identity.transport_seed());
    let delegation = Delegation::sign(&secret, device.realm, gateway, expiry);
    Lease::new(delegation, first_epoch, labels)
        .map_err(|error| Failure::new(Exit::Failure, "lease", error.to_string()))
}
