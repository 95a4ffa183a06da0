//! What the relay answers to the vectors of chapter 06 on what keeps people apart: rotation, sizes, invitations.

use super::{Answer, array, hex, octets, realm, refused, wide};
use chappe_codec::padding;
use chappe_relay::invitation::{
    Invitation, InvitationKey, InvitationText, Invitations, NotInvited,
};
use chappe_relay::node::SenderTag;
use chappe_relay::rotation::address_epoch;
use chappe_relay::sums::Sums;
use chappe_relay::{Address, TransportKey, TransportSecret};
use serde_json::{Value, json};
use std::num::NonZeroU16;

pub(crate) fn answer(kind: &str, given: &Value) -> Answer {
    match kind {
        "rotation" => {
            let seed = array(&given["seed"]);
            let rotated =
                TransportSecret::rotated(&seed, realm(&given["realm"]), epoch(given)).public();
            Ok(json!({
                "transport_key": TransportSecret::from_seed(&seed).public().to_string(),
                "key": rotated.to_string(),
                "address": hex(&Address::mailbox(rotated).octets),
            }))
        }
        "rotated_key" => {
            let key = TransportKey::from_bytes(&array(&given["transport_key"]))
                .map_err(|_| named("out_of_range", "key"))?
                .rotated(realm(&given["realm"]), epoch(given));
            let address = hex(&Address::mailbox(key).octets);
            Ok(json!({ "key": key.to_string(), "address": address }))
        }
        "address_epoch" => Ok(json!({ "epoch": address_epoch(wide(&given["seconds"])) })),
        "padded_size" => {
            let octets = usize::try_from(given["octets"].as_u64().unwrap()).unwrap();
            match padding::padded_size(octets) {
                Some(size) => Ok(json!({ "size": size })),
                None => Err(named("too_long", "envelope")),
            }
        }
        "invitation_write" => {
            let key = InvitationKey::new(&array(&given["invitation_key"]));
            let keys = NonZeroU16::new(given["keys"].as_u64().unwrap().try_into().unwrap());
            let (number, expiry) = (array(&given["number"]), wide(&given["expiry"]));
            let invitation = key.invite(realm(&given["realm"]), number, expiry, keys.unwrap());
            let relay = TransportKey::from_bytes(&array(&given["relay"])).unwrap();
            let address = given["network_address"].as_str().unwrap().to_owned();
            let text = InvitationText::new(relay, invitation, address).unwrap();
            Ok(json!({ "octets": hex(&invitation.to_bytes()), "text": text.to_string() }))
        }
        "invitation" => {
            let given = octets(&given["octets"]);
            let invitation = Invitation::parse(&given).map_err(refused)?;
            assert_eq!(invitation.to_bytes(), given);
            Ok(fields(&invitation))
        }
        "invitation_text" => {
            let text: InvitationText = given["text"].as_str().unwrap().parse().map_err(refused)?;
            assert_eq!(text.to_string(), given["text"].as_str().unwrap());
            let mut out = json!({
                "relay": text.relay().to_string(),
                "invitation": hex(&text.invitation().to_bytes()),
                "network_address": text.network_address(),
            });
            let more = fields(text.invitation());
            out.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Ok(out)
        }
        "sums" => saved(&octets(&given["octets"])),
        "sender_tag" => {
            let key = TransportKey::from_bytes(&array(&given["key"])).unwrap();
            let tag = SenderTag::of(&array(&given["secret"]), key, wide(&given["now"]));
            Ok(json!({ "tag": hex(&tag.0) }))
        }
        "invitation_admits" => invitation_admits(given),
        other => panic!("a kind without a test: {other}"),
    }
}

fn saved(octets: &[u8]) -> Answer {
    let sums = Sums::parse(octets).map_err(refused)?;
    assert_eq!(sums.to_bytes(), octets);
    let invitations = sums.invited.tags.iter().map(|(number, tags)| {
        let tags: Vec<String> = tags.iter().map(|tag| hex(&tag.0)).collect();
        json!({ "number": hex(number), "tags": tags })
    });
    let senders = sums.stored.iter().map(|sum| {
        let hours = sum.hours.iter().map(|(hour, octets)| json!([hour, octets.to_string()]));
        json!({ "tag": hex(&sum.tag.0), "hours": hours.collect::<Vec<_>>() })
    });
    Ok(json!({
        "epoch": sums.invited.epoch,
        "invitations": invitations.collect::<Vec<_>>(),
        "senders": senders.collect::<Vec<_>>(),
    }))
}

fn invitation_admits(given: &Value) -> Answer {
    let key = InvitationKey::new(&array(&given["invitation_key"]));
    let withdrawn = given["withdrawn"].as_array().unwrap().iter().map(array);
    let mut invitations = Invitations::new(key, realm(&given["realm"]), withdrawn);
    let now = wide(&given["now"]);
    let invitation = Invitation::parse(&octets(&given["octets"])).map_err(refused)?;
    // Which key it is counts, not how it is named.
    let key = |value| SenderTag(array::<32>(value)[..16].try_into().unwrap());
    for admitted in given["admitted"].as_array().unwrap() {
        invitations.admit(&invitation, key(admitted), now).unwrap();
    }
    let not_admitted = |field| Err(named("not_admitted", field));
    match invitations.admit(&invitation, key(&given["key"]), now) {
        Ok(()) => Ok(fields(&invitation)),
        Err(NotInvited::NotOurs) => not_admitted("mac"),
        Err(NotInvited::Expired) => not_admitted("expiry"),
        Err(NotInvited::Withdrawn) => not_admitted("number"),
        Err(NotInvited::TooManyKeys) => not_admitted("keys"),
    }
}

fn fields(invitation: &Invitation) -> Value {
    json!({
        "number": hex(&invitation.number),
        "expiry": invitation.expiry_seconds.to_string(),
        "keys": invitation.keys,
    })
}

fn named(kind: &str, field: &str) -> (String, Option<String>) {
    (kind.to_owned(), Some(field.to_owned()))
}

fn epoch(given: &Value) -> u32 {
    given["epoch"].as_u64().unwrap().try_into().unwrap()
}
