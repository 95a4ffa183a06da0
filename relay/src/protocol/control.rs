//! The control stream as the relay sees it.

use super::VERSION;
use super::client_message::ClientMessage;
use super::deframer::Deframer;
use super::error::SessionError;
use super::hello::Hello;
use super::message::{FIRST_OF_RELAYS, HELLO, LIVE};
use super::relay_message::RelayMessage;
use crate::limits::{HELLO_WAIT, MESSAGE_WAIT};
use bytes::Bytes;
use chappe_codec::realm::Realm;
use std::time::Instant;

/// The control stream as the relay sees it: the hello, its answer, and nothing else yet.
#[derive(Debug)]
pub struct ControlSession {
    realm: Realm,
    inbox: Deframer,
    state: State,
    /// When the connection began; later, when an unfinished message did.
    begun: Option<Instant>,
    output: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    AwaitsHello,
    /// The hello was given out and is being judged.
    Judged,
    Greeted,
}

impl ControlSession {
    /// A connection of this realm that began now.
    #[must_use]
    pub fn new(realm: Realm, now: Instant) -> Self {
        let (inbox, output) = (Deframer::default(), Vec::new());
        Self { realm, inbox, state: State::AwaitsHello, begun: Some(now), output }
    }

    /// Takes in octets of the stream. They are parsed by [`ControlSession::next_hello`].
    pub fn receive(&mut self, octets: Bytes) {
        self.inbox.push(octets);
    }

    /// The hello, once, when it has come: to be judged and answered with [`ControlSession::greet`].
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_hello(&mut self, now: Instant) -> Result<Option<Hello<'_>>, SessionError> {
        loop {
            let Some(frame) = self.inbox.next()? else {
                if self.is_greeted() {
                    let beginning = self.inbox.has_beginning();
                    self.begun = beginning.then(|| self.begun.unwrap_or(now));
                }
                return Ok(None);
            };
            if frame.message_type == HELLO && self.state == State::AwaitsHello {
                self.state = State::Judged;
                let hello = self.inbox.body(frame);
                return self.judge(ClientMessage::from_body(HELLO, hello)?).map(Some);
            }
            match frame.message_type {
                HELLO => return Err(SessionError::OutOfPlace("a second hello")),
                _ if !self.is_greeted() => {
                    return Err(SessionError::OutOfPlace("a message before the hello"));
                }
                0..=LIVE => return Err(SessionError::OutOfPlace("a lane's message")),
                FIRST_OF_RELAYS.. => {
                    return Err(SessionError::OutOfPlace("a relay's message from a client"));
                }
                message_type => {
                    RelayMessage::UnknownMessage { message_type }.put(&mut self.output);
                }
            }
        }
    }

    fn judge<'a>(&self, message: ClientMessage<'a>) -> Result<Hello<'a>, SessionError> {
        match message {
            ClientMessage::Hello(hello) if hello.realm != self.realm => {
                Err(SessionError::WrongRealm)
            }
            ClientMessage::Hello(hello) if !hello.versions.contains(&VERSION) => {
                Err(SessionError::NoCommonVersion)
            }
            ClientMessage::Hello(hello) => Ok(hello),
            _ => Err(SessionError::OutOfPlace("a message before the hello")),
        }
    }

    /// Answers the hello: from here on the connection counts. `log` names the relay's logs.
    pub fn greet(&mut self, log: u64) {
        self.state = State::Greeted;
        self.begun = None;
        RelayMessage::HelloAnswer { version: VERSION, log }.put(&mut self.output);
    }

    /// Whether the hello was answered.
    #[must_use]
    pub fn is_greeted(&self) -> bool {
        self.state == State::Greeted
    }

    /// When [`ControlSession::check_time`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let wait = if self.is_greeted() { MESSAGE_WAIT } else { HELLO_WAIT };
        self.begun.and_then(|begun| begun.checked_add(wait))
    }

    /// Looks at the time.
    ///
    /// # Errors
    /// [`SessionError::NoHello`], [`SessionError::TooSlow`].
    pub fn check_time(&self, now: Instant) -> Result<(), SessionError> {
        match self.deadline() {
            Some(deadline) if deadline <= now && self.is_greeted() => Err(SessionError::TooSlow),
            Some(deadline) if deadline <= now => Err(SessionError::NoHello),
            _ => Ok(()),
        }
    }

    /// The client ended its half. It "stays open as long as the connection: who ends it breaks the
    /// protocol". With this the connection is to be closed.
    #[must_use]
    pub fn end(&self) -> SessionError {
        self.inbox.end_of_control()
    }

    /// Takes what is to be written.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }
}
