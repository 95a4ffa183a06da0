//! Decrypting what others say, and encrypting to them.

use super::key_file::Keys;
use super::{read_line, without_integrity};
use crate::clock::now_seconds;
use crate::exit::Outcome;
use crate::random;
use crate::signal::flaw::Flaw;
use crate::signal::form::{Form, read_hexadecimal};
use crate::signal::json as shapes;
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::cryptography::{Address, InitialisationVector, KeyRing, Learned, Method};
use chappe_codec::signal::packed::TextBuffer;
use chappe_codec::signal::{
    Body, CryptoData, CryptoDataType, EncryptionIndicator, Message, ReferencedMessage,
    encryption_of,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// A participant's keys, and what the messages so far have told.
#[derive(Debug)]
pub(crate) struct Talk {
    keys: Keys,
    ring: KeyRing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    originator: String,
    id: String,
    hex: String,
}

impl Talk {
    pub(super) const fn new(keys: Keys, ring: KeyRing) -> Self {
        Self { keys, ring }
    }

    /// A public key that is known from elsewhere.
    pub(super) fn announce(&mut self, of: &Address, public_key: &str) -> Outcome<()> {
        let data = CryptoData::from_hexadecimal(public_key)?;
        let body = Body::CryptographicSupport { data_type: CryptoDataType(0x0A), data };
        self.ring.learn(of, ReferencedMessage::NONE, &Message::original(body))?;
        Ok(())
    }

    /// One message of a ledger: what it says if it was encrypted, what is known by it if it is a K.
    pub(super) fn decrypted(&mut self, line: &[u8]) -> Result<Value, Flaw> {
        let sent: Sent = read_line(line)?;
        let address = self.keys.originator(&sent.originator)?.address.clone();
        let id = in_field(read_hexadecimal(&sent.id), "id")?;
        let id = ReferencedMessage(id.try_into().map_err(|id: Vec<u8>| {
            let kind = if id.len() < 32 { ErrorKind::TooShort } else { ErrorKind::TooLong };
            Flaw::of_field(kind, "id")
        })?);
        let octets = in_field(read_hexadecimal(&sent.hex), "hex")?;
        if encryption_of(&octets)? != EncryptionIndicator::NONE {
            let plain = self.ring.decrypt(&address, id, &octets, now_seconds())?;
            let message = Message::parse_decrypted(&plain)?;
            let message = shapes::nested(&message);
            return Ok(without_integrity(json!({"encrypted": true, "message": message})));
        }
        let message = Message::parse_standard(&octets)?;
        let mut answer = json!({"encrypted": false, "message": shapes::nested(&message)});
        if let Body::CryptographicSupport {
            data_type: CryptoDataType(0x0A | 0x11 | 0x21), ..
        } = message.body
        {
            let learned = self.ring.learn(&address, id, &message)?;
            if let Value::Object(object) = &mut answer {
                object.insert("learned".into(), name_of(learned).into());
            }
        }
        Ok(answer)
    }

    /// One message to another participant.
    pub(super) fn encrypted(&mut self, line: &[u8], to: &Address) -> Result<Value, Flaw> {
        let form = Form::read(line)?;
        if !matches!(form, Form::Fields(_) | Form::Text(_)) {
            let message = "not JSON or the text form";
            return Err(Flaw::at_octet(ErrorKind::BadLiteral, "line", 0, message));
        }
        let mut buffer = TextBuffer::new();
        let message = form.reading(&mut buffer)?.message()?;
        let method = Method::of_indicator(message.encryption)?;
        let mut vector = InitialisationVector([0; 16]);
        random::fill(&mut vector.0).map_err(|_| Flaw {
            message: "no randomness from this system".into(),
            ..Flaw::of_field(ErrorKind::Missing, "InitVector")
        })?;
        let octets = self.ring.encrypt(to, &message, vector, now_seconds())?;
        // The ledger gives the message its id; only then can the K refer to it.
        let mut then = shapes::flat(&vector.announcement(method, ReferencedMessage::NONE));
        if let Value::Object(fields) = &mut then {
            fields.insert("ReferencedMessage".into(), Value::Null);
        }
        let answer = json!({"hex": crate::hex::encode(&octets), "then": then});
        Ok(without_integrity(answer))
    }
}

const fn name_of(learned: Learned) -> &'static str {
    match learned {
        Learned::Key => "key",
        Learned::AnotherKey => "another_key",
        Learned::SameKey => "same_key",
        Learned::KeyWithdrawn => "key_withdrawn",
        Learned::Vector(_) => "vector",
    }
}

/// What is wrong is wrong in this member of the line.
pub(super) fn in_field<T>(outcome: Result<T, Flaw>, field: &str) -> Result<T, Flaw> {
    outcome.map_err(|flaw| Flaw { field: field.into(), ..flaw })
}
