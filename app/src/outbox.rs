//! Taking what a device wrote to a relay: parcels, acknowledged one by one.

use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use crate::report::Report;
use chappe_codec::card::Card;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::client::PendingAck;
use chappe_relay::rotation::address_epoch;
use chappe_relay::{Address, ClientError, FIELD_TOPIC, Parcel, TransportKey};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long a parcel waits at a relay unless its sender says otherwise: a week.
pub(crate) const EXPIRY_SECONDS: u64 = 7 * 24 * 3600;

/// How long a relay may take to put a parcel on disk and say so.
const ACKNOWLEDGEMENT_WAIT: Duration = Duration::from_secs(5);

/// Where parcels for the owner of a card go now: "a sender uses the epoch its clock shows"
/// (spec/06-relay.md, "Rotation").
pub(crate) fn mailbox_of(card: &Card, realm: Realm) -> Outcome<Address> {
    mailbox_in(card, realm, address_epoch(clock::now_seconds()))
}

/// The mailbox of a card's owner in an address epoch.
pub(crate) fn mailbox_in(card: &Card, realm: Realm, epoch: u32) -> Outcome<Address> {
    Ok(Address::mailbox(key_of(card)?.rotated(realm, epoch)))
}

/// The transport key of a card, which is what all others are rotated from.
pub(crate) fn key_of(card: &Card) -> Outcome<TransportKey> {
    TransportKey::from_bytes(card.transport_key()).map_err(|error| {
        let message = format!("the card of {}: {error}", card.account().id());
        Failure::new(Exit::Authentication, "weak_key", message)
    })
}

/// Where open messages go.
pub(crate) fn public_topic(realm: Realm) -> Address {
    Address::topic(realm, FIELD_TOPIC)
}

/// An envelope that is to wait at relays for a week from now.
pub(crate) fn parcel(address: Address, precedence: Precedence, envelope: &[u8]) -> Outcome<Parcel> {
    let expiry = clock::now_seconds().saturating_add(EXPIRY_SECONDS);
    Ok(Parcel::new(address, precedence, expiry, envelope.to_vec())?)
}

/// Waits until a relay has on disk what it was just asked to take.
pub(crate) async fn acknowledged(
    asking: impl Future<Output = Result<PendingAck, ClientError>>,
) -> Result<(), ClientError> {
    let asked = async { asking.await?.wait().await };
    // QUIC notices a relay that died only after its idle time; a person must know sooner.
    match tokio::time::timeout(ACKNOWLEDGEMENT_WAIT, asked).await {
        Ok(answer) => answer.map(drop),
        Err(_) => Err(ClientError::NoAnswer),
    }
}

/// Tells that a parcel is relayed: where it is, in words, and the relays that acknowledged it.
pub(crate) fn tell(
    parcel: &Parcel,
    began: Instant,
    place: &str,
    relays: &[TransportKey],
    report: Report,
) {
    let (id, octets) = (parcel.id(), parcel.to_bytes());
    let microseconds = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    report.event(
        "parcel",
        &format!("relayed: parcel {}, {} octets, {place}", id.short(), octets.len()),
        json!({
            "id": hex::encode(&id.0),
            "precedence": parcel.precedence.name(),
            "size": octets.len(),
            "octets": hex::encode(&octets),
            "microseconds": microseconds,
            "relays": relays.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
    );
}
