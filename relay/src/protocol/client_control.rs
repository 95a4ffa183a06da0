//! The control stream as its client sees it.

use super::VERSION;
use super::client_message::ClientMessage;
use super::deframer::Deframer;
use super::error::SessionError;
use super::hello::{ConnectionRole, Hello};
use super::message::{ACKNOWLEDGED, HEARD, HELLO_ANSWER, LAST_OF_CLIENTS, UNKNOWN_MESSAGE};
use super::relay_message::RelayMessage;
use bytes::Bytes;
use chappe_codec::realm::Realm;

/// The control stream as its client sees it.
#[derive(Debug)]
pub struct ClientControl {
    inbox: Deframer,
    is_greeted: bool,
    output: Vec<u8>,
}

impl ClientControl {
    /// A connection; its hello is the first output.
    #[must_use]
    pub fn new(role: ConnectionRole, realm: Realm, certificate: &[u8], invitation: &[u8]) -> Self {
        let versions = vec![VERSION];
        let hello = Hello { role, realm, versions, certificate, invitation };
        let output = ClientMessage::Hello(hello).to_bytes();
        Self { inbox: Deframer::default(), is_greeted: false, output }
    }

    /// Takes in octets of the stream.
    pub fn receive(&mut self, octets: Bytes) {
        self.inbox.push(octets);
    }

    /// The name of the relay's logs, once, when the hello is answered: now the connection counts.
    ///
    /// # Errors
    /// [`SessionError`]: the connection is to be closed.
    pub fn next_greeting(&mut self) -> Result<Option<u64>, SessionError> {
        while let Some(frame) = self.inbox.next()? {
            match frame.message_type {
                0..=LAST_OF_CLIENTS => {
                    return Err(SessionError::OutOfPlace("a client's message from a relay"));
                }
                HELLO_ANSWER if !self.is_greeted => {
                    self.is_greeted = true;
                    match RelayMessage::from_body(HELLO_ANSWER, self.inbox.body(frame))? {
                        RelayMessage::HelloAnswer { version: VERSION, log } => {
                            return Ok(Some(log));
                        }
                        // "To a client, too, what does not fit is a `protocol_error`: […] a version it did
                        // not offer".
                        _ => {
                            return Err(SessionError::OutOfPlace("a version that was not offered"));
                        }
                    }
                }
                _ if !self.is_greeted => {
                    return Err(SessionError::OutOfPlace("a message before the hello answer"));
                }
                HELLO_ANSWER => return Err(SessionError::OutOfPlace("a second hello answer")),
                UNKNOWN_MESSAGE => {
                    RelayMessage::from_body(UNKNOWN_MESSAGE, self.inbox.body(frame))?;
                }
                ACKNOWLEDGED..=HEARD => {
                    return Err(SessionError::OutOfPlace("a lane's message"));
                }
                // What later versions say; this one needs none of it.
                _ => {}
            }
        }
        Ok(None)
    }

    /// The relay ended its half. It "stays open as long as the connection: who ends it breaks the
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
