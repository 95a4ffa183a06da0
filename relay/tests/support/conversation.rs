//! Follows the conversations of `session.json` on both ends: the relay's parts get the client's steps, the
//! client's the relay's.

use super::{hex, kind_name, octets, realm};
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::Realm;
use chappe_relay::limits::CREDIT_MAX;
use chappe_relay::parcel::ParcelRef;
use chappe_relay::protocol::{
    AnyParcel, ClientControl, ClientEvent, ClientLane, ClientMessage, CloseCode, ConnectionRole,
    ControlSession, LaneRequests, Request, SessionError, VERSION, heard_datagram, live_datagram,
};
use serde_json::{Value, json};
use std::time::Instant;

/// Who closes, and with what.
type Broken = (&'static str, CloseCode);

pub(crate) fn check(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    let mut conversation = Conversation::new(realm(&vector["in"]["realm"]));
    for (number, step) in (0_u64..).zip(vector["in"]["steps"].as_array().unwrap()) {
        if let Err((by, code)) = conversation.step(step) {
            assert_eq!(vector["result"], "invalid", "{id}: {by} closes with {code}");
            let expected = (&vector["error"]["field"], &vector["error"]["kind"]);
            assert_eq!((&json!(by), &json!(code.name())), expected, "{id}");
            assert_eq!(json!(number), vector["error"]["offset"], "{id}");
            return;
        }
    }
    assert_eq!(vector["result"], "valid", "{id}: it is borne");
    assert_eq!(conversation.out(), vector["out"], "{id}");
}

struct Conversation {
    relay: ControlSession,
    has_hello: bool,
    /// There once it has said something.
    client: Option<ClientControl>,
    answer: Option<u64>,
    unknown: Vec<u8>,
    lanes: Vec<(String, Lane)>,
    now: Instant,
}

/// Both ends of a lane.
#[derive(Default)]
struct Lane {
    relay: LaneRequests,
    /// What the client sent and is no whole message yet.
    beginning: Vec<u8>,
    client: Option<ClientLane>,
    requests: Vec<Asked>,
    unknown: Vec<u8>,
    has_ended: bool,
}

/// A request as its client sees it.
struct Asked {
    message: &'static str,
    state: &'static str,
    reason: Option<u8>,
    given: u64,
    cursor: Option<u64>,
    credit: Option<i64>,
    more: Option<bool>,
}

fn by(side: &'static str) -> impl Fn(SessionError) -> Broken {
    move |error| (side, error.close_code())
}

impl Conversation {
    fn new(realm: Realm) -> Self {
        let now = Instant::now();
        Self {
            relay: ControlSession::new(realm, now),
            has_hello: false,
            client: None,
            answer: None,
            unknown: Vec::new(),
            lanes: Vec::new(),
            now,
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), Broken> {
        let octets = octets(&step["octets"]);
        let ends = step["ends"].as_bool().unwrap_or(false);
        match (step["from"].as_str().unwrap(), step["on"].as_str().unwrap()) {
            ("client", "control") => self.client_control(octets, ends).map_err(by("relay")),
            ("client", "datagram") => self.client_datagram(&octets).map_err(by("relay")),
            ("client", lane) => self.client_lane(lane, octets, ends).map_err(by("relay")),
            // QUIC itself does not bear octets on a stream that its opener has not opened.
            ("relay", "control") if self.client.is_none() => {
                Err(("client", CloseCode::ProtocolError))
            }
            ("relay", "control") => self.relay_control(octets, ends).map_err(by("client")),
            ("relay", "datagram") => self.relay_datagram(&octets).map_err(by("client")),
            ("relay", lane) => self.relay_lane(lane, octets, ends).map_err(by("client")),
            other => panic!("{other:?}"),
        }
    }

    fn client_control(&mut self, octets: Vec<u8>, ends: bool) -> Result<(), SessionError> {
        let relay_realm = Realm { network: 0, mode: chappe_codec::realm::Mode::Live };
        self.client.get_or_insert_with(|| {
            ClientControl::new(ConnectionRole::Client, relay_realm, &[], &[])
        });
        self.relay.receive(Bytes::from(octets));
        if self.relay.next_hello(self.now)?.is_some() {
            self.has_hello = true;
            self.relay.greet(1);
            self.relay.take_output();
            // What waited for it.
            for (_, lane) in &mut self.lanes {
                lane.take_requests()?;
            }
        }
        self.relay.next_hello(self.now)?;
        for message in self.relay.take_output().chunks(3) {
            assert_eq!(message[..2], [0x86, 1]);
            self.unknown.push(message[2]);
        }
        if ends { Err(self.relay.end()) } else { Ok(()) }
    }

    fn client_datagram(&self, octets: &[u8]) -> Result<(), SessionError> {
        // "One that comes before the hello has been read is dropped."
        if self.has_hello { live_datagram(octets).map(drop) } else { Ok(()) }
    }

    fn client_lane(&mut self, name: &str, octets: Vec<u8>, ends: bool) -> Result<(), SessionError> {
        let has_hello = self.has_hello;
        let lane = self.lane(name);
        lane.has_ended |= ends;
        lane.relay.receive(Bytes::from(octets.clone()));
        lane.beginning.extend(octets);
        if has_hello {
            lane.take_requests()?;
        }
        Ok(())
    }

    fn relay_control(&mut self, octets: Vec<u8>, ends: bool) -> Result<(), SessionError> {
        let client = self.client.as_mut().unwrap();
        client.receive(Bytes::from(octets));
        while let Some(log) = client.next_greeting()? {
            self.answer = Some(log);
        }
        if ends { Err(client.end()) } else { Ok(()) }
    }

    fn relay_datagram(&mut self, octets: &[u8]) -> Result<(), SessionError> {
        let Some((number, given)) = heard_datagram(octets)? else { return Ok(()) };
        let lane = self.lanes.iter_mut().map(|(_, lane)| lane).find(|lane| {
            lane.client.as_ref().is_some_and(|client| {
                client.precedence() == given.precedence && client.listens(number)
            })
        });
        if let Some(lane) = lane {
            lane.asked(number).given += 1;
        }
        Ok(())
    }

    fn relay_lane(&mut self, name: &str, octets: Vec<u8>, ends: bool) -> Result<(), SessionError> {
        self.lane(name).hear(octets, ends)
    }

    fn lane(&mut self, name: &str) -> &mut Lane {
        let index = match self.lanes.iter().position(|(other, _)| other == name) {
            Some(index) => index,
            None => {
                self.lanes.push((name.to_owned(), Lane::default()));
                self.lanes.len() - 1
            }
        };
        &mut self.lanes[index].1
    }

    fn out(&self) -> Value {
        let lanes: Vec<Value> = self.lanes.iter().map(|(name, lane)| lane.out(name)).collect();
        json!({
            "version": self.answer.map(|_| VERSION),
            "log": self.answer.map(|log| hex(&log.to_be_bytes())),
            "unknown": self.unknown,
            "lanes": lanes,
        })
    }
}

impl Lane {
    /// The relay takes up what came, and then the client is known to have asked it.
    fn take_requests(&mut self) -> Result<(), SessionError> {
        while let Some(request) = self.relay.next_request()? {
            if let Request::Unknown { message_type } = request {
                self.unknown.push(message_type);
            }
        }
        if self.has_ended {
            self.relay.end()?;
        }
        while let Some(message) = self.next_message() {
            self.ask(&message);
        }
        Ok(())
    }

    /// The next whole message of the client: a type and a length.
    fn next_message(&mut self) -> Option<Vec<u8>> {
        let (mut octets, mut at) = (0, 1);
        loop {
            let octet = *self.beginning.get(at)?;
            octets |= usize::from(octet & 0x7F) << (7 * (at - 1));
            at += 1;
            if octet < 0x80 {
                break;
            }
        }
        let end = at + octets;
        (self.beginning.len() >= end).then(|| self.beginning.drain(..end).collect())
    }

    /// The client's end says the same.
    fn ask(&mut self, octets: &[u8]) {
        let message = ClientMessage::parse(octets).unwrap();
        if let ClientMessage::Lane(precedence) = message {
            let mut lane = ClientLane::new(precedence);
            assert_eq!(lane.take_output(), octets);
            self.client = Some(lane);
            return;
        }
        let Some(client) = &mut self.client else { panic!("no lane") };
        let stored = |message| Asked::new(message, "waiting", None, None);
        let read = |message, cursor, credit| Asked::new(message, "open", cursor, credit);
        let mut is_said = true;
        match message {
            ClientMessage::Publish(AnyParcel::Known(parcel)) => {
                client.publish(parcel);
                self.requests.push(stored("publish"));
            }
            ClientMessage::Forward { hops, homes, parcel: AnyParcel::Known(parcel) } => {
                client.forward(hops, homes, parcel);
                self.requests.push(stored("forward"));
            }
            ClientMessage::Publish(_) | ClientMessage::Forward { .. } => {
                // This client makes no parcels of unknown versions. Any other has the same number.
                is_said = false;
                client.publish(any_parcel());
                let is_publish = matches!(message, ClientMessage::Publish(_));
                self.requests.push(stored(if is_publish { "publish" } else { "forward" }));
            }
            ClientMessage::Fetch { read: what, cursor, limit } => {
                client.fetch(what, cursor, limit);
                self.requests.push(read("fetch", Some(cursor), None));
            }
            ClientMessage::Subscribe { read: what, cursor, credit } => {
                client.subscribe(what, cursor, credit);
                let credit = i64::from(credit).min(CREDIT_MAX);
                self.requests.push(read("subscribe", Some(cursor), Some(credit)));
            }
            ClientMessage::Listen { read: what, datagrams } => {
                client.listen(what, datagrams);
                self.requests.push(read("listen", None, None));
            }
            ClientMessage::Credit { number, octets } => {
                client.credit(number, octets);
                if let Some(asked) = asked(&mut self.requests, number)
                    && asked.is_open()
                    && let Some(credit) = &mut asked.credit
                {
                    *credit = (*credit + i64::from(octets)).min(CREDIT_MAX);
                }
            }
            ClientMessage::Stop { number } => {
                client.stop(number);
                if let Some(asked) = asked(&mut self.requests, number)
                    && asked.is_open()
                    && asked.message != "fetch"
                {
                    asked.state = "stopping";
                }
            }
            ClientMessage::Live(AnyParcel::Known(parcel)) => client.live(parcel),
            ClientMessage::Live(_) | ClientMessage::Unknown { .. } => is_said = false,
            ClientMessage::Hello(_) | ClientMessage::Lane(_) => panic!("out of place"),
        }
        let said = client.take_output();
        assert!(!is_said || said == octets, "{} {}", hex(&said), hex(octets));
    }

    fn hear(&mut self, octets: Vec<u8>, ends: bool) -> Result<(), SessionError> {
        let Some(client) = &mut self.client else { panic!("a lane nobody opened") };
        client.receive(Bytes::from(octets));
        while let Some(event) = client.next_event()? {
            let number = match event {
                ClientEvent::Acknowledged { number } => {
                    let upto = usize::try_from(number).unwrap();
                    for one in self.requests.iter_mut().take(upto) {
                        if one.state == "waiting" {
                            one.state = "acknowledged";
                        }
                    }
                    continue;
                }
                ClientEvent::Refused { number, .. }
                | ClientEvent::Delivery { number, .. }
                | ClientEvent::Ended { number, .. }
                | ClientEvent::Heard { number, .. } => number,
            };
            let asked = asked(&mut self.requests, number).unwrap();
            match event {
                ClientEvent::Refused { reason, .. } => {
                    (asked.state, asked.reason) = ("refused", Some(reason.code()));
                }
                ClientEvent::Delivery { cursor, octets, given, .. } => {
                    assert!(!kind_name(given.kind).is_empty());
                    asked.given += 1;
                    asked.cursor = Some(cursor);
                    asked.credit =
                        asked.credit.map(|credit| credit - i64::try_from(octets).unwrap());
                }
                ClientEvent::Ended { cursor, more, .. } => {
                    asked.state = "ended";
                    asked.cursor = asked.cursor.map(|_| cursor);
                    asked.more = Some(more);
                }
                ClientEvent::Heard { .. } => asked.given += 1,
                ClientEvent::Acknowledged { .. } => {}
            }
        }
        if ends { client.end() } else { Ok(()) }
    }

    fn asked(&mut self, number: u64) -> &mut Asked {
        asked(&mut self.requests, number).unwrap()
    }

    fn out(&self, name: &str) -> Value {
        let requests: Vec<Value> =
            (1_u64..).zip(&self.requests).map(|(number, asked)| asked.out(number)).collect();
        let precedence = self.client.as_ref().map(ClientLane::precedence).map(Precedence::name);
        json!({
            "lane": name,
            "precedence": precedence,
            "requests": requests,
            "unknown": self.unknown,
        })
    }
}

fn asked(requests: &mut [Asked], number: u64) -> Option<&mut Asked> {
    requests.get_mut(usize::try_from(number - 1).unwrap())
}

fn any_parcel() -> ParcelRef<'static> {
    ParcelRef::parse(&[0; 23]).unwrap()
}

impl Asked {
    fn new(
        message: &'static str,
        state: &'static str,
        cursor: Option<u64>,
        credit: Option<i64>,
    ) -> Self {
        Self { message, state, reason: None, given: 0, cursor, credit, more: None }
    }

    fn is_open(&self) -> bool {
        matches!(self.state, "open" | "stopping")
    }

    fn out(&self, number: u64) -> Value {
        let mut out = json!({
            "number": number.to_string(),
            "message": self.message,
            "state": self.state,
            "reason": self.reason,
        });
        if !matches!(self.message, "publish" | "forward") {
            out["given"] = json!(self.given);
            out["cursor"] = json!(self.cursor.map(|cursor| cursor.to_string()));
            out["credit"] = json!(self.credit);
            out["more"] = json!(self.more);
        }
        out
    }
}
