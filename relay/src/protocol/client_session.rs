//! A lane as its client sees it: requests in, octets out; octets in, events out.

use super::client_message::{ClientMessage, Hello, Read};
use super::code::Reason;
use super::deframer::Deframer;
use super::relay_message::RelayMessage;
use super::{SessionError, VERSION};
use crate::parcel::Parcel;
use chappe_codec::realm::Realm;
use std::collections::{BTreeMap, VecDeque};

/// What the relay answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// The hello is answered: the connection counts.
    Greeted {
        /// The name of the relay's log.
        log: u64,
    },
    /// A publish is on durable storage.
    Published {
        /// Its number.
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
    Parcel {
        /// The number of the fetch or subscribe.
        number: u64,
        /// The cursor behind the parcel.
        cursor: u64,
        /// The parcel.
        parcel: Parcel,
    },
    /// A fetch or a subscription is over.
    Ended {
        /// Its number.
        number: u64,
        /// The cursor to go on from.
        cursor: u64,
        /// Whether something is left.
        more: bool,
    },
}

/// A lane as its client sees it.
#[derive(Debug)]
pub struct ClientSession {
    awaits_greeting: bool,
    inbox: Deframer,
    last_number: u64,
    publishes: VecDeque<u64>,
    /// Open fetches and subscriptions with the last cursor each has seen.
    reads: BTreeMap<u64, u64>,
    events: VecDeque<ClientEvent>,
    output: Vec<u8>,
}

impl ClientSession {
    /// The first lane of a connection; its hello is the first output.
    #[must_use]
    pub fn first_lane(realm: Realm) -> Self {
        let mut session = Self::lane();
        session.awaits_greeting = true;
        session.send(&ClientMessage::Hello(Hello { realm, versions: vec![VERSION] }));
        session
    }

    /// Any other lane.
    #[must_use]
    pub fn lane() -> Self {
        Self {
            awaits_greeting: false,
            inbox: Deframer::default(),
            last_number: 0,
            publishes: VecDeque::new(),
            reads: BTreeMap::new(),
            events: VecDeque::new(),
            output: Vec::new(),
        }
    }

    /// Asks the relay to store a parcel. Returns the request's number.
    pub fn publish(&mut self, parcel: Parcel) -> u64 {
        let number = self.count();
        self.publishes.push_back(number);
        self.send(&ClientMessage::Publish { number, parcel });
        number
    }

    /// Asks for what is stored. Returns the request's number.
    pub fn fetch(&mut self, read: Read, limit: u16) -> u64 {
        let number = self.count();
        self.reads.insert(number, read.cursor);
        self.send(&ClientMessage::Fetch { number, read, limit });
        number
    }

    /// Asks for what is stored and what will be. Returns the request's number.
    pub fn subscribe(&mut self, read: Read) -> u64 {
        let number = self.count();
        self.reads.insert(number, read.cursor);
        self.send(&ClientMessage::Subscribe { number, read });
        number
    }

    /// Ends a subscription. Parcels may come until its end does.
    pub fn unsubscribe(&mut self, number: u64) {
        self.send(&ClientMessage::Unsubscribe { number });
    }

    /// Numbers do not run out: at a million a second they last half a million years.
    fn count(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    fn send(&mut self, message: &ClientMessage) {
        self.output.extend_from_slice(&message.to_bytes());
    }

    /// Takes in octets of the lane. They are parsed by [`ClientSession::next_event`].
    pub fn receive(&mut self, octets: &[u8]) {
        self.inbox.push(octets);
    }

    /// The next event; `None` when more octets are needed.
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_event(&mut self) -> Result<Option<ClientEvent>, SessionError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(Some(event));
            }
            let Some(raw) = self.inbox.next()? else { return Ok(None) };
            if raw.message_type < 0x80 {
                return Err(SessionError::OutOfPlace("a client's message from a relay"));
            }
            self.take(RelayMessage::from_body(raw.message_type, &raw.body)?)?;
        }
    }

    fn take(&mut self, message: RelayMessage) -> Result<(), SessionError> {
        if self.awaits_greeting {
            return match message {
                RelayMessage::HelloAnswer { version: VERSION, log } => {
                    self.awaits_greeting = false;
                    self.events.push_back(ClientEvent::Greeted { log });
                    Ok(())
                }
                RelayMessage::HelloAnswer { .. } => Err(SessionError::NoCommonVersion),
                _ => Err(SessionError::OutOfPlace("a message before the hello answer")),
            };
        }
        match message {
            RelayMessage::HelloAnswer { .. } => {
                Err(SessionError::OutOfPlace("a second hello answer"))
            }
            RelayMessage::Acknowledged { number } => self.acknowledged(number),
            RelayMessage::Refused { number, reason } => self.refused(number, reason),
            RelayMessage::Parcel { number, cursor, parcel } => {
                let seen = self.reads.get_mut(&number);
                let seen = seen.ok_or(SessionError::OutOfPlace("a parcel nobody asked for"))?;
                // spec/06-relay.md: "cursors of one relay increase in the order of storing".
                if cursor <= *seen {
                    return Err(SessionError::OutOfPlace("a cursor that does not increase"));
                }
                *seen = cursor;
                self.events.push_back(ClientEvent::Parcel { number, cursor, parcel });
                Ok(())
            }
            RelayMessage::End { number, cursor, more } => {
                let seen = self.reads.remove(&number);
                let seen = seen.ok_or(SessionError::OutOfPlace("an end nobody waits for"))?;
                if cursor < seen {
                    return Err(SessionError::OutOfPlace("a cursor that goes back"));
                }
                self.events.push_back(ClientEvent::Ended { number, cursor, more });
                Ok(())
            }
            // The relay is older than this program. What it did not understand stays unanswered; a
            // version that adds requests will have to say what then.
            RelayMessage::UnknownMessage { .. } | RelayMessage::Unknown { .. } => Ok(()),
        }
    }

    fn acknowledged(&mut self, number: u64) -> Result<(), SessionError> {
        if number > self.last_number {
            return Err(SessionError::OutOfPlace("an acknowledgement of what was not asked"));
        }
        while self.publishes.front().is_some_and(|first| *first <= number) {
            if let Some(number) = self.publishes.pop_front() {
                self.events.push_back(ClientEvent::Published { number });
            }
        }
        Ok(())
    }

    fn refused(&mut self, number: u64, reason: Reason) -> Result<(), SessionError> {
        match self.publishes.binary_search(&number) {
            Ok(index) => {
                self.publishes.remove(index);
            }
            Err(_) if self.reads.remove(&number).is_some() => {}
            Err(_) => return Err(SessionError::OutOfPlace("a refusal of what was not asked")),
        }
        self.events.push_back(ClientEvent::Refused { number, reason });
        Ok(())
    }

    /// Publishes that are not answered yet.
    #[must_use]
    pub fn publishes_pending(&self) -> usize {
        self.publishes.len()
    }

    /// Takes what is to be written to the relay.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }
}
