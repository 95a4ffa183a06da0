//! The convoy of the standard's Annex F, use case 1: access asked of three parties, granted, used,
//! and withdrawn by one of them.

use super::Sabotage;
use super::actor::Event;
use super::director::Director;
use super::signals;
use super::stage::PARTIES;
use crate::exit::{Exit, Failure, Outcome};
use crate::transcript::Verdict;
use crate::{hex, random};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The ids of the three requests, by party.
pub(super) type Requests = BTreeMap<&'static str, String>;

/// Plays the whole story; returns the requests.
pub(super) async fn play(director: &mut Director, sabotage: Option<Sabotage>) -> Outcome<Requests> {
    introduce(director).await?;
    let requests = ask(director).await?;
    agree(director, &requests, sabotage).await?;
    let danger = report_dangers(director, sabotage).await?;
    arrive(director, &danger).await?;
    withdraw(director, &requests).await?;
    Ok(requests)
}

/// A2(0), open, to everyone.
async fn introduce(director: &mut Director) -> Outcome<()> {
    director.scene("The aid organisation shows who it is: A2(0), open and signed");
    let mut token = [0; 32];
    random::fill(&mut token)?;
    let said = [signals::authentication(&hex::encode(&token))];
    let ids = send(director, "aid", "open", &said).await?;
    for party in PARTIES {
        arrives(director, party, one(&ids)?).await?;
        anchored(director, party, one(&ids)?).await?;
    }
    Ok(())
}

/// Q20(0), sealed to each party.
async fn ask(director: &mut Director) -> Outcome<Requests> {
    director.scene("It asks all three parties for access: Q20(0), sealed to each");
    let mut requests = Requests::new();
    for party in PARTIES {
        let ids = send(director, "aid", party, &[signals::area_access("0", None)]).await?;
        requests.insert(party, one(&ids)?.to_owned());
    }
    for (party, id) in &requests {
        arrives(director, party, id).await?;
        anchored(director, party, id).await?;
    }
    Ok(requests)
}

/// Q(7), then Q(8), from all three; then GO.
async fn agree(
    director: &mut Director,
    requests: &Requests,
    sabotage: Option<Sabotage>,
) -> Outcome<()> {
    director.scene("Each party acknowledges, Q(7), and then complies, Q(8)");
    let mut complies = Vec::new();
    for (party, request) in requests {
        let seen = [signals::area_access("7", Some(request))];
        let ids = send(director, party, "aid", &seen).await?;
        arrives(director, "aid", one(&ids)?).await?;
    }
    for (party, request) in requests {
        if sabotage == Some(Sabotage::SilentParty) && *party == "party-3" {
            continue;
        }
        let answer = if sabotage == Some(Sabotage::RejectingParty) && *party == "party-2" {
            signals::area_access("9", Some(request))
        } else {
            signals::area_access("8", Some(request))
        };
        let ids = send(director, party, "aid", &[answer]).await?;
        complies.push(one(&ids)?.to_owned());
    }
    if sabotage == Some(Sabotage::LedgerGone) {
        director.kill("ledger").await?;
    }
    for (party, request) in requests {
        let account = director.stage.device(party)?.identity.account().id().to_string();
        let what = format!("the comply of {party}");
        let comply = director
            .until(&what, |event| {
                event.actor == "aid"
                    && event.name() == "message"
                    && event.text("author") == account
                    && is_answer(event, "8", request)
            })
            .await?;
        // Nobody acts on a comply before it is signed (spec/04-statement.md); the convoy also wants
        // it anchored.
        anchored(director, "aid", comply.text("id")).await?;
    }
    director.remark("GO: three parties comply, each signed and anchored");
    director.decide("aid", Verdict::Go, complies)
}

/// D21 open and D52 sealed to the station, from the handset over LoRa.
async fn report_dangers(director: &mut Director, sabotage: Option<Sabotage>) -> Outcome<String> {
    director.scene("On the road, over LoRa: D21 for everyone, D52 sealed to the station");
    if sabotage == Some(Sabotage::GatewayGone) {
        director.kill("gateway").await?;
    }
    let mine_field =
        say(director, "open", "IMMEDIATE", &signals::mine_field("+46.21870", "+006.15500")).await?;
    for station in ["aid", "party-1", "party-2", "party-3"] {
        arrives(director, station, &mine_field).await?;
    }
    let uprising = say(director, "aid", "PRIORITY", &signals::uprising()).await?;
    arrives(director, "aid", &uprising).await?;
    for chain in ["open", "aid"] {
        director.say("handset", &json!({"sign": chain, "to": "aid"})).await?;
    }
    for id in [&mine_field, &uprising] {
        anchored(director, "aid", id).await?;
    }
    Ok(mine_field)
}

/// M25(5) related to the danger, P11(5) related to the mission: what the tables of 5.4.1 allow.
async fn arrive(director: &mut Director, danger: &str) -> Outcome<()> {
    director.scene(
        "On site: a mission M25 tied to the danger, a protective sign P11 tied to the mission",
    );
    let mission = say(director, "open", "ROUTINE", &signals::food_distribution(danger)).await?;
    arrives(director, "aid", &mission).await?;
    let sign = say(director, "open", "PRIORITY", &signals::red_cross(&mission)).await?;
    arrives(director, "party-1", &sign).await?;
    arrives(director, "aid", &sign).await?;
    director.say("handset", &json!({"sign": "open", "to": "aid"})).await?;
    anchored(director, "aid", &sign).await
}

/// Q(9) from one party; the convoy is told.
async fn withdraw(director: &mut Director, requests: &Requests) -> Outcome<()> {
    director.scene("Party 2 withdraws, Q(9), and the convoy is told over LoRa");
    let request = requests.get("party-2").map_or("", String::as_str);
    let rejection = [signals::area_access("9", Some(request))];
    let ids = send(director, "party-2", "aid", &rejection).await?;
    arrives(director, "aid", one(&ids)?).await?;
    anchored(director, "aid", one(&ids)?).await?;
    director.remark("WITHDRAWN: signed and anchored; the convoy must know");
    director.decide("aid", Verdict::Withdrawn, ids)?;
    let before = director.history().len();
    let warning = [signals::text("3", Some(request), "HALT: party 2 withdraws access")];
    let ids = send(director, "aid", "handset", &warning).await?;
    let warning = one(&ids)?;
    arrives(director, "handset", warning).await?;
    director
        .until("the handset to see the warning signed", |event| {
            event.actor == "handset"
                && event.name() == "signed"
                && event.texts("ids").iter().any(|signed| signed == warning)
        })
        .await?;
    director.remark("the convoy has read it, and that it is signed");
    // The gateway has to hear the last acknowledgement before the air is quiet again.
    director
        .until_count(before, 2, "the gateway to hear both acknowledged", |event| {
            event.name() == "downlink"
        })
        .await
}

/// `chappe send`, signed; returns the ids of the messages, without the statement's.
pub(super) async fn send(
    director: &mut Director,
    from: &str,
    to: &str,
    said: &[Value],
) -> Outcome<Vec<String>> {
    let mut arguments = vec!["send", "--sign", "--precedence", "immediate"];
    if to == "open" {
        arguments.push("--open");
    } else {
        arguments.extend(["--to", to]);
    }
    // No relay is named: it goes where cards say.
    let (code, reports) = director.run(from, &arguments, said).await?;
    director.expect_code(from, code, 0)?;
    let envelopes = reports.iter().filter(|event| event.name() == "envelope");
    Ok(envelopes.take(said.len()).flat_map(|event| event.texts("ids")).collect())
}

/// The handset says something over the radio; returns the message's id once the gateway has
/// acknowledged the frame.
async fn say(
    director: &mut Director,
    to: &str,
    precedence: &str,
    signal: &Value,
) -> Outcome<String> {
    let before = director.history().len();
    director.say("handset", &json!({"say": signal, "to": to, "precedence": precedence})).await?;
    let envelope = director
        .until_from(before, "the handset to write its message", |event| {
            event.actor == "handset" && event.name() == "envelope"
        })
        .await?;
    director
        .until_from(before, "the gateway to acknowledge the frame", |event| {
            event.actor == "handset" && event.name() == "delivered"
        })
        .await?;
    let ids = envelope.texts("ids");
    Ok(one(&ids)?.to_owned())
}

/// Waits until a message is on a device.
pub(super) async fn arrives(director: &mut Director, at: &str, id: &str) -> Outcome<Event> {
    director
        .until(&format!("a message to arrive at {at}"), |event| {
            event.actor == at && event.name() == "message" && event.text("id") == id
        })
        .await
}

/// Waits until a device holds a receipt for a message.
pub(super) async fn anchored(director: &mut Director, at: &str, id: &str) -> Outcome<()> {
    director
        .until(&format!("a receipt at {at}"), |event| {
            event.actor == at
                && event.name() == "anchored"
                && event.texts("ids").iter().any(|anchored| anchored == id)
        })
        .await
        .map(|_| ())
}

fn is_answer(event: &Event, indicator: &str, request: &str) -> bool {
    let header = event.value.pointer("/line/signal/MessageHeader");
    let field = |name: &str| {
        header.and_then(|header| header.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    field("ReferenceIndicator") == indicator
        && field("ReferencedMessage").eq_ignore_ascii_case(request)
}

pub(super) fn one(ids: &[String]) -> Outcome<&str> {
    match ids {
        [id] => Ok(id),
        _ => Err(Failure::new(Exit::Failure, "demo", "expected one message id")),
    }
}
