//! The handset is lost: what ends it was signed beforehand and lies with the aid organisation. Whoever
//! finds the handset holds a device that nobody listens to; the organisation's other device goes on.

use super::actor::Event;
use super::convoy::{anchored, arrives, one, send};
use super::director::Director;
use super::scenery::Scenery;
use super::signals;
use super::stage::{HANDSET, HANDSET_REVOCATION, PARTIES};
use crate::exit::{Exit, Outcome};
use serde_json::json;

/// The stations that read the public topic.
fn stations() -> impl Iterator<Item = &'static str> {
    ["aid"].into_iter().chain(PARTIES)
}

pub(super) async fn play(director: &mut Director, scenery: &Scenery) -> Outcome<()> {
    director.scene("The handset is lost, and revoked by what was signed beforehand");
    everyone_has_heard(director).await?;
    let account = director.stage.device("handset")?.identity.account().id().to_string();
    let file = director.stage.file(HANDSET_REVOCATION).display().to_string();
    let mut arguments = vec!["device", "revoke", &file];
    arguments.extend(scenery.relay_arguments());
    let (code, _) = director.run("aid", &arguments, &[]).await?;
    director.expect_code("aid", code, Exit::Ok as i32)?;
    for who in stations().chain(["gateway"]) {
        director
            .until(&format!("{who} to know that the handset is revoked"), |event| {
                event.actor == who
                    && event.name() == "change"
                    && event.text("what") == "revoked"
                    && event.text("account") == account
                    && event.number("device") == u64::from(HANDSET)
            })
            .await?;
    }
    director
        .until("the gateway to end the lease of the handset", |event| {
            event.actor == "gateway"
                && event.name() == "lease ended"
                && event.number("device") == u64::from(HANDSET)
        })
        .await?;
    director.remark("every station knows it, and the gateway carries nothing more to it");
    speak_as_finder(director).await?;
    go_on(director).await
}

/// The account lost a device, not its name: what its other device says is believed as before, in the
/// open and in its sessions, and it is answered.
async fn go_on(director: &mut Director) -> Outcome<()> {
    director.scene("The aid organisation goes on with its other device, and is believed");
    let word = [signals::text("0", None, "Our handset is lost: hear this station alone")];
    let open = send(director, "aid", "open", &word).await?;
    for party in PARTIES {
        arrives(director, party, one(&open)?).await?;
        anchored(director, party, one(&open)?).await?;
    }
    let word = [signals::text("0", None, "The convoy waits at the school")];
    let sealed = send(director, "aid", "party-1", &word).await?;
    arrives(director, "party-1", one(&sealed)?).await?;
    anchored(director, "party-1", one(&sealed)?).await?;
    let answer = [signals::text("0", None, "Understood")];
    let answered = send(director, "party-1", "aid", &answer).await?;
    arrives(director, "aid", one(&answered)?).await?;
    director.remark("one account, two devices: one is ended, the other counts as before");
    Ok(())
}

/// Whoever found the handset speaks with it, in the open and sealed: nobody listens.
async fn speak_as_finder(director: &mut Director) -> Outcome<()> {
    director.scene("Whoever found the handset speaks with it");
    let lie = signals::text("0", None, "The road is clear, come quickly");
    let open = say(director, "open", &lie).await?;
    for station in stations() {
        refuses(director, station, "revoked", &open).await?;
    }
    let sealed = say(director, "aid", &lie).await?;
    refuses(director, "aid", "unknown_hint", &sealed).await?;
    director.remark("refused by name in the open; what was sealed finds no session any more");
    Ok(())
}

/// Says something with the handset; returns the envelope's octets.
async fn say(director: &mut Director, to: &str, signal: &serde_json::Value) -> Outcome<String> {
    let before = director.history().len();
    director.say("handset", &json!({"say": signal, "to": to, "precedence": "IMMEDIATE"})).await?;
    let envelope = director
        .until_from(before, "the handset to write its message", |event| {
            event.actor == "handset" && event.name() == "envelope"
        })
        .await?;
    Ok(envelope.text("octets").to_owned())
}

async fn refuses(
    director: &mut Director,
    station: &str,
    kind: &str,
    envelope: &str,
) -> Outcome<Event> {
    director
        .until(&format!("{station} to refuse the lost handset: {kind}"), |event| {
            event.actor == station
                && event.name() == "refused"
                && event.text("kind") == kind
                && event.text("octets") == envelope
        })
        .await
}

/// What the handset said before stays; everyone has it before the handset is revoked.
async fn everyone_has_heard(director: &mut Director) -> Outcome<()> {
    let said: Vec<(String, Vec<String>)> = director
        .history()
        .iter()
        .filter(|event| event.actor == "handset" && event.name() == "envelope")
        .map(|event| (event.text("to").to_owned(), event.texts("ids")))
        .collect();
    for (to, ids) in said {
        let hearers = stations().filter(|station| to == "open" || to == *station);
        for (station, id) in hearers.flat_map(|station| ids.iter().map(move |id| (station, id))) {
            arrives(director, station, id).await?;
        }
    }
    Ok(())
}
