//! A lane as the relay sees it: octets in, requests out; answers in, octets out.

use super::client_message::{ClientMessage, Hello, Read};
use super::code::Reason;
use super::deframer::Deframer;
use super::message::HELLO;
use super::relay_message::{RelayMessage, put_parcel};
use super::{SessionError, VERSION};
use crate::limits::PUBLISHES_PENDING_MAX;
use crate::parcel::Parcel;
use chappe_codec::realm::Realm;
use std::collections::VecDeque;

/// What a client asks of the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Store a parcel; answered with [`RelaySession::published`].
    Publish {
        /// The request's number.
        number: u64,
        /// What to store.
        parcel: Parcel,
    },
    /// Give what is stored; answered with [`RelaySession::deliver`] and [`RelaySession::end`], or
    /// [`RelaySession::refuse`].
    Fetch {
        /// The request's number.
        number: u64,
        /// What to read, and from where.
        read: Read,
        /// The most parcels to give; not checked yet.
        limit: u16,
    },
    /// Give what is stored and what will be; answered as a fetch.
    Subscribe {
        /// The request's number.
        number: u64,
        /// What to read, and from where.
        read: Read,
    },
    /// End a subscription, if it is open; answered with [`RelaySession::end`].
    Unsubscribe {
        /// The number of the subscribe.
        number: u64,
    },
}

/// A lane as the relay sees it.
#[derive(Debug)]
pub struct RelaySession {
    greeting: Option<Greeting>,
    inbox: Deframer,
    last_number: u64,
    publishes: VecDeque<Publish>,
    /// Acknowledged, but not yet said: many publishes make one message.
    acknowledged: Option<u64>,
    output: Vec<u8>,
}

/// What is needed to answer the hello; taken once it is.
#[derive(Debug, Clone, Copy)]
struct Greeting {
    realm: Realm,
    log: u64,
}

/// A publish that was not answered yet.
#[derive(Debug)]
struct Publish {
    number: u64,
    state: PublishState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PublishState {
    Waiting,
    Stored,
    Refused,
}

impl RelaySession {
    /// The first lane of a connection: it begins with the hello.
    #[must_use]
    pub fn first_lane(realm: Realm, log: u64) -> Self {
        Self::new(Some(Greeting { realm, log }))
    }

    /// Any other lane.
    #[must_use]
    pub fn lane() -> Self {
        Self::new(None)
    }

    fn new(greeting: Option<Greeting>) -> Self {
        Self {
            greeting,
            inbox: Deframer::default(),
            last_number: 0,
            publishes: VecDeque::new(),
            acknowledged: None,
            output: Vec::new(),
        }
    }

    /// Whether the hello was answered.
    #[must_use]
    pub const fn is_greeted(&self) -> bool {
        self.greeting.is_none()
    }

    /// Takes in octets of the lane. They are parsed by [`RelaySession::next_request`].
    pub fn receive(&mut self, octets: &[u8]) {
        self.inbox.push(octets);
    }

    /// Reads the hello, and nothing behind it.
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_greeting(&mut self) -> Result<(), SessionError> {
        let Some(greeting) = self.greeting else { return Ok(()) };
        let Some(raw) = self.inbox.next()? else { return Ok(()) };
        if raw.message_type != HELLO {
            return Err(SessionError::OutOfPlace("a message before the hello"));
        }
        match ClientMessage::from_body(raw.message_type, &raw.body)? {
            ClientMessage::Hello(hello) => self.greet(greeting, &hello),
            _ => Err(SessionError::OutOfPlace("a message before the hello")),
        }
    }

    /// The next request; `None` when more octets are needed, or when as many publishes are unanswered
    /// as may be (spec/06-relay.md: "a relay reads no further until it has answered some").
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_request(&mut self) -> Result<Option<Request>, SessionError> {
        self.next_greeting()?;
        while self.is_greeted() && self.publishes.len() < PUBLISHES_PENDING_MAX {
            let Some(raw) = self.inbox.next()? else { return Ok(None) };
            let message = ClientMessage::from_body(raw.message_type, &raw.body);
            // A message of the relay's own types is no malformed one: it has no place here.
            if raw.message_type >= 0x80 {
                return Err(SessionError::OutOfPlace("a relay's message from a client"));
            }
            if let Some(request) = self.take(message?)? {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }

    fn take(&mut self, message: ClientMessage) -> Result<Option<Request>, SessionError> {
        match message {
            ClientMessage::Hello(_) => Err(SessionError::OutOfPlace("a second hello")),
            ClientMessage::Publish { number, parcel } => {
                self.count(number)?;
                self.publishes.push_back(Publish { number, state: PublishState::Waiting });
                Ok(Some(Request::Publish { number, parcel }))
            }
            ClientMessage::PublishOfUnknownVersion { number, .. } => {
                self.count(number)?;
                self.refuse(number, Reason::UnknownVersion);
                Ok(None)
            }
            ClientMessage::Fetch { number, read, limit } => {
                self.count(number)?;
                Ok(Some(Request::Fetch { number, read, limit }))
            }
            ClientMessage::Subscribe { number, read } => {
                self.count(number)?;
                Ok(Some(Request::Subscribe { number, read }))
            }
            ClientMessage::Unsubscribe { number } => Ok(Some(Request::Unsubscribe { number })),
            ClientMessage::Unknown { message_type, .. } => {
                RelayMessage::UnknownMessage { message_type }.put(&mut self.output);
                Ok(None)
            }
        }
    }

    fn greet(&mut self, greeting: Greeting, hello: &Hello) -> Result<(), SessionError> {
        if hello.realm != greeting.realm {
            return Err(SessionError::WrongRealm);
        }
        if !hello.versions.contains(&VERSION) {
            return Err(SessionError::NoCommonVersion);
        }
        RelayMessage::HelloAnswer { version: VERSION, log: greeting.log }.put(&mut self.output);
        self.greeting = None;
        Ok(())
    }

    /// spec/06-relay.md: "the first has number 1, each next one more".
    fn count(&mut self, number: u64) -> Result<(), SessionError> {
        if Some(number) != self.last_number.checked_add(1) {
            return Err(SessionError::OutOfPlace("a request number out of order"));
        }
        self.last_number = number;
        Ok(())
    }

    /// Answers a publish: `Ok` when it is on durable storage, and not before. Answers may come in
    /// any order; what is not waiting is passed over.
    pub fn published(&mut self, number: u64, outcome: Result<(), Reason>) {
        let Ok(index) = self.publishes.binary_search_by_key(&number, |publish| publish.number)
        else {
            return;
        };
        let Some(publish) = self.publishes.get_mut(index) else { return };
        if publish.state != PublishState::Waiting {
            return;
        }
        match outcome {
            Ok(()) => publish.state = PublishState::Stored,
            Err(reason) => {
                publish.state = PublishState::Refused;
                // Before any acknowledgement of this number: those are written only when the output
                // is taken.
                self.refuse(number, reason);
            }
        }
        while self.publishes.front().is_some_and(|first| first.state != PublishState::Waiting) {
            if let Some(Publish { number, state: PublishState::Stored }) =
                self.publishes.pop_front()
            {
                self.acknowledged = Some(number);
            }
        }
    }

    /// Refuses a request.
    pub fn refuse(&mut self, number: u64, reason: Reason) {
        RelayMessage::Refused { number, reason }.put(&mut self.output);
    }

    /// Gives out a parcel, from its octets as the log holds them, with the cursor behind it.
    pub fn deliver(&mut self, number: u64, cursor: u64, parcel: &[u8]) {
        put_parcel(&mut self.output, number, cursor, parcel);
    }

    /// Ends a fetch or a subscription.
    pub fn end(&mut self, number: u64, cursor: u64, more: bool) {
        RelayMessage::End { number, cursor, more }.put(&mut self.output);
    }

    /// Publishes that are not answered yet.
    #[must_use]
    pub fn publishes_pending(&self) -> usize {
        self.publishes.len()
    }

    /// Whether an unfinished message was received.
    #[must_use]
    pub fn has_input(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Octets waiting to be written.
    #[must_use]
    pub fn output_octets(&self) -> usize {
        self.output.len()
    }

    /// Takes what is to be written to the client.
    pub fn take_output(&mut self) -> Vec<u8> {
        if let Some(number) = self.acknowledged.take() {
            RelayMessage::Acknowledged { number }.put(&mut self.output);
        }
        std::mem::take(&mut self.output)
    }
}
