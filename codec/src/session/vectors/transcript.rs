//! Transcripts: devices, and what each says and hears, step by step. After a refusal everything is as
//! it was.

use super::device::Keys;
use super::given::{array, hex, item, item_found, message_found, number, octets};
use super::{Answer, Refusal};
use crate::account::Account;
use crate::envelope::OpenError;
use crate::key_store::KeyStore;
use crate::limits::ENVELOPE_OCTETS_MAX;
use crate::realm::Realm;
use crate::session::ratchet::{self, Pending};
use crate::session::receive::Hints;
use crate::session::{Opened, Party, Recipient, SealError, SessionNumber, Sessions, Window};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Value, json};
use zeroize::Zeroizing;

struct Device {
    realm: Realm,
    me: Party,
    keys: Keys,
    window: Window,
    sessions: Sessions,
    prekeys: BTreeMap<(Account, u8), (Party, [u8; 32])>,
    /// In which epoch it last sent in a session, by E: a session that has ended does not know.
    epochs: BTreeMap<[u8; 32], u32>,
}

/// Plays a transcript and holds each step's answer against the vector.
pub(super) fn judge(given: &Value, out: &Value) -> Result<(), String> {
    let realm = Realm::parse(&octets(&given["realm"])).unwrap();
    let devices = given["devices"].as_object().unwrap().iter();
    let mut devices: BTreeMap<String, Device> =
        devices.map(|(name, one)| (name.to_string(), Device::new(realm, one))).collect();
    let (steps, expected) = (given["steps"].as_array().unwrap(), out["steps"].as_array().unwrap());
    assert_eq!(steps.len(), expected.len());
    for (at, (step, expected)) in steps.iter().zip(expected).enumerate() {
        let device = devices.get_mut(step["by"].as_str().unwrap()).unwrap();
        let before = device.octets();
        let answer = device.step(step);
        if let Some(refused) = expected.get("refused") {
            match answer {
                Err(refusal) if refusal.is(refused) => {}
                Err(Refusal { kind, field }) => {
                    return Err(format!("step {at}: {kind} {field:?}, expected {refused}"));
                }
                Ok(found) => return Err(format!("step {at}: {found}, expected {refused}")),
            }
            if device.octets() != before {
                return Err(format!("step {at}: refused, and something has changed"));
            }
            continue;
        }
        match answer {
            Ok(found) if found == *expected => {}
            Ok(found) => return Err(format!("step {at}: {found}\nexpected {expected}")),
            Err(Refusal { kind, field }) => {
                return Err(format!("step {at}: refused {kind} {field:?}, expected {expected}"));
            }
        }
    }
    Ok(())
}

impl Device {
    fn new(realm: Realm, given: &Value) -> Self {
        let realm = given.get("realm").map_or(realm, |own| Realm::parse(&octets(own)).unwrap());
        let prekeys = given["prekey_secrets"].as_array().unwrap();
        let keys = Keys::new(&given["identity_secret"], prekeys);
        let me = Party {
            account: Account(array(&given["account"])),
            device: number(&given["device"]),
            identity: keys.identity_key(),
        };
        let is_handset = given["handset"].as_bool().unwrap();
        let window = if is_handset { Window::HANDSET } else { Window::STATION };
        let sessions = Sessions::new(realm, me, window);
        let (prekeys, epochs) = (BTreeMap::new(), BTreeMap::new());
        let mut device = Self { realm, me, keys, window, sessions, prekeys, epochs };
        given["contacts"].as_array().unwrap().iter().for_each(|contact| device.know(contact));
        device
    }

    fn step(&mut self, step: &Value) -> Answer {
        match step["do"].as_str().unwrap() {
            "begin" => self.begin(step),
            "seal" => self.seal(step),
            "open" => self.open(step),
            "sends_in" => {
                let (peer, _) = self.prekeys[&whom(step)];
                let number = self.sessions.current(&peer).unwrap();
                Ok(json!({ "session": hex(&self.name(number)) }))
            }
            "know" => {
                self.know(&step["contact"]);
                Ok(json!({}))
            }
            "revoke" => {
                let (account, device) = whom(step);
                self.sessions.revoke(account, device);
                Ok(json!({}))
            }
            "destroy_prekey" => {
                self.keys.destroy_prekey(array(&step["prekey"]));
                self.sessions.renew_prekeys(&self.keys).unwrap();
                Ok(json!({}))
            }
            other => panic!("no step {other}"),
        }
    }

    fn know(&mut self, contact: &Value) {
        let (account, device) = whom(contact);
        let party = Party { account, device, identity: array(&contact["identity_key"]) };
        self.prekeys.insert((account, device), (party, array(&contact["prekey"])));
        self.sessions.admit(&self.keys, &party, None).unwrap();
    }

    fn begin(&mut self, step: &Value) -> Answer {
        let (party, prekey) = self.prekeys[&whom(step)];
        let knows_us = !step["stranger"].as_bool().unwrap();
        let seed = Zeroizing::new(array(&step["ephemeral_secret"]));
        let to = Recipient { party, prekey, knows_us };
        let (number, _) = self.sessions.begin(&self.keys, &to, seed, None)?;
        self.note_epoch(number);
        Ok(json!({ "session": hex(&self.name(number)) }))
    }

    fn seal(&mut self, step: &Value) -> Answer {
        let given = step["items"].as_array().unwrap();
        let bodies: Vec<Vec<u8>> = given.iter().map(|one| octets(&one["body"])).collect();
        let items: Vec<_> = given.iter().zip(&bodies).map(|(one, body)| item(one, body)).collect();
        let first = number(&step["counter"]);
        let ephemeral: [u8; 32] = array(&step["session"]);
        let (number, session) =
            self.sessions.all.iter_mut().find(|(_, s)| s.ephemeral == ephemeral).unwrap();
        let number = SessionNumber(*number);
        if !session.sending.may_stand(first, u32::try_from(items.len()).unwrap()) {
            return Err(Refusal { kind: "out_of_range", field: Some("counter") });
        }
        if step.get("offer_secret").is_some() && matches!(session.ratchet.pending, Pending::None) {
            assert!(session.may_offer());
            let mut drawn = ["offer_secret", "hybrid_secret"].iter();
            let mut fresh =
                |out: &mut [u8]| out.copy_from_slice(&octets(&step[*drawn.next().unwrap()]));
            if step.get("hybrid_secret").is_some() {
                session.offer_hybrid(&mut fresh);
            } else {
                let mut hints = Hints { session: number.0, index: &mut self.sessions.index };
                assert!(session.offer(None, self.window, &mut fresh, &mut hints));
            }
        }
        // What the session takes for itself is what this side would have sent.
        for step in items.iter().filter(|item| ratchet::is_step(item)) {
            assert_eq!(session.ratchet.body().as_deref(), Some(step.body));
        }
        assert!(session.sending.counter() <= first);
        let (envelope, said) =
            session.seal_at(self.realm, self.me, first, &items, ENVELOPE_OCTETS_MAX)?;
        let event = self.sessions.next_event();
        self.sessions.all.get_mut(&number.0).unwrap().used = event;
        let mut out = found(&envelope, &said);
        out["envelope"] = hex(&envelope);
        Ok(out)
    }

    fn open(&mut self, step: &Value) -> Answer {
        let envelope = octets(&step["envelope"]);
        let now = step.get("now").map(number);
        let received = match self.sessions.open(&self.keys, &envelope, now) {
            Err(OpenError::NeedsNewer) => return Ok(json!({ "outcome": "needs_newer" })),
            other => other?,
        };
        let number = received.session;
        if let Some(seed) = step.get("encapsulation_seed")
            && let Some(session) = self.sessions.all.get_mut(&number.0)
        {
            let mut hints = Hints { session: number.0, index: &mut self.sessions.index };
            let mut fresh = |out: &mut [u8]| out.copy_from_slice(&octets(seed));
            session.answer_hybrid(now, self.window, &mut fresh, &mut hints);
        }
        self.note_epoch(number);
        let name = self.name(number);
        let author = received.author();
        let messages = received.opened.every_message();
        let mut out = found(&envelope, &received.opened);
        out["session"] = hex(&name);
        out["account"] = hex(&author.account.0);
        out["device"] = json!(author.device);
        out["standing"] = json!(if received.is_stranger { "claim" } else { "contact" });
        let items = messages.iter().map(|message| item_found(&message.item));
        out["items"] = items.collect();
        out["sends_in_epoch"] = json!(self.epochs[&name]);
        Ok(out)
    }

    fn name(&self, number: SessionNumber) -> [u8; 32] {
        let live = self.sessions.all.get(&number.0).map(|session| session.ephemeral);
        live.unwrap_or_else(|| self.sessions.ended[&number.0].ephemeral)
    }

    fn note_epoch(&mut self, number: SessionNumber) {
        if let Some(session) = self.sessions.all.get(&number.0) {
            self.epochs.insert(session.ephemeral, session.sending.epoch);
        }
    }

    /// Everything the sessions hold.
    fn octets(&self) -> Vec<Vec<u8>> {
        let numbers = self.sessions.all().into_iter().chain(self.sessions.ended());
        let snapshots = numbers.map(|number| self.sessions.snapshot(number).unwrap());
        let mut all: Vec<Vec<u8>> = snapshots.map(|s| s.octets().to_vec()).collect();
        all.push(format!("{:?}", self.sessions.size()).into_bytes());
        all
    }
}

fn whom(given: &Value) -> (Account, u8) {
    (Account(array(&given["account"])), number(&given["device"]))
}

/// What an envelope says, however one came by it.
fn found(envelope: &[u8], opened: &Opened) -> Value {
    let messages = opened.every_message();
    for (message, counter) in messages.iter().zip(opened.first()..) {
        assert_eq!(message.counter, counter);
    }
    json!({
        "class": envelope[0] >> 3 & 7,
        "epoch": opened.epoch(),
        "counter": opened.first(),
        "chain_id": hex(&opened.chain().0),
        "messages": messages.iter().map(message_found).collect::<Value>(),
    })
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        let field = match &error {
            OpenError::Decode(error) => Some(error.field),
            _ => None,
        };
        Self { kind: error.name(), field }
    }
}

impl From<SealError> for Refusal {
    fn from(error: SealError) -> Self {
        Self::new(match error {
            SealError::WeakKey => "weak_key",
            SealError::Oneself => "inconsistent",
            other => panic!("{other}"),
        })
    }
}
