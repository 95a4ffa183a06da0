//! The kinds of vectors that say where parcels go (chapter 06, "Federation").

use super::scripted_store::DiskHandle;
use super::{Answer, hex, octets};
use chappe_codec::precedence::Precedence;
use chappe_relay::federation::{Federation, FederationOptions, PeerId, QueueName, route};
use chappe_relay::node::Now;
use chappe_relay::{Address, AddressKind, PeerCounts, TransportKey};
use chappe_store::{Group, RecordBuffer, Store};
use serde_json::{Value, json};
use std::task::Waker;
use std::time::Instant;

fn keys(given: &Value) -> Vec<[u8; 32]> {
    given.as_array().unwrap().iter().map(|key| octets(key).try_into().unwrap()).collect()
}

pub(crate) fn route_answer(given: &Value) -> Answer {
    let own = TransportKey::from_bytes(&octets(&given["own"]).try_into().unwrap()).unwrap();
    let (peers, homes) = (keys(&given["peers"]), keys(&given["homes"]));
    let hops = u8::try_from(given["hops"].as_u64().unwrap()).unwrap();
    let precedence: Precedence = given["precedence"].as_str().unwrap().parse().unwrap();
    // Only a federation names peers.
    let federation = federation(&peers, [DiskHandle::new(1), DiskHandle::new(2)]);
    let ids: Vec<PeerId> = federation.peers().collect();
    let id = |key: &[u8; 32]| peers.iter().position(|peer| peer == key).map(|at| ids[at]);
    let found = route(own, id, &homes, hops, precedence)
        .map_err(|reason| (reason.to_string(), Some("homes".to_owned())))?;
    let kept: Vec<_> = found.homes.iter().map(|home| hex(&peers[home.index()])).collect();
    Ok(json!({
        "stored": found.stores,
        "kept": kept,
        "until": if precedence == Precedence::Flash { "all" } else { "one" },
        "hops": (!kept.is_empty()).then_some(hops - 1),
    }))
}

pub(crate) fn queue_answer(given: &Value) -> Answer {
    let peers = keys(&given["peers"]);
    let disks = [DiskHandle::new(1), DiskHandle::new(2)];
    let mut records = RecordBuffer::default();
    for record in given["records"].as_array().unwrap() {
        records.push_with(|out| out.extend_from_slice(&octets(record)));
    }
    disks[1].open(0).append(Group { number: 1, records });
    disks[1].disk().append_next();
    let seconds = given["now"].as_str().unwrap().parse().unwrap();
    let now = Now { seconds, instant: Instant::now() };
    let mut federation = federation(&peers, disks.clone());
    for (name, disk) in QueueName::ALL.into_iter().zip(&disks) {
        loop {
            let Some(event) = disk.disk().tell(3) else { break };
            federation.store_event(name, &event, now);
        }
    }
    let ids: Vec<PeerId> = federation.peers().collect();
    ids.iter().for_each(|peer| federation.connected(*peer, now));
    loop {
        let Some(event) = disks[1].disk().read(0) else { break };
        federation.store_event(QueueName::Rest, &event, now);
    }
    let sent: Vec<Vec<Value>> = ids
        .iter()
        .map(|peer| {
            let outgoing = federation.take_outgoing(*peer, QueueName::Rest, Waker::noop());
            let mut outgoing: Vec<_> = outgoing.into_iter().collect();
            outgoing.sort_by_key(|one| one.sequence);
            outgoing
                .into_iter()
                .map(|one| {
                    json!({
                        "sequence": one.sequence.to_string(),
                        "hops": one.hops_left,
                        "parcel": hex(&one.parcel.to_bytes()),
                    })
                })
                .collect()
        })
        .collect();
    // Every log and topic that a record of this vector names is asked for.
    let mut replicated = std::collections::BTreeMap::new();
    for record in given["records"].as_array().unwrap().iter().map(octets) {
        if record.len() < 57 || record[0] != 3 {
            continue;
        }
        let Some(peer) = peers.iter().position(|peer| peer[..] == record[1..33]) else { continue };
        let topic =
            Address { kind: AddressKind::Topic, octets: record[33..49].try_into().unwrap() };
        let log = u64::from_be_bytes(record[49..57].try_into().unwrap());
        let cursors = federation.cursors(ids[peer], topic, log).unwrap();
        if cursors != chappe_relay::Cursors::default() {
            let cursors: Vec<_> = cursors.0.iter().map(u64::to_string).collect();
            let entry = json!({
                "peer": hex(&record[1..33]),
                "topic": hex(&topic.octets),
                "log": hex(&log.to_be_bytes()),
                "cursors": cursors,
            });
            replicated.insert((record[1..33].to_vec(), topic.octets), entry);
        }
    }
    Ok(json!({ "sent": sent, "replicated": replicated.into_values().collect::<Vec<_>>() }))
}

fn federation(peers: &[[u8; 32]], disks: [DiskHandle; 2]) -> Federation {
    let peers =
        peers.iter().map(|key| (TransportKey::from_bytes(key).unwrap(), PeerCounts::default()));
    let options = FederationOptions {
        own: chappe_relay::TransportSecret::from_seed(&[1; 32]).public(),
        peers: peers.collect(),
        queue_octets: 1 << 20,
        compact_octets: 1 << 20,
        jitter_seed: 1,
    };
    let [flash, rest] = disks;
    Federation::new(options, Box::new(flash.open(0)), Box::new(rest.open(0)), Instant::now())
}
