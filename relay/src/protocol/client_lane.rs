//! A lane as its client sees it: requests in, octets out; octets in, events out.

use super::client_message::{AnyParcel, ClientMessage, Read};
use super::code::Reason;
use super::deframer::Deframer;
use super::error::SessionError;
use super::message::{HELLO_ANSWER, LAST_OF_CLIENTS, PUBLISH, put_message};
use super::relay_message::{Given, RelayMessage};
use super::unanswered::Unanswered;
use crate::address::AddressKind;
use crate::parcel::ParcelRef;
use bytes::Bytes;
use chappe_codec::error::ErrorKind;
use chappe_codec::precedence::Precedence;
use std::collections::BTreeMap;

/// What the relay said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientEvent<'a> {
    /// Publishes and forwards are on durable storage: those with a number up to this that were not
    /// refused.
    Acknowledged {
        /// The number.
        number: u64,
    },
    /// A request is refused.
    Refused {
        /// Its number.
        number: u64,
        /// Why.
        reason: Reason,
    },
    /// A parcel for a fetch or a subscription.
    Delivery {
        /// The number of the fetch or subscribe.
        number: u64,
        /// The cursor behind the parcel.
        cursor: u64,
        /// Octets of the delivery's body: what it took of the credit.
        octets: usize,
        /// The parcel.
        given: Given<'a>,
    },
    /// A read is over.
    Ended {
        /// Its number.
        number: u64,
        /// The cursor to go on from.
        cursor: u64,
        /// Whether something is left.
        more: bool,
    },
    /// A live parcel.
    Heard {
        /// The number of the listen.
        number: u64,
        /// The parcel.
        given: Given<'a>,
    },
}

/// A lane as its client sees it.
#[derive(Debug)]
pub struct ClientLane {
    precedence: Precedence,
    inbox: Deframer,
    last_number: u64,
    publishes: Unanswered,
    reads: BTreeMap<u64, OpenRead>,
    output: Vec<u8>,
}

/// A read that has neither ended nor been refused.
#[derive(Debug, Clone, Copy)]
struct OpenRead {
    kind: AddressKind,
    form: ReadForm,
    /// The last cursor seen.
    cursor: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadForm {
    Fetch,
    /// Octets of deliveries' bodies the relay may send. What the relay loses beyond its maximum is not
    /// taken off: it depends on what is under way, so this is the most the relay may believe it has.
    Subscription {
        credit: i64,
    },
    Listen,
}

impl ClientLane {
    /// A lane of a precedence; its first message is in the output.
    #[must_use]
    pub fn new(precedence: Precedence) -> Self {
        Self {
            precedence,
            inbox: Deframer::default(),
            last_number: 0,
            publishes: Unanswered::default(),
            reads: BTreeMap::new(),
            output: ClientMessage::Lane(precedence).to_bytes(),
        }
    }

    /// What everything on it is.
    #[must_use]
    pub const fn precedence(&self) -> Precedence {
        self.precedence
    }

    /// Asks the relay to store a parcel, which must be of the lane's precedence. Returns the request's
    /// number.
    pub fn publish(&mut self, parcel: ParcelRef<'_>) -> u64 {
        put_message(&mut self.output, PUBLISH, &[parcel.octets()]);
        self.count_publish()
    }

    /// Asks the relay to store a parcel or to take it to its home relays.
    pub fn forward(&mut self, hops: u8, homes: &[[u8; 32]], parcel: ParcelRef<'_>) -> u64 {
        let parcel = AnyParcel::Known(parcel);
        ClientMessage::Forward { hops, homes, parcel }.put(&mut self.output);
        self.count_publish()
    }

    /// Asks for what is stored. Returns the request's number.
    pub fn fetch(&mut self, read: Read<'_>, cursor: u64, limit: u16) -> u64 {
        ClientMessage::Fetch { read, cursor, limit }.put(&mut self.output);
        self.count_read(OpenRead { kind: read.address.kind, form: ReadForm::Fetch, cursor })
    }

    /// Asks for what is stored and what will be. Returns the request's number.
    pub fn subscribe(&mut self, read: Read<'_>, cursor: u64, credit: u32) -> u64 {
        ClientMessage::Subscribe { read, cursor, credit }.put(&mut self.output);
        let form = ReadForm::Subscription { credit: i64::from(credit) };
        self.count_read(OpenRead { kind: read.address.kind, form, cursor })
    }

    /// Asks for what is said live. Returns the request's number.
    pub fn listen(&mut self, read: Read<'_>, datagrams: bool) -> u64 {
        ClientMessage::Listen { read, datagrams }.put(&mut self.output);
        self.count_read(OpenRead { kind: read.address.kind, form: ReadForm::Listen, cursor: 0 })
    }

    /// Lets the relay send more for a subscription.
    pub fn credit(&mut self, number: u64, octets: u32) {
        ClientMessage::Credit { number, octets }.put(&mut self.output);
        if let Some(OpenRead { form: ReadForm::Subscription { credit }, .. }) =
            self.reads.get_mut(&number)
        {
            *credit = credit.saturating_add(i64::from(octets));
        }
    }

    /// Ends a subscription or a listen. Parcels may come until its end does.
    pub fn stop(&mut self, number: u64) {
        ClientMessage::Stop { number }.put(&mut self.output);
    }

    /// Says something to whoever listens.
    pub fn live(&mut self, parcel: ParcelRef<'_>) {
        ClientMessage::Live(AnyParcel::Known(parcel)).put(&mut self.output);
    }

    fn count_publish(&mut self) -> u64 {
        let number = self.count();
        self.publishes.push(number);
        number
    }

    fn count_read(&mut self, read: OpenRead) -> u64 {
        let number = self.count();
        self.reads.insert(number, read);
        number
    }

    /// Numbers do not run out: at a million a second they last a quarter of a million years.
    const fn count(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    /// Takes in octets of the lane. They are parsed by [`ClientLane::next_event`].
    pub fn receive(&mut self, octets: Bytes) {
        self.inbox.push(octets);
    }

    /// The next event; `None` when more octets are needed.
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_event(&mut self) -> Result<Option<ClientEvent<'_>>, SessionError> {
        let frame = loop {
            let Some(frame) = self.inbox.next()? else { return Ok(None) };
            match frame.message_type {
                0..=LAST_OF_CLIENTS => {
                    return Err(SessionError::OutOfPlace("a client's message from a relay"));
                }
                HELLO_ANSWER => return Err(SessionError::OutOfPlace("a hello answer on a lane")),
                _ => {}
            }
            // The relay may be newer, or older, than this program.
            if (HELLO_ANSWER..=super::message::HEARD).contains(&frame.message_type)
                && frame.message_type != super::message::UNKNOWN_MESSAGE
            {
                break frame;
            }
        };
        let body = self.inbox.body(frame);
        let octets = body.len();
        match RelayMessage::from_body(frame.message_type, body)? {
            RelayMessage::Acknowledged { number } => {
                if number > self.last_number {
                    return Err(SessionError::OutOfPlace(
                        "an acknowledgement of what was not asked",
                    ));
                }
                self.publishes.settle(number);
                Ok(Some(ClientEvent::Acknowledged { number }))
            }
            RelayMessage::Refused { number, reason } => {
                if !self.publishes.remove(number) && self.reads.remove(&number).is_none() {
                    return Err(SessionError::OutOfPlace("a refusal of what was not asked"));
                }
                Ok(Some(ClientEvent::Refused { number, reason }))
            }
            RelayMessage::Delivery { number, step, given } => {
                let read = self.reads.get_mut(&number);
                let read = read.ok_or(SessionError::OutOfPlace("a parcel nobody asked for"))?;
                read.take(&given, self.precedence, octets)?;
                // "Cursors of one precedence at one relay increase in the order of storing."
                let cursor = read.cursor.checked_add(step);
                read.cursor = cursor.ok_or(SessionError::OutOfPlace("a cursor beyond the last"))?;
                Ok(Some(ClientEvent::Delivery { number, cursor: read.cursor, octets, given }))
            }
            RelayMessage::End { number, cursor, more } => {
                let read = self.reads.remove(&number);
                let read = read.ok_or(SessionError::OutOfPlace("an end nobody waits for"))?;
                if cursor < read.cursor {
                    return Err(SessionError::OutOfPlace("a cursor that goes back"));
                }
                Ok(Some(ClientEvent::Ended { number, cursor, more }))
            }
            RelayMessage::Heard { number, given } => {
                let read = self.reads.get(&number).filter(|read| read.form == ReadForm::Listen);
                let read = read.ok_or(SessionError::OutOfPlace("heard and not listened for"))?;
                read.fits(&given, self.precedence)?;
                Ok(Some(ClientEvent::Heard { number, given }))
            }
            RelayMessage::HelloAnswer { .. }
            | RelayMessage::UnknownMessage { .. }
            | RelayMessage::Unknown { .. } => {
                Err(SessionError::OutOfPlace("a message that has no place on a lane"))
            }
        }
    }

    /// Whether a number is that of an open listen: "`heard` in a datagram for no open listen is passed
    /// over."
    #[must_use]
    pub fn listens(&self, number: u64) -> bool {
        self.reads.get(&number).is_some_and(|read| read.form == ReadForm::Listen)
    }

    /// The relay ended its half.
    ///
    /// # Errors
    /// [`SessionError::Malformed`] when a message is cut off by it.
    pub fn end(&self) -> Result<(), SessionError> {
        self.inbox.end()
    }

    /// Publishes that are not answered.
    #[must_use]
    pub const fn publishes_pending(&self) -> usize {
        self.publishes.len()
    }

    /// Octets that wait to be written.
    #[must_use]
    pub const fn output_octets(&self) -> usize {
        self.output.len()
    }

    /// Takes what is to be written. As much room is made again: the next will be about as long.
    pub fn take_output(&mut self) -> Vec<u8> {
        let next = Vec::with_capacity(self.output.len());
        std::mem::replace(&mut self.output, next)
    }
}

impl OpenRead {
    /// A delivery: whether it may be one, and off the credit. "A delivery may begin while any credit is
    /// left and takes what it needs."
    fn take(
        &mut self,
        given: &Given<'_>,
        precedence: Precedence,
        octets: usize,
    ) -> Result<(), SessionError> {
        self.fits(given, precedence)?;
        match &mut self.form {
            ReadForm::Fetch => Ok(()),
            ReadForm::Subscription { credit } if *credit > 0 => {
                *credit = credit.saturating_sub(i64::try_from(octets).unwrap_or(i64::MAX));
                Ok(())
            }
            ReadForm::Subscription { .. } => {
                Err(SessionError::OutOfPlace("a delivery without credit"))
            }
            ReadForm::Listen => Err(SessionError::OutOfPlace("a delivery for a listen")),
        }
    }

    fn fits(&self, given: &Given<'_>, precedence: Precedence) -> Result<(), SessionError> {
        if given.kind == self.kind && given.precedence == precedence {
            return Ok(());
        }
        Err(SessionError::OutOfPlace("another kind or precedence than was asked for"))
    }
}

/// A datagram as the client reads it: "A datagram is one message", and that a `heard`. The precedence of
/// what was given and the number together name the listen; see [`ClientLane::listens`].
///
/// # Errors
/// [`SessionError`]: the connection is to be closed.
pub fn heard_datagram(octets: &[u8]) -> Result<Option<(u64, Given<'_>)>, SessionError> {
    match RelayMessage::parse(octets) {
        Ok(RelayMessage::Heard { number, given }) => Ok(Some((number, given))),
        // "In a datagram both sides pass over what they do not know."
        Ok(RelayMessage::Unknown { .. }) => Ok(None),
        Ok(_) => Err(SessionError::OutOfPlace("a message in a datagram")),
        Err(error) if error.kind == ErrorKind::Unexpected => {
            Err(SessionError::OutOfPlace("a client's message from a relay"))
        }
        Err(error) => Err(error.into()),
    }
}
