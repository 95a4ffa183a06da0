//! Three attacks that must fail by name, and the hidden ways to break the demo itself.

use super::convoy::{Requests, anchored, arrives, one};
use super::director::Director;
use super::scenery::{Scenery, start_relay};
use super::signals;
use super::stage::{REALM, RELAYS};
use crate::clock;
use crate::exit::{Exit, Failure, Outcome};
use crate::network::{self, Relay};
use crate::outbox;
use crate::{hex, random};
use chappe_codec::precedence::Precedence;
use chappe_relay::parcel::Parcel;
use chappe_relay::{Address, TransportSecret};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A step broken on purpose. The demo must end with a failure for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sabotage {
    /// One party never answers.
    SilentParty,
    /// One party rejects where it should comply.
    RejectingParty,
    /// The ledger dies before the answers are anchored.
    LedgerGone,
    /// The gateway dies before the dangers are reported.
    GatewayGone,
}

/// Messages sent while the relay is killed.
const BURST: usize = 40;

/// Acknowledged parcels after which the relay is killed.
const KILL_AFTER: usize = 12;

pub(super) async fn play(
    director: &mut Director,
    scenery: &Scenery,
    requests: &Requests,
) -> Outcome<()> {
    flip_a_bit(director).await?;
    misdeliver(director, scenery, requests).await?;
    kill_the_relay(director, scenery).await
}

/// A bit flipped on the air: the link refuses the frame, the handset sends it again.
async fn flip_a_bit(director: &mut Director) -> Outcome<()> {
    director.scene("Sabotage 1: a bit flipped on the air");
    director.say("field", &json!({"flip": "next"})).await?;
    let before = director.history().len();
    let danger = signals::mine_field("+46.22000", "+006.15900");
    let said = json!({"say": danger, "to": "open", "precedence": "IMMEDIATE"});
    director.say("handset", &said).await?;
    director
        .until_from(before, "the gateway to refuse the damaged frame by name", |event| {
            event.actor == "gateway"
                && event.name() == "refused"
                && event.text("what") == "frame"
                && event.text("kind") == "bad_mic"
        })
        .await?;
    let envelope = director
        .until_from(before, "the handset's message", |event| {
            event.actor == "handset" && event.name() == "envelope"
        })
        .await?;
    let ids = envelope.texts("ids");
    arrives(director, "aid", one(&ids)?).await?;
    director.remark("refused by its MIC, sent again, and whole on the station");
    Ok(())
}

/// What was sealed to party 1 is put into party 2's mailbox by a stranger.
async fn misdeliver(
    director: &mut Director,
    scenery: &Scenery,
    requests: &Requests,
) -> Outcome<()> {
    director.scene("Sabotage 2: a wrong recipient");
    let request = requests.get("party-1").map_or("", String::as_str);
    let envelope = director
        .history()
        .iter()
        .find(|event| event.name() == "envelope" && event.texts("ids") == [request])
        .map(|event| event.text("octets").to_owned())
        .ok_or_else(|| Failure::new(Exit::Failure, "demo", "the request was not seen"))?;
    let address = outbox::mailbox_of(director.stage.device("party-2")?.identity.card(), REALM)?;
    publish_as_stranger(scenery, address, hex::decode("an envelope", &envelope)?).await?;
    director
        .until("party 2 to refuse what is not its own", |event| {
            event.actor == "party-2"
                && event.name() == "refused"
                && event.text("kind") == "unknown_hint"
                && event.text("octets") == envelope
        })
        .await?;
    director.remark("party 2 cannot open it, and nobody learns that it tried");
    Ok(())
}

async fn publish_as_stranger(
    scenery: &Scenery,
    address: Address,
    envelope: Vec<u8>,
) -> Outcome<()> {
    let mut seed = [0; 32];
    random::fill(&mut seed)?;
    let relay = Relay {
        address: scenery
            .relay
            .parse()
            .map_err(|_| Failure::new(Exit::Failure, "demo", "the relay has no address"))?,
        key: network::transport_key("the relay's key", &scenery.relay_key)?,
    };
    let client = relay.connect_as(&TransportSecret::from_seed(&seed), REALM).await?;
    let expiry = clock::now_seconds().saturating_add(3600);
    let parcel = Parcel::new(address, Precedence::Routine, expiry, envelope)?;
    client.publish(parcel).await.map_err(|error| network::failure(&error))?;
    client.close().await;
    Ok(())
}

/// SIGKILL in the middle of a burst: the sender goes on over the other home relay, what that one
/// acknowledged arrives while the first is dead, what the first had acknowledged is on its disk when it
/// comes back, and the reader gets everything once.
async fn kill_the_relay(director: &mut Director, scenery: &Scenery) -> Outcome<()> {
    director.scene("Sabotage 3: a home relay is killed in the middle of a burst");
    let before = director.history().len();
    let lines: Vec<Value> = (1..=BURST)
        .map(|number| signals::text("0", None, &format!("Supplies, pallet {number} of {BURST}")))
        .collect();
    let arguments = ["send", "--sign", "--to", "party-1"];
    director.launch("aid", "aid-burst", &arguments, &lines).await?;
    let is_parcel =
        |event: &super::actor::Event| event.name() == "parcel" && event.actor == "aid-burst";
    director
        .until_count(before, KILL_AFTER, "the relay to take the first parcels", is_parcel)
        .await?;
    director.kill(RELAYS[0]).await?;
    director.remark("SIGKILL to the first relay");
    let code = director.wait("aid-burst").await?;
    director.expect_code("aid-burst", code, Exit::Ok as i32)?;
    let at = |relay: &str| -> Vec<String> {
        let parcels = director.history().iter().skip(before).filter(|event| is_parcel(event));
        let there = parcels.filter(|event| event.texts("relays").iter().any(|key| key == relay));
        there.map(|event| event.text("id").to_owned()).collect()
    };
    let (acknowledged, over_the_other) = (at(&scenery.relay_key), at(&scenery.other_relay_key));
    // All of it may have been acknowledged before the signal hit: then nothing was shown.
    if over_the_other.is_empty() {
        let message = "the whole burst went to the relay that was killed";
        return Err(Failure::new(Exit::Failure, "demo", message));
    }
    for parcel in &over_the_other {
        director
            .until("a parcel to arrive over the other relay", |event| {
                event.actor == "party-1" && event.text("parcel") == parcel
            })
            .await?;
    }
    director.remark(&format!(
        "{} parcels went over the other relay while the first was dead, and all of them arrived",
        over_the_other.len()
    ));
    flash_past_the_dead(director, scenery).await?;
    start_relay(director, RELAYS[0], &scenery.relay).await?;

    let mut envelopes = Vec::new();
    for event in director.history().iter().skip(before) {
        if event.name() == "envelope" && event.actor == "aid-burst" {
            envelopes.extend(event.texts("ids"));
        }
    }
    for id in &envelopes {
        arrives(director, "party-1", id).await?;
    }
    // The last one is the statement over all the others.
    if let [first, ..] = envelopes.as_slice() {
        anchored(director, "party-1", first).await?;
    }
    let fetched: Vec<String> = director
        .history()
        .iter()
        .skip(before)
        .filter(|event| event.actor == "party-1" && event.name() == "message")
        // Only the burst was sealed: what was said to everyone before may be late.
        .filter(|event| event.is("sealed"))
        .map(|event| event.text("parcel").to_owned())
        .collect();
    let unique: BTreeSet<&String> = fetched.iter().collect();
    if fetched.len() != unique.len() || fetched.len() != BURST.saturating_add(1) {
        let message =
            format!("{} messages arrived, {} of them different", fetched.len(), unique.len());
        return Err(Failure::new(Exit::Failure, "demo", message));
    }
    director.remark(&format!(
        "{} parcels were acknowledged before the kill, {} arrived: nothing lost, nothing twice",
        acknowledged.len(),
        fetched.len()
    ));
    director.restarted("relay", acknowledged, fetched)
}

/// A FLASH goes to both home relays; with one dead it arrives over the other, and its sender is told.
async fn flash_past_the_dead(director: &mut Director, scenery: &Scenery) -> Outcome<()> {
    let before = director.history().len();
    let halt = [signals::text("0", None, "HALT at once")];
    let arguments = ["send", "--to", "party-2", "--precedence", "flash"];
    let (code, reports) = director.run("aid", &arguments, &halt).await?;
    director.expect_code("aid", code, Exit::Ok as i32)?;
    let relays: Vec<String> = reports
        .iter()
        .filter(|event| event.name() == "parcel")
        .flat_map(|event| event.texts("relays"))
        .collect();
    if relays.is_empty() || relays.iter().any(|key| *key != scenery.other_relay_key) {
        let message = format!("a FLASH was acknowledged by {relays:?}");
        return Err(Failure::new(Exit::Failure, "demo", message));
    }
    let ids = director
        .history()
        .iter()
        .skip(before)
        .filter(|event| event.actor == "aid" && event.name() == "envelope")
        .flat_map(|event| event.texts("ids"))
        .take(1)
        .collect::<Vec<_>>();
    arrives(director, "party-2", one(&ids)?).await?;
    director.remark(
        "a FLASH arrives past the dead relay, too, and its sender is told that one is dead",
    );
    Ok(())
}
