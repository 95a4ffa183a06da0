//! What a lane's client asks, as the relay reads it.

use super::client_message::{AnyParcel, ClientMessage, Read};
use super::code::Reason;
use super::deframer::{Deframer, Frame};
use super::error::SessionError;
use super::message::{FETCH, FIRST_OF_RELAYS, LANE, LISTEN, SUBSCRIBE};
use crate::limits::MESSAGE_WAIT;
use crate::parcel::ParcelRef;
use bytes::Bytes;
use chappe_codec::precedence::Precedence;
use std::time::Instant;

/// What a lane's client asks. What it borrows lies where the network put it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// The lane begins; everything on it is of this precedence.
    Begun(Precedence),
    /// Store a parcel.
    Publish {
        /// The request's number.
        number: u64,
        /// What to store.
        parcel: ParcelRef<'a>,
    },
    /// Store a parcel, or take it on.
    Forward {
        /// The request's number.
        number: u64,
        /// Relays it may still pass.
        hops: u8,
        /// The keys of its home relays; none: this relay is one.
        homes: &'a [[u8; 32]],
        /// What to store.
        parcel: ParcelRef<'a>,
    },
    /// Give what is stored.
    Fetch {
        /// The request's number.
        number: u64,
        /// What to read.
        read: Read<'a>,
        /// Where to begin.
        cursor: u64,
        /// The most parcels to give; not checked yet.
        limit: u16,
    },
    /// Give what is stored and what will be.
    Subscribe {
        /// The request's number.
        number: u64,
        /// What to read.
        read: Read<'a>,
        /// Where to begin.
        cursor: u64,
        /// Octets of deliveries' bodies that may be sent.
        credit: u32,
    },
    /// Give what is said live.
    Listen {
        /// The request's number.
        number: u64,
        /// What to hear.
        read: Read<'a>,
        /// Whether as datagrams, where they fit.
        datagrams: bool,
    },
    /// More may be sent for a subscription.
    Credit {
        /// The number of the subscribe.
        number: u64,
        /// Octets of deliveries' bodies.
        octets: u32,
    },
    /// End a subscription or a listen, if it is open.
    Stop {
        /// Its number.
        number: u64,
    },
    /// Give this to those who listen.
    Live(ParcelRef<'a>),
    /// A request the protocol itself refuses.
    Refused {
        /// The request's number.
        number: u64,
        /// Why.
        reason: Reason,
    },
    /// Nothing to do: a live parcel nobody may be given.
    Passed,
    /// A message the relay does not know: to be answered with `unknown_message`.
    Unknown {
        /// Its type.
        message_type: u8,
    },
}

/// The client's half of a lane: octets in, requests out.
#[derive(Debug, Default)]
pub struct LaneRequests {
    inbox: Deframer,
    precedence: Option<Precedence>,
    last_number: u64,
    begun: Option<Instant>,
    /// Whether the handshake is not complete.
    is_early: bool,
    /// What waits for that.
    held: Option<Frame>,
}

impl LaneRequests {
    /// A lane of a connection whose handshake is not complete: what comes may be a repetition by
    /// somebody else. "A relay takes up nothing else before": until [`LaneRequests::complete`] fetches,
    /// subscribes and listens are given out, and from the first other message on nothing.
    #[must_use]
    pub fn early() -> Self {
        Self { is_early: true, ..Self::default() }
    }

    /// The handshake is complete.
    pub const fn complete(&mut self) {
        self.is_early = false;
    }

    /// Whether something has come that waits for the end of the handshake. Then nothing needs to be read.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Takes in what a read brought. It is parsed by [`LaneRequests::next_request`].
    pub fn receive(&mut self, octets: Bytes) {
        self.inbox.push(octets);
    }

    /// The precedence the lane began with.
    #[must_use]
    pub const fn precedence(&self) -> Option<Precedence> {
        self.precedence
    }

    /// The next request; `None` when more octets are needed. Who does not want requests for a while
    /// does not ask, and does not read the stream either.
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_request(&mut self) -> Result<Option<Request<'_>>, SessionError> {
        if self.is_early && self.is_held() {
            return Ok(None);
        }
        let frame = match self.held.take() {
            Some(frame) => frame,
            None => match self.inbox.next()? {
                Some(frame) => frame,
                None => return Ok(None),
            },
        };
        self.begun = None;
        if self.is_early && !matches!(frame.message_type, LANE | FETCH | SUBSCRIBE | LISTEN) {
            self.held = Some(frame);
            return Ok(None);
        }
        let Some(precedence) = self.precedence else { return self.begin(frame).map(Some) };
        let number = self.last_number.saturating_add(1);
        let message = ClientMessage::from_body(frame.message_type, self.inbox.body(frame));
        // A message of the relay's own types is no malformed one: it has no place here.
        if frame.message_type >= FIRST_OF_RELAYS {
            return Err(SessionError::OutOfPlace("a relay's message from a client"));
        }
        let request = match message? {
            ClientMessage::Publish(AnyParcel::Known(parcel)) => {
                numbered(parcel, precedence, number, Request::Publish { number, parcel })
            }
            ClientMessage::Live(AnyParcel::Known(parcel)) if parcel.precedence == precedence => {
                return Ok(Some(Request::Live(parcel)));
            }
            // It "is neither numbered, acknowledged nor refused".
            ClientMessage::Live(_) => return Ok(Some(Request::Passed)),
            ClientMessage::Forward { hops, homes, parcel: AnyParcel::Known(parcel) } => {
                let forward = Request::Forward { number, hops, homes, parcel };
                numbered(parcel, precedence, number, forward)
            }
            ClientMessage::Publish(AnyParcel::UnknownVersion(_))
            | ClientMessage::Forward { parcel: AnyParcel::UnknownVersion(_), .. } => {
                Request::Refused { number, reason: Reason::UnknownVersion }
            }
            ClientMessage::Fetch { read, cursor, limit } => {
                Request::Fetch { number, read, cursor, limit }
            }
            ClientMessage::Subscribe { read, cursor, credit } => {
                Request::Subscribe { number, read, cursor, credit }
            }
            ClientMessage::Listen { read, datagrams } => {
                Request::Listen { number, read, datagrams }
            }
            ClientMessage::Credit { number, octets } => {
                return Ok(Some(Request::Credit { number, octets }));
            }
            ClientMessage::Stop { number } => return Ok(Some(Request::Stop { number })),
            ClientMessage::Unknown { message_type, .. } => {
                return Ok(Some(Request::Unknown { message_type }));
            }
            ClientMessage::Hello(_) => return Err(SessionError::OutOfPlace("a second hello")),
            ClientMessage::Lane(_) => return Err(SessionError::OutOfPlace("a second lane")),
        };
        // "The first has number 1, each next one more. The number is not sent; both ends count."
        self.last_number = number;
        Ok(Some(request))
    }

    fn begin(&mut self, frame: Frame) -> Result<Request<'static>, SessionError> {
        if frame.message_type != LANE {
            return Err(SessionError::OutOfPlace("a message before the lane"));
        }
        match ClientMessage::from_body(LANE, self.inbox.body(frame))? {
            ClientMessage::Lane(precedence) => {
                self.precedence = Some(precedence);
                Ok(Request::Begun(precedence))
            }
            _ => Err(SessionError::OutOfPlace("a message before the lane")),
        }
    }

    /// More octets are awaited from now on: if a message is begun it has its time to end.
    pub fn wait(&mut self, now: Instant) {
        let has_beginning = self.inbox.has_beginning();
        self.begun = has_beginning.then(|| self.begun.unwrap_or(now));
    }

    /// Nothing is read for a while: what is begun cannot end, and is not to blame.
    pub const fn pause(&mut self) {
        self.begun = None;
    }

    /// When [`LaneRequests::check_time`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.begun.and_then(|begun| begun.checked_add(MESSAGE_WAIT))
    }

    /// Looks at the time.
    ///
    /// # Errors
    /// [`SessionError::TooSlow`].
    pub fn check_time(&self, now: Instant) -> Result<(), SessionError> {
        match self.deadline() {
            Some(deadline) if deadline <= now => Err(SessionError::TooSlow),
            _ => Ok(()),
        }
    }

    /// The client ended its half.
    ///
    /// # Errors
    /// [`SessionError::Malformed`] when a message is cut off by it.
    pub fn end(&self) -> Result<(), SessionError> {
        self.inbox.end()
    }
}

/// A datagram as the relay reads it: "A datagram is one message", and that a `live`.
///
/// # Errors
/// [`SessionError`]: the connection is to be closed.
pub fn live_datagram(octets: &[u8]) -> Result<Option<ParcelRef<'_>>, SessionError> {
    match ClientMessage::parse(octets) {
        Ok(ClientMessage::Live(AnyParcel::Known(parcel))) => Ok(Some(parcel)),
        Ok(ClientMessage::Live(AnyParcel::UnknownVersion(_)) | ClientMessage::Unknown { .. }) => {
            Ok(None)
        }
        Ok(_) => Err(SessionError::OutOfPlace("a message in a datagram")),
        Err(_) if octets.first().is_some_and(|first| *first >= FIRST_OF_RELAYS) => {
            Err(SessionError::OutOfPlace("a relay's message from a client"))
        }
        Err(error) => Err(error.into()),
    }
}

/// "A parcel whose precedence is not its lane's is refused with `wrong_precedence`."
fn numbered<'a>(
    parcel: ParcelRef<'_>,
    precedence: Precedence,
    number: u64,
    request: Request<'a>,
) -> Request<'a> {
    if parcel.precedence == precedence {
        request
    } else {
        Request::Refused { number, reason: Reason::WrongPrecedence }
    }
}
